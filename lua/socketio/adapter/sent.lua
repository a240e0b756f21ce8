--- The packets that a namespace has sent of late, oldest first and by room: what somebody has
-- missed is found without looking at what others were sent.
--
-- A packet is { offset, message, rooms = list (empty: everybody), except = list, at = ms, size =
-- bytes }, and gets its place, a number that grows.

local queue = require("socketio.queue")

local Sent = {}
Sent.__index = Sent

local sent = {}

local EVERYBODY = {} -- what stands for the room of all, which has no name
local TO_ALL = { EVERYBODY }

function sent.new()
  return setmetatable({
    bytes = 0, -- of all packets
    _packets = queue.new(),
    _by_room = {}, -- room to the queue of its packets
    _by_offset = {},
  }, Sent)
end

local function rooms_of(packet)
  return #packet.rooms > 0 and packet.rooms or TO_ALL
end

function Sent:push(packet)
  packet.place = self._packets:push(packet)
  self._by_offset[packet.offset] = packet
  self.bytes = self.bytes + packet.size
  for _, room in ipairs(rooms_of(packet)) do
    self._by_room[room] = self._by_room[room] or queue.new()
    self._by_room[room]:push(packet)
  end
end

--- The oldest, or nil.
function Sent:first()
  return self._packets:first()
end

--- Drops the oldest, which is there.
function Sent:pop()
  local packet = self._packets:pop()
  self._by_offset[packet.offset] = nil
  self.bytes = self.bytes - packet.size
  for _, room in ipairs(rooms_of(packet)) do
    local packets = self._by_room[room]
    packets:pop()
    if not packets:first() then
      self._by_room[room] = nil
    end
  end
end

--- The place of the packet of that offset, or nil.
function Sent:place(offset)
  local packet = self._by_offset[offset]
  return packet and packet.place
end

local function has_one(set, names)
  for _, name in ipairs(names) do
    if set[name] then
      return true
    end
  end
  return false
end

local function by_place(a, b)
  return a.place < b.place
end

--- The packets behind a place that were meant for who is in those rooms (a list), in order.
function Sent:behind(place, rooms)
  local found, sources, seen, is_in = {}, 0, {}, { [EVERYBODY] = true }
  for _, room in ipairs(rooms) do
    is_in[room] = true
  end
  local function is_behind(packet)
    return packet.place > place
  end
  for room in pairs(is_in) do
    local before = #found
    local packets = self._by_room[room] or queue.new()
    for packet in packets:newest(is_behind) do
      if not seen[packet] and not has_one(is_in, packet.except) then
        seen[packet] = true
        found[#found + 1] = packet
      end
    end
    sources = sources + (#found > before and 1 or 0)
  end
  if sources > 1 then
    table.sort(found, by_place)
  end
  return found
end

return sent
