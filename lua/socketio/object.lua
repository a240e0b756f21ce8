--- Objects with JavaScript's manners: methods work as object:name() and object.name(), and stay
-- bound to their object when taken off it; properties are read without a call.

local core = require("socketio.core")

local bind = core.bind

local object = {}

-- Binds methods by name; of each the newest is kept, as long as the collector leaves it: five calls
-- of socket:on in a row need it bound once.
local function passing_binder()
  local owners = setmetatable({}, { __mode = "v" })
  local newest = setmetatable({}, { __mode = "v" })
  return function(self, name, method)
    local bound = owners[name] == self and newest[name]
    if not bound then
      bound = bind(self, method)
      owners[name], newest[name] = self, bound
    end
    return bound
  end
end

--- Makes the metatable of a class. methods: name to function(self, ...); getters: name to
-- function(self), called at each read; missing: function(self, name), asked for any other name.
-- Methods are bound when first used and then kept in the object, but for those whose names are in
-- passing, a set: they would make each object grow for good.
function object.class(name, methods, getters, missing, passing)
  getters, passing = getters or {}, passing or {}
  local pass = passing_binder()
  return {
    __name = name,
    __index = function(self, key)
      local method = methods[key]
      if method then
        if passing[key] then
          return pass(self, key, method)
        end
        local bound = bind(self, method)
        rawset(self, key, bound)
        return bound
      end
      local getter = getters[key]
      if getter then
        return getter(self)
      end
      if missing then
        return missing(self, key)
      end
      return nil
    end,
  }
end

--- The same for objects most of which are used once: they do not keep the methods that are bound,
-- which would make each of them grow.
function object.brief_class(name, methods, getters)
  return { __name = name, __index = core.briefIndex(methods, getters) }
end

--- Copies the functions of each of the other tables into methods where it has none; returns it.
function object.extend(methods, ...)
  for _, more in ipairs({ ... }) do
    for name, fn in pairs(more) do
      if methods[name] == nil then
        methods[name] = fn
      end
    end
  end
  return methods
end

return object
