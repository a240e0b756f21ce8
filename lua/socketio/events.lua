--- Listeners by event, as Node's EventEmitter has them. The object keeps them itself, since a table
-- for those of each socket would take more memory than they do: under the event's name behind a NUL
-- byte (src/lua/hooks.c knows, too) there is one listener, or a list of several. A listener is a
-- function, or { once = function }. Lists are never changed in place, so firing an event is not
-- disturbed by listeners that come and go meanwhile.

local array = require("socketio.core").array
local check = require("socketio.check")
local tasks = require("socketio.tasks")

local events = {}

local next, rawget, rawset, type = next, rawget, rawset, type

local MARK = "\0"

-- The event whose listeners an object keeps under key; nil for its other fields.
local function event_of(key)
  return type(key) == "string" and key:sub(1, 1) == MARK and key:sub(2) or nil
end

local function is_list(entry)
  return type(entry) == "table" and entry.once == nil
end

local function original(listener)
  return type(listener) == "table" and listener.once or listener
end

-- The listeners of an event as a list that must not be changed.
local function list_of(self, event)
  local entry = rawget(self, MARK .. event)
  if entry == nil then
    return {}
  end
  return is_list(entry) and entry or { entry }
end

local function add(self, method, event, fn, once, first)
  if type(event) == "number" then
    event = tostring(event)
  elseif type(event) ~= "string" then
    check.fail(1, method, "event name", event)
  end
  fn = check.fn(2, method, fn)
  local listener = once and { once = fn } or fn
  local key = MARK .. event
  if rawget(self, key) == nil then
    rawset(self, key, listener)
  else
    local list = table.move(list_of(self, event), 1, #list_of(self, event), 1, {})
    table.insert(list, first and 1 or #list + 1, listener)
    rawset(self, key, list)
  end
  if self._added then
    self:_added(event)
  end
  return self
end

-- Removes the newest listener for which matches(listener) is true.
local function remove(self, event, matches)
  local list = list_of(self, event)
  for i = #list, 1, -1 do
    if matches(list[i]) then
      local rest = table.move(list, 1, #list, 1, {})
      table.remove(rest, i)
      rawset(self, MARK .. event, #rest > 1 and rest or rest[1])
      return true
    end
  end
  return false
end

--- The methods that a class gets. All but the last three return the object.
events.methods = {}
local methods = events.methods

function methods:on(event, fn)
  return add(self, "on", event, fn)
end

function methods:addListener(event, fn)
  return add(self, "addListener", event, fn)
end

function methods:prependListener(event, fn)
  return add(self, "prependListener", event, fn, false, true)
end

function methods:once(event, fn)
  return add(self, "once", event, fn, true)
end

function methods:prependOnceListener(event, fn)
  return add(self, "prependOnceListener", event, fn, true, true)
end

--- off(event, fn) removes one listener; off(event) all of the event; off() all.
function methods:off(event, fn)
  if fn == nil then
    return methods.removeAllListeners(self, event)
  end
  remove(self, tostring(event), function(listener)
    return original(listener) == fn
  end)
  return self
end

function methods:removeListener(event, fn)
  return methods.off(self, event, fn)
end

function methods:removeAllListeners(event)
  if event ~= nil then
    rawset(self, MARK .. tostring(event), nil)
    return self
  end
  for key in next, self do
    if event_of(key) then
      rawset(self, key, nil)
    end
  end
  return self
end

--- The functions that listen to an event, in the order they are called.
function methods:listeners(event)
  local fns = {}
  for i, listener in ipairs(list_of(self, tostring(event))) do
    fns[i] = original(listener)
  end
  return array(fns)
end

function methods:listenerCount(event)
  return #list_of(self, tostring(event))
end

--- The names of the events that have listeners, sorted.
function methods:eventNames()
  local names = {}
  for key in next, self do
    names[#names + 1] = event_of(key)
  end
  table.sort(names)
  return array(names)
end

local function call(scope, self, phase, event, listener, ...)
  if type(listener) == "table" then
    remove(self, event, function(other)
      return other == listener
    end)
    listener = listener.once
  end
  tasks.run(scope, phase, event, listener, ...)
end

--- Calls the listeners of event with the arguments, each in a task of scope. False if there are
-- none.
function events.fire_in(scope, self, phase, event, ...)
  local entry = rawget(self, MARK .. event)
  if entry == nil then
    return false
  end
  if is_list(entry) then
    for i = 1, #entry do
      call(scope, self, phase, event, entry[i], ...)
    end
  else
    call(scope, self, phase, event, entry, ...)
  end
  return true
end

--- The same in tasks of the object itself.
function events.fire(self, ...)
  return events.fire_in(self, self, ...)
end

--- The object to gets the listeners that from has.
function events.copy(from, to)
  for key, entry in next, from do
    if event_of(key) then
      rawset(to, key, entry)
    end
  end
end

return events
