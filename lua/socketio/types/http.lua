---@meta

--- An HTTP server beside Socket.IO: made by `socketio.createServer`, or the one that `io:listen`
--- made, `io.httpServer`.
---
--- ```lua
--- local http = socketio.createServer { tls = { cert = "fullchain.pem", key = "privkey.pem" } }
--- http:static("/", "public")
--- http:on("request", function(req, res)
---   if req.path == "/time" then res:json { time = os.time() } else res:status(404):send("Not Found") end
--- end)
--- http:listen(443)
--- io:attach(http)
--- ```
---@class socketio.HttpServer: socketio.Emitter
local http = {}

--- Calls a function at each event of that name.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.HttpServer, event: "request", listener: fun(req: socketio.HttpRequest, res: socketio.HttpResponse)): socketio.HttpServer # A request has come that neither Socket.IO nor `static` answers. Without a listener it is answered with 404; if the listener raises an error, with 500.
function http:on(event, listener) end

http.once = http.on
http.addListener = http.on
http.prependListener = http.on
http.prependOnceListener = http.on

--- Opens a port, also more than one by further calls. It is open when this returns.
---@param address integer|string A port (0 picks a free one), `"host:port"` with a numeric host or localhost, or `"unix:/path"`.
---@param given? socketio.ListenOptions For this address alone.
---@return socketio.HttpServer? http nil when the port cannot be opened
---@return string? message what is wrong, and what to do
---@return string? code such as `"EADDRINUSE"`
function http:listen(address, given) end

--- Where it listens; `nil` when it does not.
---@return socketio.Address?
function http:address() end

--- Serves the files of a folder: with their types, ETag, ranges, `index.html` for folders,
--- compressed where that is worth it. Nothing outside the folder is given out, nor what begins with
--- a dot. Raises an error when there is no such folder.
---@param prefix string The path below which they appear, such as `"/"`.
---@param folder string
---@return self
function http:static(prefix, folder) end

--- Stops listening. Waits until the last connection is closed; outside any coroutine it does not
--- wait.
---@param fn? fun() Called then, instead of waiting.
function http:close(fn) end

--- Reads certificates and keys again, or takes others, for connections that are opened from now on.
--- If something is wrong with them, the old ones stay in use. Raises an error when the server has
--- no TLS.
---@param given? socketio.TlsOptions Instead of those that it has.
---@return socketio.HttpServer? http
---@return string? message
---@return string? code
function http:reloadTls(given) end

--- A request.
---@class socketio.HttpRequest
---@field method string Such as `"GET"`.
---@field url string Its target: path and query, as they came.
---@field path string The path alone.
---@field query table<string, string> The query, decoded. Of several values of a name, the last.
---@field headers table<string, string> The headers, with lower-case names.
---@field remoteAddress string The IP address of the other end; behind a proxy, the proxy's.
---@field secure boolean Whether the connection is encrypted.
---@field upgrade boolean Whether it asks for another protocol, such as WebSocket.
---@field body? string Its body: waits for it, as `text` does. Outside any coroutine `nil` until it has come.
local req = {}

--- Waits for the body, at most 1000000 bytes.
---@param fn? fun(err: string?, text: string?) Gets it, instead of waiting.
---@return string? text
---@return string? err
function req:text(fn) end

--- Waits for the body and reads it as JSON.
---@param fn? fun(err: string?, value: any) Gets it, instead of waiting.
---@return any value
---@return string? err
function req:json(fn) end

--- The answer to a request. It may be given later. What is called after it was given does nothing.
---@class socketio.HttpResponse
---@field statusCode integer The status; 200 unless it was set by `status`.
---@field finished boolean Whether nothing can be sent any more: the answer is complete, or the client has gone.
local res = {}

--- Sets the status.
---@param code integer From 200 to 999.
---@return self
function res:status(code) end

--- Sets a header. Raises an error for what cannot be sent: a name or value with characters that are
--- not allowed, and headers that the connection manages.
---@param name string
---@param value any A string or number, a list for as many lines, or `nil`, which removes it.
---@return self
function res:set(name, value) end

--- Gives the whole answer: text, as HTML unless a Content-Type was set, or a binary value.
---@param text? string|number|socketio.Binary
---@return self
function res:send(text) end

--- Gives the whole answer: a value as JSON.
---@param value socketio.Value
---@return self
function res:json(value) end

--- Gives a file as the whole answer, with its type, ETag and ranges; 404 when there is none. With a
--- status other than 200 it is sent whole. The path is not checked: never take it from a request.
---@param path string
---@return self
function res:sendFile(path) end

--- Sends a piece of the answer. The first one sends the status and the headers; `finish` ends it.
--- In a coroutine it waits while the client is slow to take what was written before.
---@param chunk string
---@return self
function res:write(chunk) end

--- Ends the answer.
---@param chunk? string A last piece.
---@return self
function res:finish(chunk) end
