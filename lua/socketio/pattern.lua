--- Lua patterns where JavaScript takes a regular expression.

local check = require("socketio.check")

local Pattern = {}
Pattern.__index = Pattern
Pattern.__name = "socketio.Pattern"

--- Does the text match?
function Pattern:matches(text)
  return text:find(self.pattern) ~= nil
end

function Pattern:__tostring()
  return ("socketio.pattern(%q)"):format(self.pattern)
end

local pattern = {}

--- Marks a Lua pattern, for cors.origin and the like. A malformed one is an error here, not later.
function pattern.new(text)
  check.string(1, "pattern", text, "Lua pattern")
  local ok, message = pcall(string.find, "", text)
  if not ok then
    check.raise("bad argument #1 to 'pattern' (" .. tostring(message) .. ")")
  end
  return setmetatable({ pattern = text }, Pattern)
end

function pattern.is(value)
  return getmetatable(value) == Pattern
end

return pattern
