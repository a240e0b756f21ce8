---@meta

--- The Engine.IO server below a Socket.IO server, `io.engine`: which connections are let in, under
--- which id, and what goes out with every answer. It is there as soon as the server is.
---
--- ```lua
--- io.engine:use(function(req, res, next)
---   if allowed(req.headers.authorization) then next() else res:status(401):send() end
--- end)
--- io.engine:on("connection_error", function(failure)
---   print(failure.req.remoteAddress, failure.code, failure.message)
--- end)
--- io.engine.generateId = function(req) return new_uuid() end
--- ```
---@class socketio.Engine: socketio.Emitter
---@field clientsCount integer How many connections are open.
---@field generateId fun(req: socketio.HttpRequest): string Makes the ids of connections; set it to make your own, of 1 to 64 printable ASCII characters. It may wait. They must be unique, and hard to guess.
local engine = {}

--- Calls a function at each event of that name.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.Engine, event: "connection", listener: fun(conn: socketio.Conn)): socketio.Engine # A connection was opened.
---@overload fun(self: socketio.Engine, event: "connection_error", listener: fun(failure: socketio.ConnectionError)): socketio.Engine # A request was refused.
---@overload fun(self: socketio.Engine, event: "initial_headers", listener: fun(headers: table<string, any>, req: socketio.HttpRequest)): socketio.Engine # The first answer of a connection goes out; its headers may be changed.
---@overload fun(self: socketio.Engine, event: "headers", listener: fun(headers: table<string, any>, req: socketio.HttpRequest)): socketio.Engine # An answer goes out; its headers may be changed.
function engine:on(event, listener) end

engine.once = engine.on
engine.addListener = engine.on
engine.prependListener = engine.on
engine.prependOnceListener = engine.on

--- Adds a middleware for every request on the server's path, those that open a WebSocket included.
--- `next()` goes on, `next("message")` answers 400; or it answers itself, by `res`.
---@param fn fun(req: socketio.HttpRequest, res: socketio.HttpResponse, next: fun(err?: any))
---@return self
function engine:use(fn) end

--- Why a request was refused.
---@class socketio.ConnectionError
---@field req socketio.HttpRequest The request.
---@field code integer 0 unknown transport, 1 unknown session, 2 bad method, 3 bad request, 4 forbidden, 5 unsupported version of the protocol.
---@field message string The same in words.
---@field context table What else is known of it; its fields depend on the case, often there is a `name`.

--- An Engine.IO server on its own, made by `socketio.Engine`: what npm's `engine.io` is to
--- `socket.io`. Its path is `/engine.io`.
---
--- ```lua
--- local engine = socketio.Engine(3000)
--- engine:on("connection", function(conn)
---   conn:on("message", function(data) conn:send(data) end)
--- end)
--- socketio.run()
--- ```
---@class socketio.EngineServer: socketio.Engine
---@field opts socketio.EngineOptions All options, defaults included. To be read only.
---@field httpServer? socketio.HttpServer The HTTP server that `listen` made, or the first that it was attached to.
local server = {}

--- Opens a port, as `listen` of a Socket.IO server does.
---@param target integer|string|socketio.HttpServer A port, `"host:port"` or `"unix:/path"`.
---@param options? socketio.EngineOptions
---@return socketio.EngineServer? engine nil when the port cannot be opened
---@return string? message what is wrong, and what to do
---@return string? code such as `"EADDRINUSE"`
function server:listen(target, options) end

--- Answers Engine.IO's requests on an HTTP server that was made before; anything else is handed to
--- `listen`.
---@param target socketio.HttpServer|integer|string
---@param options? socketio.EngineOptions
---@return socketio.EngineServer? engine
---@return string? message
---@return string? code
function server:attach(target, options) end

--- Where it listens; `nil` when it does not.
---@return socketio.Address?
function server:address() end

--- Closes all connections and stops listening. Waits until the last one is closed; outside any
--- coroutine it does not wait.
---@param fn? fun() Called then, instead of waiting.
function server:close(fn) end

--- A connection of Engine.IO, whatever transport carries it: `socket.conn`, or what "connection" of
--- an engine gives.
---@class socketio.Conn: socketio.Emitter
---@field id string Its id, which is a secret of the client's: who knows it can speak in its name.
---@field protocol integer The version of the Engine.IO protocol that the client speaks: 4, or 3 where `allowEIO3` lets it in.
---@field transport socketio.Transport What carries it now.
---@field upgrading boolean Whether a WebSocket is about to take over from polling.
---@field upgraded boolean Whether it has gone from polling to WebSocket.
---@field readyState "opening"|"open"|"closing"|"closed" Its state.
---@field request socketio.HttpRequest The request that opened it.
---@field remoteAddress string The IP address of the other end; behind a proxy, the proxy's.
---@field bufferedAmount integer Bytes that are queued for the client.
local conn = {}

--- Calls a function at each event of that name.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.Conn, event: "message", listener: fun(data: string|socketio.Binary)): socketio.Conn # A message has come.
---@overload fun(self: socketio.Conn, event: "data", listener: fun(data: string|socketio.Binary)): socketio.Conn # The same as "message".
---@overload fun(self: socketio.Conn, event: "heartbeat", listener: fun()): socketio.Conn # The client has shown that it is alive.
---@overload fun(self: socketio.Conn, event: "upgrading", listener: fun(transport: socketio.Transport)): socketio.Conn # A WebSocket is about to take over from polling.
---@overload fun(self: socketio.Conn, event: "upgrade", listener: fun(transport: socketio.Transport)): socketio.Conn # It has gone from polling to WebSocket.
---@overload fun(self: socketio.Conn, event: "packet", listener: fun(packet: socketio.Packet)): socketio.Conn # A packet has come.
---@overload fun(self: socketio.Conn, event: "packetCreate", listener: fun(packet: socketio.Packet)): socketio.Conn # A packet goes out.
---@overload fun(self: socketio.Conn, event: "drain", listener: fun()): socketio.Conn # What was queued has been sent.
---@overload fun(self: socketio.Conn, event: "close", listener: fun(reason: string, details?: string)): socketio.Conn # It is closed.
function conn:on(event, listener) end

conn.once = conn.on
conn.addListener = conn.on
conn.prependListener = conn.on
conn.prependOnceListener = conn.on

--- Sends a message of Engine.IO. Not for connections that Socket.IO uses.
---@param data string|socketio.Binary
---@param options? { compress?: boolean }|fun() `compress = false`: it is not worth compressing in the answer to a poll. Or the function.
---@param fn? fun() Called when it has been sent; never, when the connection ends before.
---@return self
function conn:send(data, options, fn) end

--- The same as `send`.
conn.write = conn.send

--- Closes it when what is queued has been sent.
---@param discard? boolean Closes it at once (default false).
---@return self
function conn:close(discard) end

--- What carries a connection.
---@class socketio.Transport
---@field name "polling"|"websocket" Its name.

--- A packet of Engine.IO.
---@class socketio.Packet
---@field type string `"open"`, `"close"`, `"ping"`, `"pong"`, `"message"`, `"upgrade"` or `"noop"`.
---@field data? string|socketio.Binary What is in it.
