--- Objects with JavaScript's manners: methods work as object:name() and object.name(), and stay
-- bound to their object when taken off it; properties are read without a call.

local core = require("socketio.core")

local bind = core.bind

local object = {}

-- Binds a method, and keeps it in the object.
local function keep(self, name, method)
  local bound = bind(self, method)
  rawset(self, name, bound)
  return bound
end

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
        return keep(self, key, method)
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

--- The same for objects of which there are many. shared: fields that all have in common; passing:
-- a set of names, made by object.passing, of methods that are not kept.
function object.lean_class(name, methods, getters, shared, passing)
  return {
    __name = name,
    __index = function(self, key)
      local method = methods[key]
      if method then
        return (passing[key] or keep)(self, key, method)
      end
      local getter = getters[key]
      if getter then
        return getter(self)
      end
      return shared[key]
    end,
  }
end

local weak = { __mode = "v" }

--- Methods that most objects are asked for but once, and that would make each of them grow. Of each
-- the newest is at hand as long as the collector leaves it: five calls of socket:on in a row need
-- it bound once.
function object.passing(names)
  local owners, newest, set = setmetatable({}, weak), setmetatable({}, weak), {}
  local function pass(self, name, method)
    local bound = owners[name] == self and newest[name]
    if not bound then
      bound = bind(self, method)
      owners[name], newest[name] = self, bound
    end
    return bound
  end
  for _, name in ipairs(names) do
    set[name] = pass
  end
  return set
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
