-- A connection of a test's client: never waits, so that the server in the same Lua state can
-- answer.
local socket = require "socket"

local Stream = {}
Stream.__index = Stream

local stream = {}

-- To a port of 127.0.0.1, or to the unix socket of that path.
function stream.connect(where)
  local peer
  if type(where) == "number" then
    peer = assert(socket.tcp())
    peer:settimeout(5)
    assert(peer:connect("127.0.0.1", where))
    peer:setoption("tcp-nodelay", true)
  else
    peer = assert(require("socket.unix")())
    peer:settimeout(5)
    assert(peer:connect(where))
  end
  peer:settimeout(0)
  return setmetatable({ peer = peer, input = "", output = "", closed = false }, Stream)
end

function Stream:getfd()
  return self.peer:getfd()
end

function Stream:send(bytes)
  self.output = self.output .. bytes
  self:pump()
end

-- Writes and reads what goes without waiting; true if something came, the end included.
function Stream:pump()
  if self.closed then
    return false
  end
  if self.output ~= "" then
    local _, err, sent = self.peer:send(self.output)
    self.output = self.output:sub((err and sent or #self.output) + 1)
  end
  if self.deaf then
    return false
  end
  local came = false
  repeat
    local bytes, err, partial = self.peer:receive(65536)
    bytes = bytes or partial
    if bytes and bytes ~= "" then
      self.input = self.input .. bytes
      came = true
    end
    if err and err ~= "timeout" then
      self.closed = true
      self.peer:close()
      return true
    end
  until err
  return came
end

-- The next n bytes of what came, taken out; nil when there are fewer.
function Stream:take(n)
  if #self.input < n then
    return nil
  end
  local bytes = self.input:sub(1, n)
  self.input = self.input:sub(n + 1)
  return bytes
end

function Stream:close()
  if not self.closed then
    self.closed = true
    self.peer:close()
  end
end

-- As close, but the server gets a reset.
function Stream:reset()
  self.peer:setoption("linger", { on = true, timeout = 0 })
  self:close()
end

return stream
