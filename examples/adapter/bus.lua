-- An adapter that links the servers of one process, by namespace: what one of them sends reaches
-- the clients of all. Between processes the same needs a broker in place of tell and ask, and
-- messages of bytes.
--
--   local Bus = require "bus"
--   local a = socketio.Server(3000, { adapter = Bus })
--   local b = socketio.Server(3001, { adapter = Bus })
local socketio = require "socketio"

local Bus = socketio.adapter.memory:extend()
local super = Bus.super

local linked = {} -- namespace's name to the list of its adapters

local function servers_of(self)
  linked[self.nsp.name] = linked[self.nsp.name] or {}
  return linked[self.nsp.name]
end

-- === The bus =================================================================================

-- Calls fn(other) for each other server, later, as messages of a network would arrive.
local function tell(self, fn)
  for _, other in ipairs(servers_of(self)) do
    if other ~= self then
      socketio.setTimeout(fn, 0, other)
    end
  end
end

-- Waits for fn(other) of each other server; returns the list of what they returned.
local function ask(self, fn)
  local answers, missing = {}, #servers_of(self) - 1
  if missing == 0 then
    return answers
  end
  return socketio.await(function(done)
    tell(self, function(other)
      answers[#answers + 1] = fn(other)
      missing = missing - 1
      if missing == 0 then
        done(answers)
      end
    end)
  end)
end

local function stays_here(opts)
  return opts.flags["local"]
end

-- === Life ====================================================================================

function Bus:init()
  table.insert(servers_of(self), self)
end

function Bus:close()
  for i, adapter in ipairs(servers_of(self)) do
    if adapter == self then
      table.remove(servers_of(self), i)
    end
  end
end

function Bus:serverCount()
  return #servers_of(self)
end

-- === Sending =================================================================================

-- Each server may change its packet.
local function copy_of(packet)
  local data = packet.data
  return { type = packet.type, data = table.move(data, 1, data.n, 1, { n = data.n }) }
end

function Bus:broadcast(packet, opts)
  super.broadcast(self, packet, opts)
  if not stays_here(opts) then
    tell(self, function(other)
      super.broadcast(other, copy_of(packet), opts)
    end)
  end
end

function Bus:broadcastWithAck(packet, opts, counted, answered, gone)
  local give_up = super.broadcastWithAck(self, packet, opts, counted, answered, gone)
  tell(self, function(other)
    if stays_here(opts) then
      counted(0)
    else
      super.broadcastWithAck(other, copy_of(packet), opts, counted, answered, gone)
    end
  end)
  return give_up
end

-- === The sockets =============================================================================

-- What can be told of a socket to another server.
local function details(socket)
  local rooms = {}
  for room in pairs(socket.rooms) do
    rooms[#rooms + 1] = room
  end
  return { id = socket.id, handshake = socket.handshake, rooms = rooms, data = socket.data }
end

function Bus:fetchSockets(opts)
  local sockets = super.fetchSockets(self, opts)
  local found = stays_here(opts) and {} or ask(self, function(other)
    return super.fetchSockets(other, opts)
  end)
  for _, list in ipairs(found) do
    for _, socket in ipairs(list) do
      sockets[#sockets + 1] = details(socket)
    end
  end
  return sockets
end

function Bus:sockets(opts)
  local ids = {}
  for _, socket in ipairs(self:fetchSockets(opts)) do
    ids[socket.id] = true
  end
  return ids
end

for _, name in ipairs { "addSockets", "delSockets", "disconnectSockets" } do
  Bus[name] = function(self, opts, value)
    super[name](self, opts, value)
    if not stays_here(opts) then
      tell(self, function(other)
        super[name](other, opts, value)
      end)
    end
  end
end

-- === Servers among themselves ================================================================

function Bus:serverSideEmit(args)
  local answered = args[args.n]
  if type(answered) ~= "function" then
    tell(self, function(other)
      other:receive(args)
    end)
    return
  end
  socketio.spawn(function()
    answered(nil, ask(self, function(other)
      return socketio.await(function(answer)
        local copy = table.move(args, 1, args.n - 1, 1, { n = args.n })
        copy[copy.n] = answer
        other:receive(copy)
      end)
    end))
  end)
end

return Bus
