--- Middlewares: functions called one after the other, each of which goes on with next() or stops
-- with next(err), now or later.

local check = require("socketio.check")
local tasks = require("socketio.tasks")

local chain = {}

--- Runs fns[1](subject, next), then the others, each as a task of scope; finally done(err), once. A
-- middleware that raises is reported, and stops the chain with an error that tells no secrets.
function chain.run(scope, fns, event, subject, done)
  local ended = false
  local step
  local failing = {
    _fail = function(_, phase, _, message, traceback)
      scope:_fail(phase, event, message, traceback)
      if not ended then
        ended = true
        done("internal error")
      end
    end,
  }
  function step(i, err)
    if ended then
      return
    end
    local fn = fns[i]
    err = check.given(err)
    if err ~= nil or not fn then
      ended = true
      done(err)
      return
    end
    local called = false
    tasks.run(failing, "middleware", event, fn, subject, function(e)
      if not called then
        called = true
        step(i + 1, e)
      end
    end)
  end
  step(1)
end

return chain
