---@meta socketio

--- What `require "socketio"` gives. The names are those of the JavaScript server of Socket.IO.
---
--- ```lua
--- local socketio = require "socketio"
---
--- local io = socketio.Server(3000, { cors = { origin = "*" } })
---
--- io:on("connection", function(socket)
---   socket:on("chat message", function(text, done)
---     io:emit("chat message", text)
---     done("sent")
---   end)
--- end)
---
--- socketio.run()
--- ```
---@class socketio
---@field _VERSION string The version of this library.
---@field protocol integer The version of the Socket.IO protocol: 5.
---@field null socketio.Null `null` within an array or object; the same value as `cjson.null`.
---@field array_mt table The metatable of tables that are arrays, whatever is in them.
---@field adapter socketio.Adapters What the option `adapter` chooses from.
---@field parser socketio.Parsers What the option `parser` chooses from.
---@overload fun(target?: integer|string|socketio.HttpServer, options?: socketio.ServerOptions): socketio.Server # The same as `Server`.
---@overload fun(options?: socketio.ServerOptions): socketio.Server
local socketio = {}

--- Makes a Socket.IO server, which listens at once when a target is given. Raises an error for a
--- bad option, and when it cannot listen; to be told instead, make it without a target and call
--- `listen`.
---@param target? integer|string|socketio.HttpServer A port (0 picks a free one), `"host:port"` or `"unix:/path"`, or a server to attach to.
---@param options? socketio.ServerOptions
---@return socketio.Server io
---@overload fun(options?: socketio.ServerOptions): socketio.Server
function socketio.Server(target, options) end

--- Makes an Engine.IO server without Socket.IO: its connections send and receive plain messages.
--- Raises as `Server` does.
---@param target? integer|string|socketio.HttpServer As for `Server`.
---@param options? socketio.EngineOptions
---@return socketio.EngineServer engine
---@overload fun(options?: socketio.EngineOptions): socketio.EngineServer
function socketio.Engine(target, options) end

--- Makes an HTTP server, for requests beside Socket.IO. Raises an error for a bad option and for
--- certificates that cannot be used.
---@param options? socketio.HttpOptions
---@return socketio.HttpServer http
function socketio.createServer(options) end

--- Turns the event loop, which serves all servers and timers of this Lua state. Raises an error
--- when the loop is already turning, that is in a handler.
---@param mode? "default"|"once"|"nowait" `"default"`: until `stop` is called or nothing is left to do. `"once"`: waits for something and handles it. `"nowait"`: handles what is ready.
---@return boolean active whether anything is left to do
function socketio.run(mode) end

--- Ends the `run` that is turning the loop, after the current turn.
function socketio.stop() end

--- One turn of the loop that never waits, for programs with an event loop of their own.
---@return boolean active whether anything is left to do
function socketio.step() end

--- Handles what is ready and never waits, for the frame loop of a game. At least one turn is made,
--- further ones as long as the budget lasts.
---@param budget? number Milliseconds (default 0 ms).
---@return boolean active whether anything is left to do
function socketio.poll(budget) end

--- The descriptor that another event loop watches for reading, to call `step` when it is ready.
---@return integer fd
function socketio.fd() end

--- When the loop wants its next turn, even if nothing becomes readable.
---@return integer ms milliseconds from now; -1: no need
function socketio.timeout() end

--- The loop's clock: it goes on steadily, from an arbitrary start.
---@return integer ms milliseconds
function socketio.now() end

--- Calls a function once, later.
---@param fn fun(...: any)
---@param ms? number Milliseconds until then (default 0 ms).
---@param ... any What `fn` is called with.
---@return socketio.Timer timer
function socketio.setTimeout(fn, ms, ...) end

--- Calls a function again and again.
---@param fn fun(...: any)
---@param ms? number Milliseconds from one call to the next (default 0 ms).
---@param ... any What `fn` is called with.
---@return socketio.Timer timer
function socketio.setInterval(fn, ms, ...) end

--- Stops a timer. One that has ended, and `nil`, are harmless.
---@param timer? socketio.Timer
function socketio.clearTimeout(timer) end

--- Stops a timer. One that has ended, and `nil`, are harmless.
---@param timer? socketio.Timer
function socketio.clearInterval(timer) end

--- Suspends the running handler, and it alone. Needs a coroutine: that of any handler, or of
--- `spawn`.
---@param ms number Milliseconds.
---@param fn? fun() Called then; with it, nothing is suspended.
function socketio.sleep(ms, fn) end

--- Suspends the running handler until something that calls back has done so.
---
--- ```lua
--- local rows, err = socketio.await(function(done)
---   database:query("select 1", done)
--- end)
--- ```
---@param fn fun(done: fun(...: any)) Starts it; `done` is to be called once.
---@return any ... what `done` was called with
function socketio.await(fn) end

--- Runs a function as handlers run: in a coroutine, where it may wait. It starts at once; its error
--- is reported and ends it alone.
---@param fn fun(...: any)
---@param ... any What it is called with.
function socketio.spawn(fn, ...) end

--- Marks a table as an array, so that it goes out as one even when it is empty. Tables that came in
--- as arrays are marked.
---@param t? table A sequence; a new table when there is none.
---@return table t the same table
function socketio.array(t) end

--- Makes a binary value, which goes out as bytes instead of text.
---@param bytes string|socketio.Binary
---@return socketio.Binary binary
function socketio.binary(bytes) end

--- Is this a binary value?
---@param value any
---@return boolean
function socketio.isBinary(value) end

--- Marks a Lua pattern, where JavaScript takes a regular expression: in `of`, `cors.origin`,
--- `origins`. It matches anywhere in the text unless it is anchored. Raises an error when it is
--- malformed.
---@param text string
---@return socketio.Pattern pattern
function socketio.pattern(text) end

return socketio
