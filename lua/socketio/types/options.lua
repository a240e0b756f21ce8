---@meta

--- Options of a Socket.IO server. An option that does not exist is an error, which names the
--- nearest one.
---
--- ```lua
--- local io = socketio.Server(3000, {
---   pingInterval = 10000,
---   cors = { origin = { "https://example.com", socketio.pattern "^https://[%w-]+%.example%.com$" } },
---   onError = function(message, traceback, context)
---     log:error("%s in %s of %s", message, context.phase, context.event)
---   end,
--- })
--- ```
---@class socketio.ServerOptions: socketio.EngineOptions
---@field path? string The path that is served (default "/socket.io").
---@field serveClient? boolean Whether the files of the JavaScript client are served, as `/socket.io/socket.io.js` (default true).
---@field connectTimeout? number A client that has not joined a namespace by then is disconnected (default 45000 ms).
---@field cleanupEmptyChildNamespaces? boolean Whether a namespace that was made for a client goes when its last socket has gone (default false).
---@field connectionStateRecovery? socketio.RecoveryOptions|boolean Whether a client that loses its connection gets back its id, rooms and data, and what it has missed, when it comes back soon (default false).
---@field maxAttachments? integer Binary values in one event of a client (default 10 values).
---@field maxNamespaces? integer Namespaces that one client may join (default 256 namespaces).
---@field adapter? socketio.AdapterKind|fun(namespace: socketio.Namespace): socketio.Adapter Makes the adapters of the namespaces. Without it `socketio.adapter.memory` does, or `socketio.adapter.sessionAware` where `connectionStateRecovery` is on (default nil).
---@field parser? socketio.Parser How packets are written: a member of `socketio.parser`, or a table of your own (default socketio.parser.default).

--- Options of `socketio.Engine`. Those of a Socket.IO server include them. An option that does not
--- exist is an error.
---@class socketio.EngineOptions: socketio.HttpOptions
---@field path? string The path that is served (default "/engine.io").
---@field addTrailingSlash? boolean Whether requests have a `/` after the path (default true).
---@field transports? ("polling"|"websocket")[] The transports that are served (default {"polling", "websocket"}).
---@field allowUpgrades? boolean Whether clients are told that they may go from polling to WebSocket (default true).
---@field allowEIO3? boolean Whether clients of Socket.IO 2 are let in (default false).
---@field pingInterval? number From one ping to the next (default 25000 ms).
---@field pingTimeout? number From a ping to its answer; then the connection is closed (default 20000 ms).
---@field upgradeTimeout? number How long an upgrade to WebSocket may take (default 10000 ms).
---@field maxHttpBufferSize? integer The longest message that is taken (default 1000000 bytes).
---@field maxBackpressure? integer What is queued for a client that does not read; then `backpressurePolicy` applies (default 4194304 bytes).
---@field backpressurePolicy? "close"|"dropVolatile" What happens to such a client: it is closed, or it misses the volatile events (default "close").
---@field maxConnections? integer Connections at a time; one more gets 503 (default nil).
---@field maxConnectionsPerIp? integer The same for those of one IP address (default nil).
---@field origins? socketio.Origins The pages that may connect. A request with another Origin header gets 403, whatever its transport; one without, from a program that is no browser, is let in (default nil).
---@field allowRequest? fun(req: socketio.HttpRequest, callback: fun(message: any, allow: boolean)) Decides on each new connection, now or later: `callback(nil, true)` lets it in, `callback("message", false)` answers 403 (default nil).
---@field cors? socketio.CorsOptions|socketio.CorsDecider|boolean What pages of other origins may read. `false`: no header is sent, browsers keep the answers from such pages; `true` stands for all defaults (default false).
---@field cookie? socketio.CookieOptions|boolean A cookie with the connection's id, for proxies that send a client to the same server again (default false).
---@field initialPacket? string|socketio.Binary A message that each connection gets first (default nil).
---@field httpCompression? socketio.HttpCompression|boolean Compression of the answers to polls (default {threshold = 1024}).
---@field perMessageDeflate? socketio.DeflateOptions|boolean Compression of WebSocket messages, for clients that offer it (default false).
---@field destroyUpgrade? boolean Whether an upgrade on another path is ended when the listeners to "request" do not answer it. Where there are none it gets 404 at once (default true).
---@field destroyUpgradeTimeout? number How long they have (default 1000 ms).
---@field wsEngine? nil Cannot be set: the server's own core speaks WebSocket (default nil).
---@field onError? fun(message: string, traceback: string, context: socketio.ErrorContext) Told of errors that handlers raise; without it they go to standard error (default nil).

--- Options of an HTTP server: of `socketio.createServer`, and of `listen`. Those of a Socket.IO
--- server include them.
---@class socketio.HttpOptions
---@field headersTimeout? number From the first byte of a request to the end of its head (default 10000 ms).
---@field requestTimeout? number From there to the end of its body; also how long an answer is held for a client that takes nothing of it (default 30000 ms).
---@field maxHeaderSize? integer The head of a request (default 16384 bytes).
---@field tls? socketio.TlsOptions|false Certificate and key, to speak https and wss (default false).

--- Options of `listen` of an HTTP server.
---@class socketio.ListenOptions
---@field tls? socketio.TlsOptions|false For this address alone; `false`: plain HTTP. Otherwise what the server was made with (default nil).

--- Where an error was raised: the third argument of `onError`.
---@class socketio.ErrorContext
---@field phase "handler"|"middleware"|"acknowledgement"|"timer"|"request"|"task" What kind of function raised it.
---@field event? string The event.
---@field namespace? string The namespace's name.
---@field socket? socketio.Socket The socket.

