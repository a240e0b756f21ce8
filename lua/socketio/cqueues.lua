--- Turning this library's event loop from cqueues: require("socketio.cqueues").wrap(cq).

local core = require("socketio.core")
local cqueues = require("cqueues")

local bridge = {}

--- Adds a coroutine to the controller cq that serves this library's loop until that has nothing to
-- do any more. Returns cq.
function bridge.wrap(cq)
  local source = {
    pollfd = core.fd(),
    events = "r",
    timeout = function()
      local ms = core.timeout()
      return ms >= 0 and ms / 1000 or nil
    end,
  }
  cq:wrap(function()
    while core.step() do
      cqueues.poll(source)
    end
  end)
  return cq
end

return bridge
