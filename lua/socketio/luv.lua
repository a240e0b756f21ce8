--- Turning this library's event loop from luv's: require("socketio.luv").attach().
-- The two loops stay apart: luv watches a descriptor of ours and runs a turn when it is readable or
-- a deadline is due.

local core = require("socketio.core")
local uv = require("luv")

local luv = {}

--- Attaches to luv's loop. From now on uv.run() serves both, and stays as long as either has
-- something to do. Returns a function that detaches.
function luv.attach()
  local poll, prepare, timer = uv.new_poll(core.fd()), uv.new_prepare(), uv.new_timer()
  local function turn()
    core.step()
  end
  -- Before luv sleeps: what our loop waits for may have changed.
  local function arm()
    if core.alive() then
      uv.ref(poll)
    else
      uv.unref(poll)
    end
    local ms = core.timeout()
    if ms >= 0 then
      uv.timer_start(timer, ms, 0, turn)
    else
      uv.timer_stop(timer)
    end
  end
  uv.poll_start(poll, "r", turn)
  uv.prepare_start(prepare, arm)
  uv.unref(prepare)
  uv.unref(timer)
  arm()
  return function()
    for _, handle in ipairs({ poll, prepare, timer }) do
      if not uv.is_closing(handle) then
        uv.close(handle)
      end
    end
  end
end

return luv
