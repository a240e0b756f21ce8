---@meta socketio.luv

--- `require "socketio.luv"`: turns this library's event loop from luv's.
---
--- ```lua
--- local uv = require "luv"
--- require("socketio.luv").attach()
--- local io = require("socketio").Server(3000)
--- uv.run()
--- ```
---@class socketio.luv
local luv = {}

--- From now on `uv.run` serves both loops, and stays as long as either has something to do.
---@return fun() detach ends that
function luv.attach() end

return luv
