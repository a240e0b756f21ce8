--- A namespace: its sockets, middlewares and listeners.
-- Private fields: _handle (the core's), _uses (middlewares), _outgoing (how many sockets listen to
-- what goes out), _joining (id to socket, of those that are being asked), _kind (of the adapter),
-- _is_plain (nothing but the core is told of broadcasts), _socket_class (of its sockets).

local check = require("socketio.check")
local emitting = require("socketio.emitting")
local events = require("socketio.events")
local joining = require("socketio.joining")
local kind = require("socketio.adapter.kind")
local memory = require("socketio.adapter.memory")
local object = require("socketio.object")
local operator = require("socketio.broadcast")
local remote = require("socketio.remote")
local socket_of = require("socketio.socket")
local tasks = require("socketio.tasks")

local Namespace, getters = {}, {}

local NONE = emitting.none
local PLAIN = memory.broadcast

local function everybody(self)
  return operator.new(self, NONE, NONE, NONE)
end

for _, name in ipairs({
  "except", "compress", "timeout", "emit", "emitWithAck", "fetchSockets",
  "allSockets", "socketsJoin", "socketsLeave", "disconnectSockets",
}) do
  local method = operator.methods[name]
  Namespace[name] = function(self, ...)
    return method(everybody(self), ...)
  end
end

-- Those two are begun by most broadcasts: one operator does.
function Namespace:to(rooms)
  return operator.new(self, check.rooms(1, "to", rooms), NONE, NONE)
end

function Namespace:in_(rooms)
  return operator.new(self, check.rooms(1, "in_", rooms), NONE, NONE)
end

Namespace["in"] = Namespace.in_

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

--- An event goes out to the sockets in rooms and not in except: those that listen to it are told.
function Namespace:_tell_outgoing(rooms, except, ...)
  if self._outgoing == 0 then
    return
  end
  for _, socket in ipairs(self._handle:select(rooms, except)) do
    socket_of.tell_outgoing(socket, ...)
  end
end

-- === The other servers =======================================================================

-- What each server tells its own listeners.
local LOCAL_ONLY = { connect = true, connection = true, new_namespace = true }

local function check_server_side(method, event)
  if type(event) ~= "string" then
    check.fail(1, method, "event name", event)
  end
  if LOCAL_ONLY[event] then
    check.raise(("bad argument #1 to '%s' (%q is a reserved event name)"):format(method, event))
  end
end

--- Tells the other servers of the cluster: their listeners of event on this namespace are called.
-- A function as the last argument gets (err, answers), one answer a server. Returns true. Raises
-- for a reserved name.
function Namespace:serverSideEmit(event, ...)
  check_server_side("serverSideEmit", event)
  self.adapter:serverSideEmit(table.pack(event, ...))
  return true
end

--- The same, and waits for the answers: a list, or nil, an error and the answers so far. With a
-- function as the last argument does not wait: that gets (err, answers).
function Namespace:serverSideEmitWithAck(event, ...)
  check_server_side("serverSideEmitWithAck", event)
  return emitting.with_answer("serverSideEmitWithAck", function(answered, ...)
    local args = table.pack(event, ...)
    args.n = args.n + 1
    args[args.n] = answered
    self.adapter:serverSideEmit(args)
  end, ...)
end

--- Another server has told this.
function Namespace:_server_side(args)
  if not LOCAL_ONLY[args[1]] then
    events.fire(self, "handler", tostring(args[1]), table.unpack(args, 2, args.n))
  end
end

-- === Clients that come and go ================================================================

--- The core tells that a client wants to join.
function Namespace:_connect(handle, auth)
  joining.start(self, handle, auth)
end

--- The socket of that id: connected, or about to be.
function Namespace:_socket(id)
  return self.sockets[id] or self._joining[id]
end

--- What an adapter found: a socket of this process, or what it knows of another's.
function Namespace:_known(found)
  return found.nsp and found or remote.new(self, found)
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
  self:_tell_adapter("close")
end

-- === What it stands on =======================================================================

--- Calls the adapter's "init" or "close", which may wait.
function Namespace:_tell_adapter(method)
  tasks.run(self, "handler", method, self.adapter[method], self.adapter)
end

-- Makes the adapter, in place of an earlier one.
local function adapt(self)
  local made = self.server.opts.adapter(self)
  if not kind.is_adapter(made) then
    check.raise(("the option 'adapter' must return an adapter, as socketio.adapter.memory does "
      .. "(got %s)"):format(check.kind(made)))
  end
  if self.adapter then
    self:_tell_adapter("close")
  end
  rawset(self, "_kind", self.server.opts.adapter)
  rawset(self, "adapter", made)
  rawset(self, "_is_plain", kind.of(made) == memory and memory.broadcast == PLAIN)
  self:_tell_adapter("init")
end

--- Takes its place in the server's core.
function Namespace:_bind()
  rawset(self, "_handle", self.server._core:namespace(self.name))
  self._handle:own(self, self.server._core)
  if self._kind ~= self.server.opts.adapter then
    adapt(self)
  end
  self._handle:watchRooms(self.adapter._is_heard)
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
    _joining = setmetatable({}, { __mode = "v" }), -- the core holds those who are
  }, meta)
  rawset(self, "_socket_class", socket_of.class_in(self))
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
      socket.nsp.adapter:_room(socket, room, joined)
    end,
  }
end

return namespace
