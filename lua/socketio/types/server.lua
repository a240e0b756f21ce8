---@meta

--- A Socket.IO server, made by `socketio.Server`. Its methods for events, middlewares and
--- broadcasts are those of its main namespace, `/`.
---
--- ```lua
--- local io = socketio.Server { pingInterval = 10000 }
---
--- io:use(function(socket, next)
---   if socket.handshake.auth.token == "secret" then next() else next("not authorized") end
--- end)
--- io:on("connection", function(socket)
---   socket:join("everybody")
--- end)
---
--- local ok, message = io:listen(3000)
--- if not ok then print(message) end
--- io:run()
--- ```
---@class socketio.Server: socketio.Emitter, socketio.Broadcast, socketio.Cluster
---@field sockets socketio.Namespace The main namespace.
---@field engine socketio.Engine The Engine.IO server below: who is let in, and under which id.
---@field httpServer? socketio.HttpServer The HTTP server that `listen` made, or the first that it was attached to.
---@field opts socketio.ServerOptions All options, defaults included. To be read only.
local io = {}

--- Calls a function at each event of that name.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.Server, event: "connection", listener: fun(socket: socketio.Socket)): socketio.Server # A client has joined the main namespace.
---@overload fun(self: socketio.Server, event: "connect", listener: fun(socket: socketio.Socket)): socketio.Server # The same as "connection".
---@overload fun(self: socketio.Server, event: "new_namespace", listener: fun(namespace: socketio.Namespace)): socketio.Server # A namespace was made, by `of` or for a client.
function io:on(event, listener) end

io.once = io.on
io.addListener = io.on
io.prependListener = io.on
io.prependOnceListener = io.on

--- Opens a port, also more than one by further calls. It is open when this returns. After `close`
--- it may be called again.
---@param target integer|string|socketio.HttpServer A port (0 picks a free one), `"host:port"` with a numeric host or localhost, or `"unix:/path"`; an HTTP server is attached to.
---@param options? socketio.ServerOptions `tls` is for this address alone, `false` means plain HTTP; `headersTimeout`, `requestTimeout` and `maxHeaderSize` are for the HTTP server that the first call makes; the others may be given before the server is in use, and those of the constructor count more.
---@return socketio.Server? io nil when the port cannot be opened
---@return string? message what is wrong, and what to do
---@return string? code such as `"EADDRINUSE"`
function io:listen(target, options) end

--- Answers Socket.IO's requests on an HTTP server that was made before; anything else is handed to
--- `listen`.
---@param target socketio.HttpServer|integer|string
---@param options? socketio.ServerOptions As for `listen`.
---@return socketio.Server? io
---@return string? message
---@return string? code
function io:attach(target, options) end

--- Speaks Socket.IO with the clients of an Engine.IO server from now on. That becomes `io.engine`,
--- and its options hold. Raises an error when this server listens already.
---@param engine socketio.EngineServer
---@return self
function io:bind(engine) end

--- Where it listens; `nil` when it does not.
---@return socketio.Address?
function io:address() end

--- Disconnects all clients ("server shutting down") and stops listening. Waits until the last
--- connection is closed; outside any coroutine it does not wait.
---@param fn? fun() Called then, instead of waiting.
function io:close(fn) end

--- The same as `socketio.run`: one loop turns all servers.
---@param mode? "default"|"once"|"nowait"
---@return boolean active
function io:run(mode) end

--- The same as `socketio.poll`.
---@param budget? number Milliseconds (default 0 ms).
---@return boolean active
function io:poll(budget) end

--- The namespace of that name, made when there is none. For a pattern or a function: a parent of
--- the namespaces that clients ask for, which are made when the pattern matches, or the function
--- calls `next(nil, true)`.
---@param name string A leading `/` is added when it is missing.
---@param fn? fun(socket: socketio.Socket) A listener to "connection".
---@return socketio.Namespace
---@overload fun(self: socketio.Server, name: socketio.Pattern, fn?: fun(socket: socketio.Socket)): socketio.ParentNamespace
---@overload fun(self: socketio.Server, name: socketio.NamespaceMatcher, fn?: fun(socket: socketio.Socket)): socketio.ParentNamespace
function io:of(name, fn) end

--- Adds a middleware of the main namespace: it decides who may join.
---@param fn socketio.Middleware
---@return self
function io:use(fn) end

--- Sets the option of that name, as long as the server neither listens nor is attached.
---@param value string
---@return self
---@overload fun(self: socketio.Server): string # Tells its value.
function io:path(value) end

--- Sets the option of that name, as `path` does.
---@param value boolean
---@return self
---@overload fun(self: socketio.Server): boolean # Tells its value.
function io:serveClient(value) end

--- Sets the option of that name, in milliseconds, as `path` does.
---@param value number
---@return self
---@overload fun(self: socketio.Server): number # Tells its value.
function io:connectTimeout(value) end

--- Sets the option of that name, as `path` does.
---@param value socketio.AdapterKind
---@return self
---@overload fun(self: socketio.Server): socketio.AdapterKind # Tells its value.
function io:adapter(value) end

--- Where a server listens.
---@class socketio.Address
---@field address string The host's address; of a Unix socket, its path.
---@field family string `"IPv4"`, `"IPv6"` or `"unix"`.
---@field port integer The port; 0 for a Unix socket.

--- Decides whether a socket may join: `next()` lets it, or asks the next middleware;
--- `next("message")` or `next { message = …, data = … }` refuses, and the client's "connect_error"
--- tells both. It may wait.
---@alias socketio.Middleware fun(socket: socketio.Socket, next: fun(err?: any))

--- Decides whether a namespace that a client asks for is made: `next(nil, true)` says yes. `auth`
--- is what the client sent along.
---@alias socketio.NamespaceMatcher fun(name: string, auth: table, next: fun(err?: any, allow?: boolean))
