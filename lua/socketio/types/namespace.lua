---@meta

--- A part of a server with sockets, rooms, middlewares and listeners of its own, to which clients
--- connect by its name. `io:of(name)` gives it.
---
--- ```lua
--- local admin = io:of("/admin")
--- admin:use(only_admins)
--- admin:on("connection", function(socket)
---   admin:emit("joined", socket.data.name)
--- end)
--- ```
---@class socketio.Namespace: socketio.Emitter, socketio.Broadcast, socketio.Cluster
---@field name string The name, with its leading `/`.
---@field server socketio.Server The server that it belongs to.
---@field sockets table<string, socketio.Socket> The sockets that are connected: id to socket.
---@field adapter socketio.Adapter Keeps its rooms, and carries out what is sent to many.
local namespace = {}

--- Calls a function at each event of that name.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.Namespace, event: "connection", listener: fun(socket: socketio.Socket)): socketio.Namespace # A client has joined.
---@overload fun(self: socketio.Namespace, event: "connect", listener: fun(socket: socketio.Socket)): socketio.Namespace # The same as "connection".
function namespace:on(event, listener) end

namespace.once = namespace.on
namespace.addListener = namespace.on
namespace.prependListener = namespace.on
namespace.prependOnceListener = namespace.on

--- Adds a middleware: it decides who may join.
---@param fn socketio.Middleware
---@return self
function namespace:use(fn) end

--- The same as `emit("message", …)`, but returns the namespace.
---@param ... socketio.Value
---@return self
function namespace:send(...) end

--- The same as `send`.
namespace.write = namespace.send

--- The parent of the namespaces that are made when clients ask for them, from `io:of` with a
--- pattern or a function. Each child gets the middlewares and listeners that the parent has at that
--- time; what the parent emits reaches the sockets of all children. `fetchSockets`, `allSockets`,
--- `emitWithAck`, `serverSideEmit` and `serverSideEmitWithAck` raise an error here.
---
--- ```lua
--- local games = io:of(socketio.pattern "^/game%-%d+$")
--- games:on("connection", function(socket)
---   local game = socket.nsp       -- the child: its name is /game-17, for example
---   game:emit("players", #game:fetchSockets())
--- end)
--- games:emit("maintenance", "in five minutes")
--- ```
---@class socketio.ParentNamespace: socketio.Emitter, socketio.Broadcast, socketio.Cluster
---@field name string A name of its own, which no client can use.
---@field server socketio.Server The server that it belongs to.
---@field children table<string, socketio.Namespace> The namespaces that were made: name to namespace.
---@field sockets table<string, socketio.Socket> Empty: its children have the sockets.
---@field adapter socketio.Adapter Hands everything on to the adapters of the children.
local parent = {}

--- Calls a function at each event of that name, in each child that is made from now on.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.ParentNamespace, event: "connection", listener: fun(socket: socketio.Socket)): socketio.ParentNamespace # A client has joined a child.
---@overload fun(self: socketio.ParentNamespace, event: "connect", listener: fun(socket: socketio.Socket)): socketio.ParentNamespace # The same as "connection".
function parent:on(event, listener) end

parent.once = parent.on
parent.addListener = parent.on
parent.prependListener = parent.on
parent.prependOnceListener = parent.on

--- Adds a middleware for the children that are made from now on.
---@param fn socketio.Middleware
---@return self
function parent:use(fn) end

--- The same as `emit("message", …)`, but returns the namespace.
---@param ... socketio.Value
---@return self
function parent:send(...) end

--- The same as `send`.
parent.write = parent.send

--- What servers tell each other, where an adapter links them. With the adapters that know this
--- process only, there are no others.
---
--- ```lua
--- io:on("reload", function(what, done) done(reload(what)) end)  -- on all servers
--- local results, err = io:serverSideEmitWithAck("reload", "settings")
--- ```
---@class socketio.Cluster
local cluster = {}

--- Calls the listeners that the other servers have for an event, on the same namespace. A function
--- as the last argument asks each server for an answer: it gets an error or `nil`, and the list of
--- answers. Raises an error for "connect", "connection" and "new_namespace".
---@param event string
---@param ... any
---@return true
function cluster:serverSideEmit(event, ...) end

--- The same, and waits for the answers, one a server. With a function as the last argument it does
--- not wait: that gets the error or `nil`, and the answers.
---@param event string
---@param ... any
---@return any[]? answers
---@return string? err
---@return any[]? partial
function cluster:serverSideEmitWithAck(event, ...) end
