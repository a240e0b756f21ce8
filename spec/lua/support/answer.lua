-- Reading HTTP answers from a stream.
local answer = {}

local function head_of(text)
  local lines = {}
  for line in text:gmatch "(.-)\r\n" do
    lines[#lines + 1] = line
  end
  local status, reason = lines[1]:match "^HTTP/1%.[01] (%d%d%d) ?(.*)$"
  assert(status, "no status line: " .. lines[1])
  local headers = {}
  for i = 2, #lines do
    local name, value = lines[i]:match "^([^:]+):%s*(.-)%s*$"
    if name then
      name = name:lower()
      headers[name] = headers[name] and headers[name] .. ", " .. value or value
    end
  end
  return { status = tonumber(status), reason = reason, headers = headers }
end

-- The body in pieces at the beginning of input, and what follows it; nil when it is not complete.
local function chunked(input)
  local pieces, at = {}, 1
  while true do
    local first, last, digits = input:find("^(%x+)[^\r\n]*\r\n", at)
    if not first then
      return nil
    end
    local length = tonumber(digits, 16)
    if #input < last + length + 2 then
      return nil
    end
    if length == 0 then
      return table.concat(pieces), input:sub(last + 3), #pieces
    end
    pieces[#pieces + 1] = input:sub(last + 1, last + length)
    at = last + length + 3
  end
end

local function body_of(got, rest, ended, method)
  local status, length = got.status, tonumber(got.headers["content-length"])
  if method == "HEAD" or status == 204 or status == 304 or status == 101 then
    return "", rest
  elseif got.headers["transfer-encoding"] == "chunked" then
    local body, after, pieces = chunked(rest)
    got.pieces = pieces
    return body, after
  elseif length then
    if #rest >= length then
      return rest:sub(1, length), rest:sub(length + 1)
    end
  elseif ended then
    return rest, ""
  end
end

-- The next complete answer of the stream, taken out: { status, reason, headers, body }; nil if
-- there is none.
function answer.take(stream, method)
  local head_end = select(2, stream.input:find("\r\n\r\n", 1, true))
  if not head_end then
    return nil
  end
  local got = head_of(stream.input:sub(1, head_end - 2))
  local body, rest = body_of(got, stream.input:sub(head_end + 1), stream.closed, method)
  if body == nil then
    return nil
  end
  got.body = body
  stream.input = rest
  return got
end

-- The text of a request; options: headers, body.
function answer.request(method, path, options)
  options = options or {}
  local lines = { ("%s %s HTTP/1.1"):format(method, path), "Host: localhost" }
  for name, value in pairs(options.headers or {}) do
    lines[#lines + 1] = name .. ": " .. value
  end
  if options.body then
    lines[#lines + 1] = "Content-Length: " .. #options.body
  end
  return table.concat(lines, "\r\n") .. "\r\n\r\n" .. (options.body or "")
end

return answer
