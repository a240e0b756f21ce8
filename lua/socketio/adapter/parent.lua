--- The adapter of a parent namespace: all that it is told goes to the adapters of its children.

local check = require("socketio.check")
local memory = require("socketio.adapter.memory")

local Parent = memory:extend()

-- Adapters may change what they are given, so each child gets a packet of its own.
local function copy_of(packet)
  local data = packet.data
  return { type = packet.type, data = table.move(data, 1, data.n, 1, { n = data.n }) }
end

-- The adapters of those that are there now: what they do may make others.
local function adapters_of(self)
  local list = {}
  for _, child in pairs(self.nsp.children) do
    list[#list + 1] = child.adapter
  end
  return list
end

-- Its own events never come.
function Parent._added() end

function Parent:serverCount()
  local servers = 0
  for _, adapter in ipairs(adapters_of(self)) do
    local some, err = adapter:serverCount()
    if not some then
      return nil, err
    end
    servers = servers + some
  end
  return servers
end

function Parent:broadcast(packet, opts)
  for _, adapter in ipairs(adapters_of(self)) do
    adapter:broadcast(copy_of(packet), opts)
  end
end

function Parent:broadcastWithAck(packet, ...)
  local give_up = {}
  for _, adapter in ipairs(adapters_of(self)) do
    give_up[#give_up + 1] = adapter:broadcastWithAck(copy_of(packet), ...)
  end
  return function()
    for _, fn in ipairs(give_up) do
      fn()
    end
  end
end

for method, name in pairs({ fetchSockets = "fetchSockets", sockets = "allSockets" }) do
  Parent[method] = function()
    check.raise(name .. "() is not supported on parent namespaces")
  end
end

for _, name in ipairs({ "addSockets", "delSockets", "disconnectSockets" }) do
  Parent[name] = function(self, ...)
    for _, adapter in ipairs(adapters_of(self)) do
      adapter[name](adapter, ...)
    end
  end
end

return Parent
