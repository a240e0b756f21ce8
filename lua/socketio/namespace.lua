--- A namespace: its sockets, middlewares and listeners.
-- Private fields: _handle (the core's), _uses (middlewares), _outgoing (how many sockets listen to
-- what goes out), _on (listeners).

local adapter = require("socketio.adapter")
local chain = require("socketio.chain")
local check = require("socketio.check")
local events = require("socketio.events")
local object = require("socketio.object")
local operator = require("socketio.broadcast")
local socket_of = require("socketio.socket")

local Namespace, getters = {}, {}

local function everybody(self)
  return operator.new(self, {}, {}, {})
end

for _, name in ipairs({
  "to", "in_", "in", "except", "compress", "timeout", "emit", "emitWithAck", "fetchSockets",
  "allSockets", "socketsJoin", "socketsLeave", "disconnectSockets",
}) do
  local method = operator.methods[name]
  Namespace[name] = function(self, ...)
    return method(everybody(self), ...)
  end
end

function Namespace:send(...)
  operator.methods.emit(everybody(self), "message", ...)
  return self
end

Namespace.write = Namespace.send

for name, getter in pairs(operator.getters) do
  getters[name] = function(self)
    return getter(everybody(self))
  end
end

--- fn(socket, next) for each client that wants to join: next() lets it, next("message") or
-- next({ message = ..., data = ... }) refuses.
function Namespace:use(fn)
  local uses = table.move(self._uses, 1, #self._uses, 1, {})
  uses[#uses + 1] = check.fn(1, "use", fn)
  rawset(self, "_uses", uses)
  return self
end

-- === Clients that join =======================================================================

-- What CONNECT_ERROR tells of an error given to next.
local function error_payload(err)
  if type(err) == "table" and err.message ~= nil then
    return { message = tostring(err.message), data = err.data }
  end
  return { message = tostring(err) }
end

-- Clients of Socket.IO 2 are sent the data, or else the message alone.
local function refuse(socket, err)
  local payload = error_payload(err)
  local brief = { message = payload.message }
  if socket.conn.protocol == 3 then
    payload, brief = payload.data or payload.message, payload.message
  end
  local problem = socket._handle:refuse(payload)
  if problem then
    socket._handle:refuse(brief)
    socket:_fail("middleware", nil, problem, problem)
  end
  socket.nsp:_clean_up()
end

--- The core tells that a client wants to join.
function Namespace:_connect(handle, auth)
  local socket = socket_of.new(self, handle, auth)
  chain.run(socket, self._uses, nil, socket, function(err)
    if err ~= nil then
      refuse(socket, err)
      return
    end
    self.sockets[socket.id] = socket
    if not handle:accept() then
      self:_left(socket) -- the client has gone meanwhile
      return
    end
    events.fire(self, "handler", "connect", socket)
    events.fire(self, "handler", "connection", socket)
  end)
end

--- A socket has disconnected.
function Namespace:_left(socket)
  self.sockets[socket.id] = nil
  self:_clean_up()
end

-- A child namespace that is empty goes, if the option says so.
function Namespace:_clean_up()
  local wanted = self._parent and self.server.opts.cleanupEmptyChildNamespaces
  if not wanted or not self._handle:remove() then
    return
  end
  self._parent:_orphan(self.name)
  self.server:_forget_namespace(self.name)
end

-- === For the operator ========================================================================

function Namespace._tell_outgoing(_, sockets, ...)
  for _, socket in ipairs(sockets) do
    socket_of.tell_outgoing(socket, ...)
  end
end

--- The answer of socket to the broadcast of that id goes to answered; gone is called if it leaves
-- first.
function Namespace._expect(_, socket, id, answered, gone)
  socket_of.expect(socket, id, answered, gone)
end

function Namespace._forget(_, sockets, id)
  for _, socket in ipairs(sockets) do
    socket_of.forget_answer(socket, id)
  end
end

--- Takes its place in the server's core.
function Namespace:_bind()
  rawset(self, "_handle", self.server._core:namespace(self.name))
  self._handle:own(self, self.server._core)
  self._handle:watchRooms(self.adapter._on ~= nil)
end

function Namespace:_fail(phase, event, message, traceback)
  self.server:_report(message, traceback, { phase = phase, event = event, namespace = self.name })
end

local namespace = {}

--- For parent namespaces, which have the same.
namespace.methods = object.extend(Namespace, events.methods)
namespace.getters = getters

local meta = object.class("socketio.Namespace", namespace.methods, getters)

--- The namespace of that name on server.
function namespace.new(server, name)
  local self = setmetatable({
    name = name,
    server = server,
    sockets = {},
    _uses = {},
    _outgoing = 0,
  }, meta)
  rawset(self, "adapter", adapter.new(self))
  self:_bind()
  return self
end

--- The functions that the core calls, for one server.
function namespace.hooks()
  return {
    connect = function(handle, nsp, auth)
      nsp:_connect(handle, auth)
    end,
    event = socket_of.event,
    ack = socket_of.ack,
    disconnecting = socket_of.disconnecting,
    disconnect = socket_of.disconnect,
    error = socket_of.error,
    room = function(socket, room, joined)
      socket_of.room(socket, room, joined)
      adapter.room(socket.nsp.adapter, socket, room, joined)
    end,
  }
end

return namespace
