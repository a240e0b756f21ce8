--- A socket of another server of the cluster, as fetchSockets gives it: what it was at that moment,
-- and the calls that reach it wherever it is.
-- Private fields: _operator (reaches it alone), _answered (an operator that waits for its answer).

local core = require("socketio.core")
local check = require("socketio.check")
local emitting = require("socketio.emitting")
local object = require("socketio.object")
local operator = require("socketio.broadcast")

local Remote = {}

-- The answer of the one client: nil for null, as with a socket.
local function only(list)
  local answer = list and list[1]
  if answer == core.null then
    return nil
  end
  return answer
end

--- Sends an event. A function as the last argument gets (err, answer). Returns true.
function Remote:emit(event, ...)
  local n = select("#", ...)
  local last = n > 0 and select(n, ...)
  if type(last) ~= "function" then
    return self._operator:emit(event, ...)
  end
  local args = table.pack(event, ...)
  args[args.n] = function(err, list)
    last(err, only(list))
  end
  return self._operator:emit(table.unpack(args, 1, args.n))
end

--- Sends an event and waits for the answer: its first value, or nil and an error. With a function
-- as the last argument does not wait: that gets (err, answer).
function Remote:emitWithAck(event, ...)
  return emitting.with_answer("emitWithAck", function(answered, ...)
    local args = table.pack(event, ...)
    args.n = args.n + 1
    args[args.n] = answered
    Remote.emit(self, table.unpack(args, 1, args.n))
  end, ...)
end

--- This socket, whose next answers are waited for ms milliseconds.
function Remote:timeout(ms)
  local copy = setmetatable({}, getmetatable(self))
  for _, name in ipairs({ "id", "handshake", "rooms", "data" }) do
    copy[name] = rawget(self, name)
  end
  rawset(copy, "_operator", self._operator:timeout(check.ms(1, "timeout", ms)))
  return copy
end

--- Makes it join a room, or each of a list.
function Remote:join(rooms)
  self._operator:socketsJoin(rooms)
end

function Remote:leave(rooms)
  self._operator:socketsLeave(rooms)
end

--- Disconnects it; with close, closes its connection. Returns the socket.
function Remote:disconnect(close)
  self._operator:disconnectSockets(close)
  return self
end

local meta = object.class("socketio.RemoteSocket", Remote)

local remote = {}

--- The socket in nsp that details, { id, handshake, rooms = list, data }, tell of.
function remote.new(nsp, details)
  local rooms = {}
  for _, room in ipairs(details.rooms or {}) do
    rooms[room] = true
  end
  return setmetatable({
    id = details.id,
    handshake = details.handshake,
    rooms = rooms,
    data = details.data,
    _operator = operator.new(nsp, { details.id }, {}, { expectSingleResponse = true }),
  }, meta)
end

return remote
