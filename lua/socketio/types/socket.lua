---@meta

--- A client in a namespace. The listeners of "connection" get it, with all that belongs to this
--- client. Any further field may be set on it: `socket.username = "ann"`.
---
--- ```lua
--- io:on("connection", function(socket)
---   socket:join("news")
---   socket:emit("welcome", { id = socket.id })
---   socket:on("question", function(text, done)
---     done("the answer")                        -- the client's acknowledgement
---   end)
---   socket:on("disconnect", function(reason)
---     print(socket.id, reason)
---   end)
---   local answer, err = socket:timeout(5000):emitWithAck("are you there?")
--- end)
--- ```
---
--- Once it has disconnected, using it is harmless: what is sent goes nowhere.
---@class socketio.Socket: socketio.Emitter
---@field id string Its id: other than that of the connection, another one after each reconnection. It is also the name of a room in which only this socket is.
---@field nsp socketio.Namespace The namespace that it is in.
---@field handshake socketio.Handshake What the client said when it connected.
---@field rooms table<string, true> The rooms that it is in, kept up to date: name to `true`.
---@field data table For whatever the application wants to keep with it.
---@field connected boolean Whether it is connected. In a middleware it is not yet.
---@field disconnected boolean The opposite.
---@field recovered boolean Whether the state of an earlier connection was restored.
---@field conn socketio.Conn The connection, which it may share with sockets of other namespaces.
---@field client socketio.Client The client behind it.
---@field request socketio.HttpRequest The request that opened the connection.
---@field broadcast socketio.BroadcastOperator All sockets of the namespace but this one.
---@field local_ socketio.BroadcastOperator The same, but only those of this process.
---@field ["local"] socketio.BroadcastOperator The same as `local_`; `local` is a reserved word.
---@field volatile socketio.Socket This socket: the next event may be dropped if the client is not ready to receive.
local socket = {}

--- Calls a function at each event of that name: those that the client sends, with what it sent, and
--- some of the socket's own. If the client asks for an acknowledgement, the last argument is a
--- function that sends it.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.Socket, event: "disconnecting", listener: fun(reason: socketio.DisconnectReason, details?: string)): socketio.Socket # It is about to disconnect; its rooms are still there.
---@overload fun(self: socketio.Socket, event: "disconnect", listener: fun(reason: socketio.DisconnectReason, details?: string)): socketio.Socket # It has disconnected.
---@overload fun(self: socketio.Socket, event: "error", listener: fun(err: any)): socketio.Socket # A middleware of this socket refused an event (with what it gave `next`), or the client sent what is no packet.
function socket:on(event, listener) end

socket.once = socket.on
socket.addListener = socket.on
socket.prependListener = socket.on
socket.prependOnceListener = socket.on

--- Calls a function at each event that the client sends, whatever its name, before the event's
--- listeners.
---@param fn fun(event: string, ...: any)
---@return self
function socket:onAny(fn) end

--- As `onAny`, but before the functions that are there already.
---@param fn fun(event: string, ...: any)
---@return self
function socket:prependAny(fn) end

--- Removes one of the functions of `onAny`, or all.
---@param fn? fun(event: string, ...: any)
---@return self
function socket:offAny(fn) end

--- The functions of `onAny`, in the order in which they are called.
---@return (fun(event: string, ...: any))[]
function socket:listenersAny() end

--- Calls a function at each event that is sent to this client, broadcasts included.
---@param fn fun(event: string, ...: any)
---@return self
function socket:onAnyOutgoing(fn) end

--- As `onAnyOutgoing`, but before the functions that are there already.
---@param fn fun(event: string, ...: any)
---@return self
function socket:prependAnyOutgoing(fn) end

--- Removes one of the functions of `onAnyOutgoing`, or all.
---@param fn? fun(event: string, ...: any)
---@return self
function socket:offAnyOutgoing(fn) end

