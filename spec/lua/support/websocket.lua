-- Engine.IO over WebSocket, the client's side. Frames are masked with zeros, which leaves them as
-- they are.
local answer = require "support.answer"

local TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

local Transport = {}
Transport.__index = Transport

local websocket = { name = "websocket" }

-- Asks for it on a stream; what comes goes to on_packet(text or nil, bytes or nil).
function websocket.open(stream, path, headers, on_packet)
  local all = {
    Upgrade = "websocket",
    Connection = "Upgrade",
    ["Sec-WebSocket-Key"] = "MDEyMzQ1Njc4OWFiY2RlZg==",
    ["Sec-WebSocket-Version"] = "13",
  }
  for name, value in pairs(headers or {}) do
    all[name] = value
  end
  stream:send(answer.request("GET", path, { headers = all }))
  return setmetatable({ stream = stream, on_packet = on_packet, pongs = 0 }, Transport)
end

local function frame(opcode, payload)
  local n = #payload
  local head = string.char(0x80 | opcode)
  if n < 126 then
    head = head .. string.char(0x80 | n)
  elseif n < 65536 then
    head = head .. string.pack(">BI2", 0x80 | 126, n)
  else
    head = head .. string.pack(">BI8", 0x80 | 127, n)
  end
  return head .. "\0\0\0\0" .. payload
end

-- The opcode and payload of the next frame, and where it ends; nil when it is not complete.
local function parse(input)
  if #input < 2 then
    return nil
  end
  local first, second = input:byte(1, 2)
  local length, at = second & 127, 3
  if length == 126 then
    if #input < 4 then
      return nil
    end
    length, at = string.unpack(">I2", input, 3)
  elseif length == 127 then
    if #input < 10 then
      return nil
    end
    length, at = string.unpack(">I8", input, 3)
  end
  if #input < at + length - 1 then
    return nil
  end
  return first & 15, input:sub(at, at + length - 1), at + length
end

local function handle(self, opcode, payload)
  if opcode == TEXT then
    self.on_packet(payload)
  elseif opcode == BINARY then
    self.on_packet(nil, payload)
  elseif opcode == PING then
    self.stream:send(frame(PONG, payload))
  elseif opcode == PONG then
    self.pongs = self.pongs + 1
  elseif opcode == CLOSE then
    self.close_code = #payload >= 2 and string.unpack(">I2", payload) or 1005
    self:close()
  end
end

-- Handles what has come.
function Transport:pump()
  if not self.answer then
    self.answer = answer.take(self.stream)
    if not self.answer then
      return
    end
    self.refused = self.answer.status ~= 101
  end
  if self.refused then
    return
  end
  local opcode, payload, at = parse(self.stream.input)
  while opcode do
    self.stream.input = self.stream.input:sub(at)
    handle(self, opcode, payload)
    opcode, payload, at = parse(self.stream.input)
  end
end

function Transport:send(text)
  self.stream:send(frame(TEXT, text))
end

function Transport:send_binary(bytes)
  self.stream:send(frame(BINARY, bytes))
end

-- Asks for a sign of life. It comes after all that the server has sent so far.
function Transport:ping()
  self.stream:send(frame(PING, "?"))
end

function Transport:is_closed()
  return self.stream.closed
end

function Transport:close()
  if not self.stream.closed then
    self.stream:send(frame(CLOSE, ""))
    self.stream:close()
  end
end

function Transport:streams()
  return { self.stream }
end

return websocket
