--- A socket: one client in one namespace.
-- Private fields: _handle (the core's), _auth (what the client sent along), _acks (id to the
-- function that waits for it), _flags (of the next emit), _any, _anyOutgoing and _uses (listeners
-- and middlewares), _gone (id to the function to call if the client leaves before it answers).

local core = require("socketio.core")
local chain = require("socketio.chain")
local check = require("socketio.check")
local emitting = require("socketio.emitting")
local events = require("socketio.events")
local object = require("socketio.object")
local operator = require("socketio.broadcast")
local tasks = require("socketio.tasks")

local DATE = "!%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)" -- as JavaScript

local EVENT = 2 -- the packet's type

-- Reasons that leave the client in doubt, so that it may come back for its state.
local RECOVERABLE = {
  ["transport error"] = true,
  ["transport close"] = true,
  ["forced close"] = true,
  ["ping timeout"] = true,
  ["server shutting down"] = true,
  ["forced server close"] = true,
}

local Socket, getters = {}, {}

local function flags_of(self)
  local flags = rawget(self, "_flags")
  if not flags then
    flags = {}
    rawset(self, "_flags", flags)
  end
  return flags
end

-- The flags of the next emit, used up by this call.
local function take_flags(self)
  local flags = rawget(self, "_flags")
  if flags then
    rawset(self, "_flags", nil)
  end
  return flags or emitting.none
end

-- === Fields ==================================================================================

function getters:connected()
  return self._handle:state() == "connected"
end

function getters:disconnected()
  return self._handle:state() ~= "connected"
end

--- The names of its rooms: a table that stays up to date, name to true.
function getters:rooms()
  local rooms = self._handle:rooms()
  rawset(self, "rooms", rooms)
  return rooms
end

function getters:conn()
  return self._handle:conn()
end

--- The client behind the socket: its connection.
function getters:client()
  local client = { conn = self.conn, id = self.conn.id, request = self.request }
  rawset(self, "client", client)
  return client
end

function getters:request()
  return self._handle:conn().request
end

--- For whatever the application wants to keep with it.
function getters:data()
  local data = {}
  rawset(self, "data", data)
  return data
end

--- Was the state of an earlier connection restored? Then joining has set the field.
function getters.recovered()
  return false
end

