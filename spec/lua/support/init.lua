-- What the specs share: servers on free ports, clients, and the loop that drives both in one Lua
-- state.
local socket = require "socket"

local socketio = require "socketio"

local answer = require "support.answer"
local client = require "support.client"
local stream = require "support.stream"

local support = {}

local PATIENCE = 10 -- seconds until a test gives up on what it waits for

-- SIO_GC=generational or eager: the same tests under another collector, to find what is not
-- anchored.
local collector = os.getenv "SIO_GC"
if collector == "generational" then
  collectgarbage "generational"
elseif collector == "eager" then
  collectgarbage("incremental", 100, 200, 5)
end

local servers, pumps, errors = {}, {}, {}

-- === Turning
-- ======================================================================================

local loop = {
  getfd = function()
    return socketio.fd()
  end,
}

-- Sleeps until the loop or one of the clients has something to do.
local function sleep()
  local timeout = socketio.timeout()
  local seconds = timeout < 0 and 0.02 or math.min(timeout / 1000, 0.02)
  local readers = { loop }
  for _, each in ipairs(pumps) do
    for _, one in ipairs(each.transport and each.transport:streams() or { each }) do
      if not one.closed then
        readers[#readers + 1] = one
      end
    end
  end
  socket.select(readers, nil, seconds)
end

-- One turn of the server, and what it makes possible for the clients.
function support.turn()
  socketio.step()
  local came = false
  for _, each in ipairs(pumps) do
    came = each:pump() or came
  end
  if not came then
    sleep()
  end
end

-- Turns until condition() is true and returns that; an error after PATIENCE seconds.
function support.wait(condition, what, level)
  local deadline = socket.gettime() + PATIENCE
  local result = condition()
  while not result do
    if socket.gettime() > deadline then
      error("waited in vain for " .. (what or "a condition"), level or 2)
    end
    support.turn()
    result = condition()
  end
  return result
end

-- Turns for so many milliseconds.
function support.pass(ms)
  local over = socket.gettime() + ms / 1000
  support.wait(function()
    return socket.gettime() >= over
  end)
end

-- Runs fn(...) as a task and waits until it has returned; returns what it returned.
function support.task(fn, ...)
  local results
  socketio.spawn(function(...)
    results = table.pack(fn(...))
  end, ...)
  support.wait(function()
    return results
  end, "a task", 3)
  return table.unpack(results, 1, results.n)
end

-- === Servers and clients
-- ==========================================================================

local function on_error(message, traceback, context)
  errors[#errors + 1] = { message = message, traceback = traceback, context = context }
end

-- A server on a free port. Errors of its handlers are collected, for support.errors.
function support.server(options)
  local all = { onError = on_error }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  local io = assert(socketio.Server(all):listen("127.0.0.1:0"))
  servers[#servers + 1] = io
  return io
end

-- An HTTP server on a free port, and the list of the errors that its handlers raise.
function support.http()
  local http, raised = support.adopt(socketio.createServer()), {}
  rawset(http, "_report", function(message, traceback, context)
    raised[#raised + 1] = { message = message, traceback = traceback, context = context }
  end)
  return assert(http:listen "127.0.0.1:0"), raised
end

-- Closes it, too, when the test ends: a server of socketio.Server or socketio.createServer.
function support.adopt(io)
  servers[#servers + 1] = io
  return io
end

-- The errors that handlers have raised; a test that expects them takes them.
function support.errors()
  local taken = errors
  errors = {}
  return taken
end

local function port_of(where)
  if type(where) == "table" then
    return where:address().port
  end
  return where
end

-- A client of a server, port or path, in no namespace yet.
function support.open(where, options)
  local new = client.open(port_of(where), options or {}, support.wait)
  pumps[#pumps + 1] = new
  support.wait(function()
    return new.open or new.transport.refused
  end, "a session", 3)
  return new
end

-- A client in a namespace. options: transport ("websocket"), namespace ("/"), auth, query, headers,
-- path.
function support.connect(where, options)
  options = options or {}
  return support.open(where, options):enter(options.namespace or "/", options.auth)
end

-- A client and the socket that the server has for it.
function support.pair(io, options)
  local at_client = support.connect(io, options)
  return at_client, assert(io:of(at_client.name).sockets[at_client.id])
end

-- A bare connection.
function support.dial(where)
  local new = stream.connect(port_of(where))
  pumps[#pumps + 1] = new
  return new
end

-- Waits for the next answer on a connection.
function support.answer(at, method)
  return support.wait(function()
    return answer.take(at, method) or (at.closed and at.input == "" and { status = 0,
      headers = {} })
  end, "an HTTP answer", 3)
end

-- One HTTP request on a connection of its own. options: headers, body.
function support.request(where, method, path, options)
  local at = support.dial(where)
  at:send(answer.request(method, path, options))
  local got = support.answer(at, method)
  at:close()
  return got
end

support.request_text = answer.request

-- Closes all clients and lets them go.
function support.forget_clients()
  for _, each in ipairs(pumps) do
    each:close()
  end
  pumps = {}
end

-- Closes all clients and servers; an error when a handler raised one that nobody expected.
function support.clean()
  support.forget_clients()
  local open = #servers
  for _, io in ipairs(servers) do
    io:close(function()
      open = open - 1
    end)
  end
  servers = {}
  support.wait(function()
    return open == 0
  end, "the servers to close")
  local left = support.errors()
  if left[1] then
    error("a handler raised: " .. left[1].traceback, 2)
  end
end

-- === Programs
-- =====================================================================================

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function contents(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  os.remove(path)
  return text
end

-- Runs a Lua program in a process of its own; returns its exit code (or "signal n"), and what it
-- wrote on standard output and standard error. Of environment, name to value.
function support.program(text, environment)
  local source, out, err = os.tmpname(), os.tmpname(), os.tmpname()
  local file = assert(io.open(source, "w"))
  file:write(("package.path = %q\npackage.cpath = %q\n"):format(package.path, package.cpath), text)
  file:close()
  local assignments = {}
  for name, value in pairs(environment or {}) do
    assignments[#assignments + 1] = ("%s=%s"):format(name, quoted(value))
  end
  local _, how, code = os.execute(("%s timeout 60 lua5.4 %s >%s 2>%s </dev/null"):format(
    table.concat(assignments, " "), quoted(source), quoted(out), quoted(err)))
  os.remove(source)
  return how == "exit" and code or how .. " " .. code, contents(out), contents(err)
end

return support
