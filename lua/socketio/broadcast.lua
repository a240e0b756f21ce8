--- The broadcast operator: whom an emit reaches, and how. Immutable: each step makes a new one.
--
-- Private fields: _nsp, _rooms and _except (lists of names), _flags.

local core = require("socketio.core")
local check = require("socketio.check")
local emitting = require("socketio.emitting")
local object = require("socketio.object")
local tasks = require("socketio.tasks")

local Operator, getters = {}, {}
local meta

local operator = {}

--- Everybody of nsp in one of rooms (none: in the namespace) and in none of except.
function operator.new(nsp, rooms, except, flags)
  return setmetatable({ _nsp = nsp, _rooms = rooms, _except = except, _flags = flags }, meta)
end

local function extended(list, more)
  return table.move(more, 1, #more, #list + 1, table.move(list, 1, #list, 1, {}))
end

local function with_flag(self, name, value)
  local flags = { [name] = value }
  for key, old in pairs(self._flags) do
    if flags[key] == nil then
      flags[key] = old
    end
  end
  return operator.new(self._nsp, self._rooms, self._except, flags)
end

-- === Whom, and how ===========================================================================

function Operator:to(rooms)
  return operator.new(self._nsp, extended(self._rooms, check.rooms(1, "to", rooms)), self._except,
    self._flags)
end

function Operator:in_(rooms)
  return operator.new(self._nsp, extended(self._rooms, check.rooms(1, "in_", rooms)), self._except,
    self._flags)
end

Operator["in"] = Operator.in_

function Operator:except(rooms)
  local except = extended(self._except, check.rooms(1, "except", rooms))
  return operator.new(self._nsp, self._rooms, except, self._flags)
end

--- compress(false): the packet is not worth compressing.
function Operator:compress(compress)
  return with_flag(self, "compress", compress ~= false)
end

--- How long (ms) acknowledgements are waited for.
function Operator:timeout(ms)
  return with_flag(self, "timeout", check.ms(1, "timeout", ms))
end

--- Clients that are not ready to receive may miss it.
function getters:volatile()
  return with_flag(self, "volatile", true)
end

--- Only clients of this process.
function getters:local_()
  return with_flag(self, "local", true)
end

getters["local"] = getters.local_

-- === Sending =================================================================================

local function targets(self)
  return self._nsp._handle:select(self._rooms, self._except)
end

-- Sends to everybody reached; id is that of the acknowledgements asked for, or nil.
local function publish(self, id, ...)
  local flags = self._flags
  local problem = self._nsp._handle:broadcast(self._rooms, self._except, flags.volatile,
    flags.compress, id, ...)
  if problem then
    check.raise(problem)
  end
end

local function send(self, event, ...)
  publish(self, nil, event, ...)
  if self._nsp._outgoing > 0 then
    self._nsp:_tell_outgoing(targets(self), event, ...)
  end
end

-- Emits and collects the first value of each client's answer; answered(err, answers) is called
-- when all have answered, or the time is over. Without a timeout, a client that leaves is no
-- longer waited for.
local function send_with_answers(self, answered, event, ...)
  local sockets, answers = targets(self), core.array({})
  local id, missing, timer = self._nsp._handle:nextId(), #sockets, nil
  local function finish(err)
    if timer then
      timer:stop()
    end
    missing = -1
    answered(err, answers)
  end
  local function one_less()
    missing = missing - 1
    if missing == 0 then
      finish(nil)
    end
  end
  publish(self, id, event, ...)
  for _, socket in ipairs(sockets) do
    self._nsp:_expect(socket, id, function(answer)
      if missing > 0 then
        answers[#answers + 1] = answer == nil and core.null or answer
        one_less()
      end
    end, not self._flags.timeout and one_less or nil)
  end
  if missing == 0 then
    tasks.run(self._nsp, "acknowledgement", event, finish, nil)
  elseif self._flags.timeout then
    timer = core.timer(function()
      self._nsp:_forget(sockets, id)
      tasks.run(self._nsp, "acknowledgement", event, finish, emitting.TIMEOUT)
    end, self._flags.timeout, false)
  end
  if self._nsp._outgoing > 0 then
    self._nsp:_tell_outgoing(sockets, event, ...)
  end
end

--- Sends an event. A function as the last argument gets (err, answers): a list of what the clients
-- acknowledged. Returns true.
function Operator:emit(event, ...)
  emitting.check_event("emit", event)
  local n = select("#", ...)
  local last = n > 0 and select(n, ...)
  if type(last) == "function" then
    send_with_answers(self, last, event, emitting.all_but_last(n, ...))
  else
    send(self, event, ...)
  end
  return true
end

function Operator:send(...)
  Operator.emit(self, "message", ...)
  return self
end

Operator.write = Operator.send

--- Sends an event and waits for the answers: a list, or nil, an error and the answers so far. With
-- a function as the last argument does not wait: that gets (err, answers).
function Operator:emitWithAck(event, ...)
  emitting.check_event("emitWithAck", event)
  return emitting.with_answer("emitWithAck", function(answered, ...)
    send_with_answers(self, answered, event, ...)
  end, ...)
end

-- === The sockets themselves ==================================================================

local function give(result, fn, method)
  if fn == nil then
    return result
  end
  check.fn(1, method, fn)(nil, result)
end

--- The sockets reached, a list; with fn, calls fn(err, list).
function Operator:fetchSockets(fn)
  return give(core.array(targets(self)), fn, "fetchSockets")
end

--- Their ids, a set; with fn, calls fn(err, set).
function Operator:allSockets(fn)
  local ids = {}
  for _, socket in ipairs(targets(self)) do
    ids[socket.id] = true
  end
  return give(ids, fn, "allSockets")
end

--- Makes them join a room, or each of a list.
function Operator:socketsJoin(rooms)
  local names = check.rooms(1, "socketsJoin", rooms)
  for _, socket in ipairs(targets(self)) do
    socket:join(names)
  end
end

function Operator:socketsLeave(rooms)
  local names = check.rooms(1, "socketsLeave", rooms)
  for _, socket in ipairs(targets(self)) do
    socket:leave(names)
  end
end

--- Disconnects them; with close, closes their connections.
function Operator:disconnectSockets(close)
  for _, socket in ipairs(targets(self)) do
    socket:disconnect(close)
  end
end

meta = object.class("socketio.BroadcastOperator", Operator, getters)

-- === The same on a namespace =================================================================

--- The methods and properties that a namespace forwards to a new operator for everybody.
operator.methods = Operator
operator.getters = getters

return operator
