--- Which origins are allowed: by a string, a pattern, a list of these, or a boolean.

local check = require("socketio.check")
local pattern = require("socketio.pattern")

local origins = {}

--- Is origin among them? It is nil when the request has none.
function origins.allow(allowed, origin)
  if type(allowed) == "table" and not pattern.is(allowed) then
    for _, one in ipairs(allowed) do
      if origins.allow(one, origin) then
        return true
      end
    end
    return false
  end
  if type(allowed) == "string" then
    return allowed == origin
  end
  if pattern.is(allowed) then
    return origin ~= nil and allowed:matches(origin)
  end
  return check.given(allowed) and true or false
end

return origins
