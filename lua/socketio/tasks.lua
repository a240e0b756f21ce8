--- Tasks: every handler, middleware, timer and callback of the application runs in a coroutine of
-- its own, so that it may wait without holding up anybody, and its error ends it alone.
-- src/lua/task.c runs them.
-- A scope is what a task belongs to: an object whose method _fail(phase, event, message, traceback)
-- reports an error.

local core = require("socketio.core")
local check = require("socketio.check")

local tasks = {}

local running, isyieldable, yield = coroutine.running, coroutine.isyieldable, coroutine.yield

--- run(scope, phase, event, fn, ...): runs fn(...) as a task until it returns, fails or waits.
-- False if it has failed.
tasks.run = core.task

--- Writes an error to standard error, or where the host wants it. what says where it happened.
function tasks.print_error(what, traceback)
  core.log("error", ("error in %s: %s"):format(what, traceback))
end

local fallback = {}

function fallback._fail(_, phase, _, _, traceback)
  tasks.print_error("a " .. phase, traceback)
end

local newest = setmetatable({}, { __mode = "v" })

-- The scope of what runs in no task: the newest server as long as there is one, else what reports
-- on standard error.
local function outermost()
  return newest[1] or fallback
end

--- The onError of this scope, a server, hears of the program's timers too from now on.
function tasks.take_over(scope)
  newest[1] = scope
end

--- What new timers and tasks belong to: the scope of the task that runs, or the one for what
-- belongs to none.
function tasks.scope()
  return core.scope() or outermost()
end

--- Can the running code wait?
tasks.can_wait = isyieldable

--- Suspends the running coroutine until done, given to start, is called; returns what done got.
-- method names the call for the error outside a coroutine.
function tasks.await(method, start)
  local co = running()
  if not isyieldable() then
    check.raise(("'%s' waits for its result, which needs a coroutine: call it in a handler or in "
      .. "socketio.spawn, or give a function as the last argument"):format(method))
  end
  local finished, waiting, results
  start(function(...)
    if finished then
      return
    end
    finished = true
    if waiting then
      core.wake(outermost(), co, ...)
    else
      results = table.pack(...)
    end
  end)
  if finished then
    return table.unpack(results, 1, results.n)
  end
  waiting = true
  local function result(...)
    if finished then
      return ...
    end
    return result(yield()) -- it was the application that resumed the coroutine
  end
  return result(yield())
end

return tasks