--- The functions of `onAnyOutgoing`, in the order in which they are called.
---@return (fun(event: string, ...: any))[]
function socket:listenersAnyOutgoing() end

--- Adds a middleware for the events that the client sends. `event` is the list of the name and the
--- arguments, `event.n` counts them; it may be changed. `next()` goes on, `next(err)` drops the
--- event, and the listeners of "error" get `err`.
---@param fn fun(event: table, next: fun(err?: any))
---@return self
function socket:use(fn) end

--- Sends an event to this client. Raises an error for a reserved name ("connect", "connect_error",
--- "disconnect", "disconnecting", "newListener", "removeListener"), and for a value that cannot be
--- sent; nothing has been sent then.
---
--- A function as the last argument asks for an acknowledgement. It gets what the client answers;
--- after `timeout(ms)` first an error or `nil`.
---@param event string|number
---@param ... socketio.Value
---@return true
function socket:emit(event, ...) end

--- The same as `emit("message", …)`, but returns the socket.
---@param ... socketio.Value
---@return self
function socket:send(...) end

--- The same as `send`.
socket.write = socket.send

--- Sends an event and waits for the client's answer: returns its first value, or after
--- `timeout(ms)` `nil` and an error. With a function as the last argument it does not wait: that
--- gets the error or `nil`, and the answer.
---@param event string|number
---@param ... socketio.Value
---@return any answer
---@return string? err
function socket:emitWithAck(event, ...) end

--- How long the acknowledgement of the next event is waited for.
---@param ms number Milliseconds.
---@return self
function socket:timeout(ms) end

--- Whether compressing the next event is worth it, where compression was agreed on.
---@param compress? boolean `false`: it is not (default true).
---@return self
function socket:compress(compress) end

--- Joins rooms.
---@param rooms socketio.Rooms
function socket:join(rooms) end

--- Leaves a room, or several.
---@param room socketio.Rooms
function socket:leave(room) end

--- All sockets in these rooms but this one.
---@param rooms socketio.Rooms
---@return socketio.BroadcastOperator
function socket:to(rooms) end

--- The same as `to`.
socket.in_ = socket.to

--- The same as `to`; `in` is a reserved word.
socket["in"] = socket.to

--- All sockets of the namespace but this one and those in these rooms.
---@param rooms socketio.Rooms
---@return socketio.BroadcastOperator
function socket:except(rooms) end

--- Disconnects it from its namespace.
---@param close? boolean Closes the connection, too, with all namespaces (default false).
---@return self
function socket:disconnect(close) end

--- Why a socket has disconnected.
---@alias socketio.DisconnectReason
---| "transport close" # the connection ended
---| "transport error" # the connection failed, or the client broke its rules
---| "ping timeout" # the client did not answer a ping in time
---| "client namespace disconnect" # the client left the namespace
---| "server namespace disconnect" # `disconnect` was called
---| "server shutting down" # the server was closed
---| "parse error" # the client sent what is no packet of Engine.IO
---| "forced close" # the client sent what Socket.IO does not allow, or `conn:close` was called
---| "forced server close" # the same, when a client that polls could not be told at once

--- What a client said when it connected.
---@class socketio.Handshake
---@field headers table<string, string> The headers of the request, with lower-case names.
---@field time string When it connected, as JavaScript writes a date.
---@field issued integer The same in milliseconds since 1970.
---@field address string The IP address of the other end; behind a proxy, the proxy's.
---@field xdomain boolean Whether the request had an Origin header.
---@field secure boolean Whether the connection is encrypted; behind a proxy, the one to the proxy.
---@field url string The target of the request: path and query.
---@field query table<string, string> The query, decoded.
---@field auth table What the client gave as `auth`; an empty table if it gave nothing.

--- The client behind a socket.
---@class socketio.Client
---@field id string The id of the connection. It is a secret of the client's.
---@field conn socketio.Conn The connection.
---@field request socketio.HttpRequest The request that opened it.
