---@meta socketio.cqueues

--- `require "socketio.cqueues"`: turns this library's event loop from a controller of cqueues.
---
--- ```lua
--- local cq = require("cqueues").new()
--- local io = require("socketio").Server(3000)
--- require("socketio.cqueues").wrap(cq)
--- assert(cq:loop())
--- ```
---@class socketio.cqueues
local cqueues = {}

--- Adds a coroutine that serves this library's loop until that has nothing left to do.
---@param cq table A controller.
---@return table cq the same
function cqueues.wrap(cq) end

return cqueues
