--- The broadcast operator: whom an emit reaches, and how. Immutable: each step makes a new one.
--
-- Private fields: _nsp, _rooms and _except (lists of names), _flags.

local answers = require("socketio.answers")
local core = require("socketio.core")
local check = require("socketio.check")
local emitting = require("socketio.emitting")
local object = require("socketio.object")
local tasks = require("socketio.tasks")

local EVENT = 2 -- the packet's type

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

local NONE = emitting.none

-- Adapters may change what they are told.
local function own(list)
  return list ~= NONE and list or {}
end

-- What the adapter is told: whom, and how.
local function opts_of(self)
  return { rooms = own(self._rooms), except = own(self._except), flags = own(self._flags) }
end

local function packet_of(...)
  return { type = EVENT, data = table.pack(...) }
end

local function send(self, ...)
  local nsp = self._nsp
  local adapter = nsp.adapter
  if nsp._is_plain and not rawget(adapter, "broadcast") then
    emitting.broadcast(nsp, self._rooms, self._except, self._flags, nil, ...)
  else
    adapter:broadcast(packet_of(...), opts_of(self))
  end
end

local function send_with_answers(self, answered, ...)
  answers.collect(self._nsp, packet_of(...), opts_of(self), answered)
end

--- Sends an event. A function as the last argument gets (err, answers): a list of what the clients
-- acknowledged. Returns true.
function Operator:emit(event, ...)
  emitting.check_event("emit", event)
  local last = select(-1, event, ...)
  if type(last) == "function" then
    send_with_answers(self, last, event, emitting.all_but_last(select("#", ...), ...))
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

-- Returns what ask() gives, after waiting for it; with fn, calls fn(err, result) instead.
local function give(self, method, fn, ask)
  if fn == nil then
    return ask()
  end
  fn = check.fn(1, method, fn)
  tasks.run(self._nsp, "handler", method, function()
    local result, err = ask()
    fn(err, result)
  end)
end

--- The sockets reached, a list, or nil and an error; with fn, calls fn(err, list).
function Operator:fetchSockets(fn)
  return give(self, "fetchSockets", fn, function()
    local found, err = self._nsp.adapter:fetchSockets(opts_of(self))
    if not found then
      return nil, err
    end
    local sockets = core.array({})
    for i, socket in ipairs(found) do
      sockets[i] = self._nsp:_known(socket)
    end
    return sockets
  end)
end

--- Their ids, a set, or nil and an error; with fn, calls fn(err, set).
function Operator:allSockets(fn)
  return give(self, "allSockets", fn, function()
    return self._nsp.adapter:sockets(opts_of(self))
  end)
end

--- Makes them join a room, or each of a list.
function Operator:socketsJoin(rooms)
  self._nsp.adapter:addSockets(opts_of(self), check.rooms(1, "socketsJoin", rooms))
end

function Operator:socketsLeave(rooms)
  self._nsp.adapter:delSockets(opts_of(self), check.rooms(1, "socketsLeave", rooms))
end

--- Disconnects them; with close, closes their connections.
function Operator:disconnectSockets(close)
  self._nsp.adapter:disconnectSockets(opts_of(self), close and true or false)
end

meta = object.brief_class("socketio.BroadcastOperator", Operator, getters)

-- === The same on a namespace =================================================================

--- The methods and properties that a namespace forwards to a new operator for everybody.
operator.methods = Operator
operator.getters = getters

return operator