--- What the client said when it connected.
function getters:handshake()
  local request, issued = self.request, self._handle:issued()
  local handshake = {
    headers = request.headers,
    time = os.date(DATE, issued // 1000),
    issued = issued,
    address = request.remoteAddress,
    xdomain = request.headers.origin ~= nil,
    secure = request.secure,
    url = request.url,
    query = request.query,
    auth = rawget(self, "_auth") or {},
  }
  rawset(self, "handshake", handshake)
  return handshake
end

--- Flags: they apply to the next emit.
function getters:volatile()
  flags_of(self).volatile = true
  return self
end

getters["local_"] = function(self)
  return operator.new(self.nsp, {}, { self.id }, take_flags(self)).local_
end
getters["local"] = getters.local_

--- Everybody in the namespace but this socket.
function getters:broadcast()
  return operator.new(self.nsp, {}, { self.id }, take_flags(self))
end

function Socket:compress(compress)
  flags_of(self).compress = compress ~= false
  return self
end

function Socket:timeout(ms)
  flags_of(self).timeout = check.ms(1, "timeout", ms)
  return self
end

-- === Sending =================================================================================

-- Registers what is called with the answer to the event of that id.
local function await_answer(self, id, answered, timeout)
  local acks = rawget(self, "_acks")
  if not acks then
    acks = {}
    rawset(self, "_acks", acks)
  end
  if not timeout then
    acks[id] = answered
    return
  end
  local timer = core.timer(function()
    if self._acks then
      self._acks[id] = nil
    end
    tasks.run(self, "acknowledgement", nil, answered, emitting.TIMEOUT)
  end, timeout, false)
  acks[id] = function(...)
    timer:stop()
    answered(nil, ...)
  end
end

local function tell_outgoing(self, ...)
  local listeners = self._anyOutgoing
  if listeners then
    for i = 1, #listeners do
      tasks.run(self, "handler", ..., listeners[i], ...)
    end
  end
end

local function send_now(self, flags, id, event, ...)
  local problem = self._handle:emit(flags.volatile, flags.compress, id, event, ...)
  if problem then
    check.raise(problem)
  end
  tell_outgoing(self, event, ...)
end

-- Through the adapter, which keeps it for a client that loses its connection.
local function send_recoverably(self, flags, id, ...)
  self.nsp.adapter:broadcast({ type = EVENT, id = id, data = table.pack(...) }, {
    rooms = { self.id },
    except = {},
    flags = flags,
  })
end

-- Emits; answered, if given, gets the answer: (err, ...) with a timeout, (...) without.
local function send(self, flags, answered, event, ...)
  local handle = self._handle
  local id = answered and self.nsp._handle:nextId() or nil
  -- A socket that has left the room of its id is still sent to, though that is not kept.
  if self._pid and handle:state() == "connected" and handle:isIn(self.id) then
    send_recoverably(self, flags, id, event, ...)
  else
    send_now(self, flags, id, event, ...)
  end
  if answered then
    await_answer(self, id, answered, flags.timeout)
  end
end

--- Sends an event. A function as the last argument gets the client's acknowledgement; after
-- timeout(ms) it gets (err, ...). Returns true. Raises for a reserved name and for a value that
-- cannot be sent.
local function emit(self, event, ...)
  emitting.check_event("emit", event)
  local flags = take_flags(self)
  local n = select("#", ...)
  local last = n > 0 and select(n, ...)
  if type(last) == "function" then
    send(self, flags, last, event, emitting.all_but_last(n, ...))
  else
    send(self, flags, nil, event, ...)
  end
  return true
end

--- emit, which takes the short way through the core where it can.
function getters:emit()
  local bound = self._pid and core.bind(self, emit) or self._handle:emitter(self, emit)
  rawset(self, "emit", bound)
  return bound
end

function Socket:send(...)
  emit(self, "message", ...)
  return self
end

Socket.write = Socket.send

--- Sends an event and waits for the answer: its first value, or nil and an error after timeout(ms).
-- With a function as the last argument does not wait: that gets (err, answer).
function Socket:emitWithAck(event, ...)
  emitting.check_event("emitWithAck", event)
  local flags = take_flags(self)
  return emitting.with_answer("emitWithAck", function(answered, ...)
    local function with_error(err, answer)
      answered(err, answer)
    end
    local function plain(answer)
      answered(nil, answer)
    end
    send(self, flags, flags.timeout and with_error or plain, event, ...)
  end, ...)
end

-- === Rooms ===================================================================================

--- Joins a room, or each of a list.
function Socket:join(rooms)
  self.nsp.adapter:addAll(self.id, check.rooms(1, "join", rooms))
end

function Socket:leave(room)
  for _, name in ipairs(check.rooms(1, "leave", room)) do
    self.nsp.adapter:del(self.id, name)
  end
end

function Socket:to(rooms)
  return operator.new(self.nsp, check.rooms(1, "to", rooms), { self.id }, take_flags(self))
end

function Socket:in_(rooms)
  return operator.new(self.nsp, check.rooms(1, "in_", rooms), { self.id }, take_flags(self))
end

Socket["in"] = Socket.in_

function Socket:except(rooms)
  local except = check.rooms(1, "except", rooms)
  except[#except + 1] = self.id
  return operator.new(self.nsp, {}, except, take_flags(self))
end

-- === Catch-all listeners and middlewares =====================================================

local function set_any(self, key, list)
  rawset(self, key, list)
  self._handle:listen(self._any or self._uses, self._anyOutgoing)
  return self
end

local function add_any(self, key, method, fn, first)
  local old = self[key] or {}
  local list = table.move(old, 1, #old, 1, {})
  table.insert(list, first and 1 or #list + 1, check.fn(1, method, fn))
  return set_any(self, key, list)
end

local function remove_any(self, key, fn)
  local list = {}
  local removed = false
  for _, listener in ipairs(self[key] or {}) do
    if fn ~= nil and (listener ~= fn or removed) then
      list[#list + 1] = listener
    else
      removed = true
    end
  end
  return set_any(self, key, #list > 0 and list or nil)
end

local function list_any(self, key)
  return core.array(table.move(self[key] or {}, 1, #(self[key] or {}), 1, {}))
end

--- fn(event, ...) for every event that comes in, before its listeners.
function Socket:onAny(fn)
  return add_any(self, "_any", "onAny", fn)
end

function Socket:prependAny(fn)
  return add_any(self, "_any", "prependAny", fn, true)
end

--- Removes one of them, or all.
function Socket:offAny(fn)
  return remove_any(self, "_any", fn)
end

function Socket:listenersAny()
  return list_any(self, "_any")
end

-- The namespace counts who listens to broadcasts, so that others cost nothing.
local function count_outgoing(self, before)
  local delta = (self._anyOutgoing and 1 or 0) - (before and 1 or 0)
  self.nsp._outgoing = self.nsp._outgoing + delta
  return self
end

--- fn(event, ...) for every event that goes out to this client, broadcasts included.
function Socket:onAnyOutgoing(fn)
  local before = self._anyOutgoing
  add_any(self, "_anyOutgoing", "onAnyOutgoing", fn)
  return count_outgoing(self, before)
end

function Socket:prependAnyOutgoing(fn)
  local before = self._anyOutgoing
  add_any(self, "_anyOutgoing", "prependAnyOutgoing", fn, true)
  return count_outgoing(self, before)
end

function Socket:offAnyOutgoing(fn)
  local before = self._anyOutgoing
  remove_any(self, "_anyOutgoing", fn)
  return count_outgoing(self, before)
end

function Socket:listenersAnyOutgoing()
  return list_any(self, "_anyOutgoing")
end

--- fn(event, next) for every event that comes in; event is { name, ..., n = count }. next(err)
-- drops it, and err goes to the listeners of "error".
function Socket:use(fn)
  return add_any(self, "_uses", "use", fn)
end

-- === Life ====================================================================================

--- Leaves the namespace; with close, all namespaces, and closes the connection.
function Socket:disconnect(close)
  self._handle:disconnect(close)
  return self
end

-- === What the core tells =====================================================================

local socket = {}

--- The socket of a client that wants to join nsp; auth is what it sent along, or nil. Most are idle
-- most of the time: what can be made when it is asked for is no field.
function socket.new(nsp, handle, auth)
  local self = setmetatable({ id = handle:id(), _handle = handle }, nsp._socket_class)
  if auth ~= nil then
    rawset(self, "_auth", auth)
  end
  handle:own(self)
  return self
end

local function fire_unpacked(self, event)
  events.fire(self, "handler", tostring(event[1]), table.unpack(event, 2, event.n))
end

--- An event has come, with its arguments and perhaps the function that acknowledges it.
function socket.event(self, name, ...)
  local any = self._any
  if any then
    for i = 1, #any do
      tasks.run(self, "handler", name, any[i], name, ...)
    end
  end
  local uses = self._uses
  if not uses then
    events.fire(self, "handler", name, ...)
    return
  end
  local event = table.pack(name, ...)
  chain.run(self, uses, name, event, function(err)
    if err ~= nil then
      events.fire(self, "handler", "error", err)
    elseif self._handle:state() == "connected" then
      fire_unpacked(self, event)
    end
  end)
end

--- The answer to our event of that id has come. An unknown id is ignored.
function socket.ack(self, id, ...)
  local acks = self._acks
  local answered = acks and acks[id]
  if answered then
    acks[id] = nil
    if self._gone then
      self._gone[id] = nil
    end
    tasks.run(self, "acknowledgement", nil, answered, ...)
  end
end

function socket.error(self, message)
  events.fire(self, "handler", "error", message)
end

-- Keeps what a client that comes back soon will ask for.
local function persist(self)
  local rooms = {}
  for room in pairs(self.rooms) do
    rooms[#rooms + 1] = room
  end
  local session = { sid = self.id, pid = self._pid, rooms = rooms, data = self.data }
  tasks.run(self, "handler", "disconnecting", function()
    self.nsp.adapter:persistSession(session)
  end)
end

function socket.disconnecting(self, reason, detail)
  events.fire(self, "handler", "disconnecting", reason, detail)
  if self._pid and RECOVERABLE[reason] then
    persist(self)
  end
  self.nsp.adapter:delAll(self.id)
end

function socket.disconnect(self, reason, detail)
  if self._anyOutgoing then
    self.nsp._outgoing = self.nsp._outgoing - 1
  end
  self.nsp:_left(self)
  events.fire(self, "handler", "disconnect", reason, detail)
  for _, gone in pairs(self._gone or {}) do
    tasks.run(self, "acknowledgement", nil, gone)
  end
end

--- It joined or left a room: what socket.rooms gave is kept up to date.
function socket.room(self, room, joined)
  local rooms = rawget(self, "rooms")
  if rooms then
    rooms[room] = joined or nil
  end
end

socket.tell_outgoing = tell_outgoing

--- Registers the answer to a broadcast of that id; gone (may be nil) is called if the client leaves
-- first, or has left.
function socket.expect(self, id, answered, gone)
  await_answer(self, id, answered)
  if gone and not self.connected then
    gone()
  elseif gone then
    local waiting = rawget(self, "_gone") or {}
    waiting[id] = gone
    rawset(self, "_gone", waiting)
  end
end

function socket.forget_answer(self, id)
  for _, waiting in pairs({ self._acks, self._gone }) do
    waiting[id] = nil
  end
end

function Socket:_fail(phase, event, message, traceback)
  self.nsp.server:_report(message, traceback, {
    phase = phase,
    event = event,
    namespace = self.nsp.name,
    socket = self,
  })
end

local methods = object.extend(Socket, events.methods)

-- What sockets are set up with.
local passing = object.passing { "on", "once", "addListener", "onAny", "use", "join", "leave" }

--- The class of the sockets of nsp.
function socket.class_in(nsp)
  return object.lean_class("socketio.Socket", methods, getters, { nsp = nsp }, passing)
end

return socket
