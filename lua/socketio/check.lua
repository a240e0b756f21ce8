--- Refusing wrong calls: Lua errors that name the argument, what was expected and what came, at the
-- position of the application's call.

local null = require("socketio.core").null

local check = {}

local here = debug.getinfo(1, "S").source:match("^(.*)check%.lua$")

--- Raises message as if by the innermost function that is not part of this library.
function check.raise(message)
  local level = 2
  while true do
    local info = debug.getinfo(level, "S")
    if not info then
      error(message, 0)
    end
    if info.what ~= "C" and info.source:sub(1, #here) ~= here then
      error(message, level)
    end
    level = level + 1
  end
end

--- The value, or nil for socketio.null, which may be given wherever nil may.
function check.given(value)
  if value == null then
    return nil
  end
  return value
end

--- The name of a value's kind, for messages.
function check.kind(value)
  if value == null then
    return "null"
  end
  local meta = getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name") or meta -- handles show their name
  return type(name) == "string" and name or type(value)
end

--- Raises "bad argument #n to 'method' (expected expected, got kind)".
function check.fail(n, method, expected, value)
  check.raise(("bad argument #%d to '%s' (%s expected, got %s)"):format(n, method, expected,
    check.kind(value)))
end

--- Is value something that can be called?
function check.callable(value)
  if type(value) == "function" then
    return true
  end
  local meta = getmetatable(value)
  return type(meta) == "table" and type(rawget(meta, "__call")) == "function"
end

--- Argument n of method must be callable; returns it as a plain function.
function check.fn(n, method, value)
  if type(value) == "function" then
    return value
  end
  if not check.callable(value) then
    check.fail(n, method, "function", value)
  end
  return function(...)
    return value(...)
  end
end

--- Argument n of method must be a string.
function check.string(n, method, value, what)
  if type(value) ~= "string" then
    check.fail(n, method, what or "string", value)
  end
  return value
end

--- Argument n of method must be a number of milliseconds.
function check.ms(n, method, value)
  if type(value) ~= "number" or value ~= value or value < 0 then
    check.fail(n, method, "number of milliseconds", value)
  end
  return value
end

--- Argument n of method: a room's name, or a list of them; returns a list of strings. Numbers
-- become their decimal text, as keys of a JavaScript object would.
function check.rooms(n, method, value)
  if type(value) == "string" then
    return { value }
  end
  if type(value) == "number" then
    return { tostring(value) }
  end
  if type(value) ~= "table" or (#value == 0 and next(value) ~= nil) then
    check.fail(n, method, "room or list of rooms", value)
  end
  local rooms = {}
  for i = 1, #value do
    local room = value[i]
    if type(room) ~= "string" and type(room) ~= "number" then
      check.raise(("bad argument #%d to '%s' (room expected at index %d of the list, got %s)")
        :format(n, method, i, check.kind(room)))
    end
    rooms[i] = tostring(room)
  end
  return rooms
end

return check
