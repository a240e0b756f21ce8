--- Objects with JavaScript's manners: methods work as object:name() and object.name(), and stay
-- bound to their object when taken off it; properties are read without a call.

local core = require("socketio.core")

local bind = core.bind

local object = {}

--- Makes the metatable of a class. methods: name to function(self, ...); getters: name to
-- function(self), called at each read; missing: function(self, name), asked for any other name.
-- Methods are bound when first used and then kept in the object.
function object.class(name, methods, getters, missing)
  getters = getters or {}
  return {
    __name = name,
    __index = function(self, key)
      local method = methods[key]
      if method then
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
