--- The cookie that carries a session's id, for proxies that send a client to the same server again:
-- its options, and what the core sends of it.

local kinds = require("socketio.kinds")

local cookie = {}

local function token(value)
  local ok = type(value) == "string" and value:find("^[%w!#$%%&'*+.^_`|~-]+$") ~= nil
  return ok, "name of a cookie"
end

-- The rules of npm's cookie: no control characters, ";" or "<" in a path; labels in a domain.
local function path(value)
  return value == false or type(value) == "string" and not value:find("[^ -:=-~]"), "path or false"
end

local function is_label(text)
  return #text <= 63 and text:find("^%w[%w-]*$") ~= nil and text:sub(-1) ~= "-"
end

local function domain(value)
  local ok = type(value) == "string" and not value:find("%.%.") and value:sub(-1) ~= "."
  for label in (ok and value:gsub("^%.", "") or ""):gmatch("[^.]+") do
    ok = ok and is_label(label)
  end
  return value == false or ok, "domain or false"
end

local function finite(value)
  return type(value) == "number" and value == value and math.abs(value) < math.huge, "number"
end

local function word(...)
  local words = {}
  for _, one in ipairs({ ... }) do
    words[one] = true
  end
  local expected = '"' .. table.concat({ ... }, '", "') .. '"'
  return function(value)
    return type(value) == "string" and words[value:lower()] or false, expected
  end
end

local same_site = word("lax", "strict", "none")

--- Name to { default, kind }.
cookie.known = {
  name = { "io", token },
  path = { "/", path },
  domain = { nil, domain },
  encode = { nil, kinds.callable }, -- (id) -> the value; may not wait
  expires = { nil, finite }, -- as os.time gives it
  maxAge = { nil, finite },
  secure = { false, kinds.boolean },
  httpOnly = { true, kinds.boolean },
  partitioned = { false, kinds.boolean },
  priority = { nil, word("low", "medium", "high") },
  sameSite = {
    "lax",
    function(value)
      local ok, expected = same_site(value)
      return ok or type(value) == "boolean", expected .. " or boolean"
    end,
  },
}

local function capital(text)
  return text:sub(1, 1):upper() .. text:sub(2):lower()
end

--- What encode made of an id, as the value of a cookie; an error for what cannot be one.
function cookie.value(encode, id)
  local value = encode(id)
  local bare = type(value) == "string" and (value:match('^"(.*)"$') or value)
  if not bare or bare:find("[^!-~]") or bare:find('[",;\\]') then
    error(("cookie.encode returned %s, which cannot be the value of a cookie"):format(
      type(value) == "string" and ("%q"):format(value) or type(value)), 0)
  end
  return value
end

--- What follows the value, in the order of the reference; all are checked options.
function cookie.attributes(all)
  local parts = {}
  local function add(condition, text, ...)
    if condition then
      parts[#parts + 1] = "; " .. text:format(...)
    end
  end
  local same = all.sameSite == true and "strict" or all.sameSite
  add(all.maxAge, "Max-Age=%d", math.floor(all.maxAge or 0))
  add(all.domain and all.domain ~= "", "Domain=%s", all.domain)
  add(all.path and all.path ~= "", "Path=%s", all.path)
  local expires = math.floor(all.expires or 0)
  add(all.expires, "Expires=%s", os.date("!%a, %d %b %Y %H:%M:%S GMT", expires))
  add(all.httpOnly, "HttpOnly")
  add(all.secure, "Secure")
  add(all.partitioned, "Partitioned")
  add(all.priority, "Priority=%s", all.priority and capital(all.priority))
  add(same, "SameSite=%s", same and capital(same))
  return table.concat(parts)
end

return cookie
