---@meta

--- Listeners by event, with the methods of Node's EventEmitter. All classes with events have them.
---
--- A listener runs in a coroutine of its own, so it may wait. Its error ends it alone and is
--- reported (option `onError`).
---@class socketio.Emitter
local emitter = {}

--- Calls a function at each event of that name, after the listeners that are there already.
---@param event string
---@param listener fun(...: any)
---@return self
function emitter:on(event, listener) end

--- The same as `on`.
emitter.addListener = emitter.on

--- As `on`, but for the next event only.
emitter.once = emitter.on

--- As `on`, but before the listeners that are there already.
emitter.prependListener = emitter.on

--- As `once`, but before the listeners that are there already.
emitter.prependOnceListener = emitter.on

--- Removes listeners: this one of the event (the newest, if it is there more than once), or all of
--- the event, or all of all events.
---@param event? string
---@param listener? fun(...: any)
---@return self
function emitter:off(event, listener) end

--- The same as `off`.
emitter.removeListener = emitter.off

--- Removes all listeners of an event, or of all events.
---@param event? string
---@return self
function emitter:removeAllListeners(event) end

--- The functions that listen to an event, in the order in which they are called.
---@param event string
---@return (fun(...: any))[]
function emitter:listeners(event) end

--- How many functions listen to an event.
---@param event string
---@return integer
function emitter:listenerCount(event) end

--- The names of the events that have listeners, sorted.
---@return string[]
function emitter:eventNames() end
