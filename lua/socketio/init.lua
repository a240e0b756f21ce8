--- Socket.IO for Lua: require "socketio".

local core = require("socketio.core")
local engine_server = require("socketio.engine_server")
local http = require("socketio.http")
local memory = require("socketio.adapter.memory")
local parser = require("socketio.parser")
local pattern = require("socketio.pattern")
local session_aware = require("socketio.adapter.session_aware")
local server = require("socketio.server")
local tasks = require("socketio.tasks")
local timers = require("socketio.timers")

-- Errors that reach the core come from this library, or are out of memory: the application's were
-- caught.
core.setReporter(function(message)
  tasks.print_error("socketio itself", message)
end)

local socketio = {
  _VERSION = core._VERSION,
  --- The protocol's version.
  protocol = 5,

  -- Values.
  null = core.null,
  array = core.array,
  array_mt = core.array_mt,
  binary = core.binary,
  isBinary = core.isBinary,
  pattern = pattern.new,

  adapter = { memory = memory, sessionAware = session_aware },
  parser = parser.choices,

  -- Servers.
  Server = server.new,
  Engine = engine_server.new,
  createServer = http.createServer,

  -- The event loop.
  run = core.run,
  stop = core.stop,
  step = core.step,
  poll = core.poll,
  fd = core.fd,
  timeout = core.timeout,
  now = core.now,

  -- Time.
  setTimeout = timers.setTimeout,
  setInterval = timers.setInterval,
  clearTimeout = timers.clearTimeout,
  clearInterval = timers.clearInterval,
  sleep = timers.sleep,
  await = timers.await,
  spawn = timers.spawn,
}

return setmetatable(socketio, {
  __call = function(_, ...)
    return server.new(...)
  end,
})
