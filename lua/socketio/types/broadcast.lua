---@meta

--- Whom to reach, and how. What narrows the choice (`to`, `except`, `volatile`, …) makes a new
--- [BroadcastOperator](#broadcastoperator) and leaves the old one as it is; what sends or acts does
--- so for all that are chosen. A server and a namespace have the same methods: there all sockets
--- are chosen.
---
--- ```lua
--- io:emit("news", "for everybody")
--- io:to("admins"):to("editors"):except("muted"):emit("draft", { title = "…" })
--- socket.broadcast:emit("typing", socket.id)
---
--- local answers, err = io:to("workers"):timeout(5000):emitWithAck("status?")
--- ```
---@class socketio.Broadcast
---@field volatile socketio.BroadcastOperator The event may be dropped for clients that are not ready to receive.
---@field local_ socketio.BroadcastOperator Only clients of this process.
---@field ["local"] socketio.BroadcastOperator The same as `local_`; `local` is a reserved word.
local operator = {}

--- Adds rooms: sockets in at least one of all that were added, each once. A socket's id is a room,
--- too.
---@param rooms socketio.Rooms
---@return socketio.BroadcastOperator
function operator:to(rooms) end

--- The same as `to`.
operator.in_ = operator.to

--- The same as `to`; `in` is a reserved word.
operator["in"] = operator.to

--- Leaves out the sockets in any of these rooms.
---@param rooms socketio.Rooms
---@return socketio.BroadcastOperator
function operator:except(rooms) end

--- Whether compressing the event is worth it, where compression was agreed on.
---@param compress? boolean `false`: it is not (default true).
---@return socketio.BroadcastOperator
function operator:compress(compress) end

--- How long acknowledgements are waited for.
---@param ms number Milliseconds.
---@return socketio.BroadcastOperator
function operator:timeout(ms) end

--- Sends an event to all that are chosen. Raises an error for a reserved name, and for a value that
--- cannot be sent; nothing has been sent then.
---
--- A function as the last argument asks each client for an acknowledgement. It gets an error or
--- `nil`, and the list of the answers, the first value of each. Without `timeout`, a client that
--- leaves is no longer waited for.
---@param event string|number
---@param ... socketio.Value
---@return true
function operator:emit(event, ...) end

--- The same as `emit("message", …)`, but returns the object.
---@param ... socketio.Value
---@return self
function operator:send(...) end

--- Sends an event and waits for the answers, the first value of each. When the time is over returns
--- `nil`, an error, and the answers so far. With a function as the last argument it does not wait:
--- that gets the error or `nil`, and the answers.
---@param event string|number
---@param ... socketio.Value
---@return any[]? answers
---@return string? err
---@return any[]? partial
function operator:emitWithAck(event, ...) end

--- The sockets that are chosen, those of other servers as [RemoteSocket](#remotesocket). Waits for
--- the other servers, if an adapter links any.
---@param fn? fun(err: string?, sockets: (socketio.Socket|socketio.RemoteSocket)[]?) Gets them, instead of waiting.
---@return (socketio.Socket|socketio.RemoteSocket)[]? sockets
---@return string? err
function operator:fetchSockets(fn) end

--- Their ids: a table, id to `true`.
---@param fn? fun(err: string?, ids: table<string, true>?) Gets it, instead of waiting.
---@return table<string, true>? ids
---@return string? err
function operator:allSockets(fn) end

--- Makes them join rooms.
---@param rooms socketio.Rooms
function operator:socketsJoin(rooms) end

--- Makes them leave rooms.
---@param rooms socketio.Rooms
function operator:socketsLeave(rooms) end

--- Disconnects them from the namespace.
---@param close? boolean Closes their connections, too, with all their namespaces (default false).
function operator:disconnectSockets(close) end

--- A choice of sockets, which can be kept and used again. `io:to(…)`, `socket.broadcast` and the
--- like make one.
---@class socketio.BroadcastOperator: socketio.Broadcast
local chosen = {}

--- The same as `send`.
chosen.write = operator.send

--- A room, or a list of rooms. A number stands for its decimal text.
---@alias socketio.Rooms string|number|(string|number)[]

--- A socket that is connected to another server of the cluster, as `fetchSockets` gives it: what it
--- was at that moment, and the calls that reach it there.
---@class socketio.RemoteSocket
---@field id string Its id.
---@field handshake socketio.Handshake What the client said when it connected.
---@field rooms table<string, true> Its rooms.
---@field data table Its data: a copy.
local remote = {}

--- Sends an event. A function as the last argument asks for an acknowledgement: it gets an error or
--- `nil`, and the first value of the answer.
---@param event string|number
---@param ... socketio.Value
---@return true
function remote:emit(event, ...) end

--- Sends an event and waits for the first value of the answer. With a function as the last argument
--- it does not wait: that gets the error or `nil`, and the answer.
---@param event string|number
---@param ... socketio.Value
---@return any answer
---@return string? err
function remote:emitWithAck(event, ...) end

--- How long acknowledgements are waited for.
---@param ms number Milliseconds.
---@return socketio.RemoteSocket socket the same socket with that limit
function remote:timeout(ms) end

--- Makes it join rooms.
---@param rooms socketio.Rooms
function remote:join(rooms) end

--- Makes it leave rooms.
---@param rooms socketio.Rooms
function remote:leave(rooms) end

--- Disconnects it from its namespace.
---@param close? boolean Closes its connection, too (default false).
---@return self
function remote:disconnect(close) end