--- Option `cors`, as in the `cors` package of npm. It does not keep WebSockets away: see `origins`.
---@class socketio.CorsOptions
---@field origin? boolean|socketio.Origins|socketio.OriginDecider Whose pages may read. `true`: those that ask; `false`: no header is sent (default "*").
---@field methods? string|string[] Methods that preflights are told (default "GET,HEAD,PUT,PATCH,POST,DELETE").
---@field allowedHeaders? string|string[] Headers that preflights are told; otherwise those that they ask for (default nil).
---@field exposedHeaders? string|string[] Headers of answers that pages may read (default nil).
---@field credentials? boolean Whether requests may carry cookies (default false).
---@field maxAge? integer How long browsers may keep the answer to a preflight, in seconds (default nil).
---@field preflightContinue? boolean Whether preflights are handled like other requests (default false).
---@field optionsSuccessStatus? integer The status that preflights are answered with (default 204).

--- Which origins: a string that is equal, a pattern that matches, or a list of these.
---@alias socketio.Origins string|socketio.Pattern|(string|socketio.Pattern)[]

--- Decides on an origin, `nil` if the request names none: returns what `origin` may be otherwise,
--- or calls `callback(err, allow)`, now or later.
---@alias socketio.OriginDecider fun(origin: string?, callback: fun(err: any, allow: any)): any

--- Decides on the options for one request: returns them, or calls `callback(err, options)`, now or
--- later. `false`: no header is sent.
---@alias socketio.CorsDecider fun(req: socketio.HttpRequest, callback: fun(err: any, options: socketio.CorsOptions|boolean?)): socketio.CorsOptions|boolean?

--- Option `connectionStateRecovery`. `true` stands for all defaults.
---@class socketio.RecoveryOptions
---@field maxDisconnectionDuration? number How long a client may be away (default 120000 ms).
---@field skipMiddlewares? boolean Whether middlewares are not asked again about a client that comes back (default true).
---@field maxBytes? integer What is kept of packets; then the oldest go first (default 67108864 bytes).
---@field maxSessions? integer How many clients may be away; then the oldest are forgotten (default 100000 clients).

--- Option `tls`. [TLS](tls.md) tells more.
---@class socketio.TlsOptions
---@field cert string The certificate, followed by those that lead to its authority: the name of a file in PEM form, or its text.
---@field key string Its private key, likewise.
---@field passphrase? string That of the key, if it is encrypted (default nil).
---@field ca? string Clients must present a certificate that one of these authorities has signed (default nil).
---@field minVersion? "TLSv1.2"|"TLSv1.3" The oldest version that is spoken (default "TLSv1.2").

--- Option `cookie`. `true` stands for all defaults.
---@class socketio.CookieOptions
---@field name? string Its name (default "io").
---@field path? string|false Path (default "/").
---@field domain? string|false Domain (default nil).
---@field encode? fun(id: string): string Makes the value of the connection's id; may not wait (default nil).
---@field expires? number When it ends, as `os.time` counts (default nil).
---@field maxAge? number How long it lasts, in seconds (default nil).
---@field secure? boolean Only for https (default false).
---@field httpOnly? boolean Hidden from the page's scripts (default true).
---@field partitioned? boolean Kept apart for each site that embeds the page (default false).
---@field priority? "low"|"medium"|"high" Which cookies a browser drops first (default nil).
---@field sameSite? "lax"|"strict"|"none"|boolean Whether requests from other sites carry it; `true`: `"strict"` (default "lax").

--- Option `httpCompression`: gzip or deflate, as clients accept it. `true` compresses answers of any
--- length, and so does a table without `threshold`.
---@class socketio.HttpCompression
---@field threshold? number Shorter answers are sent as they are (default nil).
---@field level? integer From 0, no compression, to 9, the best; -1: zlib's own default (default -1).
---@field memLevel? integer Memory, from 1 to 9 (default 8).
---@field strategy? integer From 0 to 4: the default one, filtered, Huffman only, runs, fixed (default 0).
---@field windowBits? integer The window, from 9 to 15 bits (default 15).
---@field chunkSize? integer Has no effect: an answer is compressed as a whole (default 16384 bytes).

--- Option `perMessageDeflate`. `true` stands for all defaults.
---@class socketio.DeflateOptions
---@field threshold? number Shorter messages are sent as they are (default 1024 bytes).
---@field serverNoContextTakeover? boolean Whether the server compresses each message by itself, which saves memory; otherwise as the client asks (default nil).
---@field clientNoContextTakeover? boolean Whether clients must do so (default nil).
---@field serverMaxWindowBits? integer|boolean The server's window, from 8 to 15 bits (default nil).
---@field clientMaxWindowBits? integer|boolean The clients' window, from 8 to 15 bits (default nil).
---@field zlibDeflateOptions? socketio.ZlibDeflateOptions How zlib compresses (default {}).
---@field zlibInflateOptions? socketio.ZlibInflateOptions How zlib expands (default {}).
---@field concurrencyLimit? integer Has no effect: there are no threads (default 10).

--- Option `perMessageDeflate.zlibDeflateOptions`.
---@class socketio.ZlibDeflateOptions
---@field level? integer From 0, no compression, to 9, the best; -1: zlib's own default (default -1).
---@field memLevel? integer Memory, from 1 to 9 (default 8).
---@field strategy? integer From 0 to 4: the default one, filtered, Huffman only, runs, fixed (default 0).
---@field chunkSize? integer Has no effect: a message is compressed as a whole (default 16384 bytes).

--- Option `perMessageDeflate.zlibInflateOptions`.
---@class socketio.ZlibInflateOptions
---@field chunkSize? integer Has no effect: a message is expanded as a whole (default 16384 bytes).
