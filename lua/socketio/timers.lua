--- Timers and sleep, as JavaScript has them. Each callback runs in a task of its own.

local core = require("socketio.core")
local check = require("socketio.check")
local tasks = require("socketio.tasks")

local timers = {}

local function start(method, fn, ms, repeats, ...)
  fn = check.fn(1, method, fn)
  ms = check.ms(2, method, check.given(ms) or 0)
  local args = table.pack(...)
  local scope = tasks.scope()
  return core.timer(function()
    tasks.run(scope, "timer", nil, fn, table.unpack(args, 1, args.n))
  end, ms, repeats)
end

local function stop(method, timer)
  if check.given(timer) == nil then
    return
  end
  if type(timer) ~= "userdata" or check.kind(timer) ~= "socketio.Timer" then
    check.fail(1, method, "timer", timer)
  end
  timer:stop()
end

--- Calls fn(...) once, after ms milliseconds. Returns the timer, for clearTimeout.
function timers.setTimeout(fn, ms, ...)
  return start("setTimeout", fn, ms, false, ...)
end

--- Calls fn(...) every ms milliseconds. Returns the timer, for clearInterval.
function timers.setInterval(fn, ms, ...)
  return start("setInterval", fn, ms, true, ...)
end

--- Stops a timer; nil and a timer that has ended are harmless.
function timers.clearTimeout(timer)
  stop("clearTimeout", timer)
end

function timers.clearInterval(timer)
  stop("clearInterval", timer)
end

--- Suspends the running coroutine for ms milliseconds; with fn, calls that instead of waiting.
function timers.sleep(ms, fn)
  check.ms(1, "sleep", ms)
  fn = check.given(fn)
  if fn ~= nil then
    start("sleep", fn, ms, false)
    return
  end
  tasks.await("sleep", function(done)
    core.timer(function()
      done()
    end, ms, false)
  end)
end

--- Suspends the running coroutine until done, which fn(done) is given, is called; returns what that
-- was called with.
function timers.await(fn)
  return tasks.await("await", check.fn(1, "await", fn))
end

--- Runs fn(...) in a task of its own, now, until it waits or returns.
function timers.spawn(fn, ...)
  tasks.run(tasks.scope(), "task", nil, check.fn(1, "spawn", fn), ...)
end

return timers
