--- Kinds of adapters, the classes of which each namespace has an instance. A kind is a table of
-- methods that is called with a namespace to make an adapter:
--
--   local Mine = socketio.adapter.memory:extend()
--   function Mine:broadcast(packet, opts)
--     Mine.super.broadcast(self, packet, opts)
--   end
--   local io = socketio.Server(3000, { adapter = Mine })

local object = require("socketio.object")

local kind = {}

local NAME = "socketio.Adapter"

-- The metatable of the adapters of a kind. What is no function is not a method.
local function class_of(self, getters)
  local methods = setmetatable({}, {
    __index = function(_, name)
      local member = self[name]
      return type(member) == "function" and member or nil
    end,
  })
  local class = object.class(NAME, methods, getters)
  class.kind = self
  return class
end

--- A kind that has the methods of super, and those that are added to it. All have the getters that
-- the first of them was made with.
function kind.new(super, getters)
  local self = { super = super }
  local class = class_of(self, getters)
  function self.extend(other)
    return kind.new(other, getters)
  end
  return setmetatable(self, {
    __name = "socketio.AdapterKind",
    __index = super,
    __call = function(_, nsp)
      return setmetatable({ nsp = nsp }, class)
    end,
  })
end

--- The kind of an adapter.
function kind.of(adapter)
  return getmetatable(adapter).kind
end

--- Is value an adapter?
function kind.is_adapter(value)
  local meta = getmetatable(value)
  return type(value) == "table" and type(meta) == "table" and rawget(meta, "__name") == NAME
end

return kind
