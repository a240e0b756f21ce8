--- Coroutines for what the application hands in. Every handler, middleware, timer and callback runs in
-- one of its own, from a pool, so that it may wait without holding up anybody else, and its error ends it
-- alone.
--
-- A scope is what a task belongs to: an object whose method _fail(phase, event, message, traceback)
-- reports an error.

local check = require("socketio.check")

local tasks = {}

local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield
local running, isyieldable = coroutine.running, coroutine.isyieldable

local IDLE = {} -- what a pooled coroutine yields when its task is done
local POOL_LIMIT = 128

local pool, pooled = {}, 0
local current -- the scope of the task that runs
local suspended = setmetatable({}, { __mode = "k" }) -- coroutine to { scope, phase, event }

local function work(fn, ...)
  fn(...)
  return work(yield(IDLE))
end

-- Called with what resume returned: the task is done, has failed, or waits. before was current then.
local function settle(before, co, scope, phase, event, ok, mark)
  current = before
  if mark == IDLE then
    if pooled < POOL_LIMIT then
      pooled = pooled + 1
      pool[pooled] = co
    end
  elseif ok then
    suspended[co] = { scope, phase, event }
  else
    local traceback = debug.traceback(co, tostring(mark))
    coroutine.close(co)
    scope:_fail(phase, event, mark, traceback)
  end
  return ok
end

--- Runs fn(...) as a task of scope, until it is done or waits. False if it has failed already.
function tasks.run(scope, phase, event, fn, ...)
  local co
  if pooled > 0 then
    co = pool[pooled]
    pool[pooled] = nil
    pooled = pooled - 1
  else
    co = create(work)
  end
  local before = current
  current = scope
  return settle(before, co, scope, phase, event, resume(co, fn, ...))
end

--- What new timers and tasks belong to: the scope of the task that runs, or the one for what belongs to none.
function tasks.scope()
  return current or tasks.fallback
end

-- Resumes a coroutine that waits: a task of ours, or one that the application made itself.
local function wake(co, ...)
  local task = suspended[co]
  if task then
    suspended[co] = nil
    local before = current
    current = task[1]
    settle(before, co, task[1], task[2], task[3], resume(co, ...))
    return
  end
  local ok, message = resume(co, ...)
  if not ok then
    tasks.scope():_fail("handler", nil, message, debug.traceback(co, tostring(message)))
  end
end

--- Can the running code wait?
function tasks.can_wait()
  return isyieldable()
end

--- Suspends the running coroutine until done, given to start, is called; returns what done got. method
-- names the call for the error outside a coroutine.
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
      wake(co, ...)
    else
      results = table.pack(...)
    end
  end)
  if finished then
    return table.unpack(results, 1, results.n)
  end
  waiting = true
  return yield()
end

--- Writes an error to standard error. what says where it happened.
function tasks.print_error(what, traceback)
  io.stderr:write(("socketio: error in %s: %s\n"):format(what, traceback))
end

--- The scope of what runs in no task. Here it reports on standard error; a server takes its place, so that its
-- onError hears of the program's timers too.
tasks.fallback = {}

function tasks.fallback._fail(_, phase, _, _, traceback)
  tasks.print_error("a " .. phase, traceback)
end

return tasks
