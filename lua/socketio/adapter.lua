--- The adapter of a namespace: which sockets are in which rooms. The core holds the rooms; this
-- shows them.
-- Events, with (room) or (room, id): "create-room", "delete-room", "join-room", "leave-room".

local events = require("socketio.events")
local object = require("socketio.object")

local Adapter, getters = {}, {}

local function read_only()
  error("rooms are changed by join and leave", 2)
end

-- A table that looks things up when it is read.
local function view(get, names)
  return setmetatable({}, {
    __index = function(_, name)
      return get(name)
    end,
    __newindex = read_only,
    __len = function()
      return #names()
    end,
    __pairs = function()
      local list, i = names(), 0
      return function()
        i = i + 1
        if list[i] ~= nil then
          return list[i], get(list[i])
        end
      end
    end,
  })
end

--- Room's name to the set of the ids in it.
function getters:rooms()
  local handle = self.nsp._handle
  return view(function(name)
    return type(name) == "string" and handle:room(name) or nil
  end, function()
    return handle:rooms()
  end)
end

--- Socket's id to the set of its rooms' names.
function getters:sids()
  local nsp = self.nsp
  return view(function(id)
    local socket = nsp.sockets[id]
    return socket and socket.rooms
  end, function()
    local ids = {}
    for id in pairs(nsp.sockets) do
      ids[#ids + 1] = id
    end
    return ids
  end)
end

-- A listener has come: from now on the core tells of rooms.
function Adapter:_added()
  self.nsp._handle:watchRooms(true)
end

function Adapter:_fail(...)
  self.nsp:_fail(...)
end

local adapter = {}

--- A socket joined or left a room.
function adapter.room(self, socket, room, joined)
  if not self._on then
    return
  end
  local members = self.nsp._handle:room(room)
  if joined then
    if members and next(members, next(members)) == nil then
      events.fire(self, "handler", "create-room", room)
    end
    events.fire(self, "handler", "join-room", room, socket.id)
  else
    events.fire(self, "handler", "leave-room", room, socket.id)
    if not members then
      events.fire(self, "handler", "delete-room", room)
    end
  end
end

local meta = object.class("socketio.Adapter", object.extend(Adapter, events.methods), getters)

function adapter.new(nsp)
  return setmetatable({ nsp = nsp }, meta)
end

return adapter
