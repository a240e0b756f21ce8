--- The adapter of a namespace whose clients are all connected to this process; and what all other
-- adapters begin with (docs/adapters.md). The core holds the rooms; this shows and changes them.
--
-- opts is { rooms = list (empty: everybody), except = list, flags = table }; packet is { type = 2,
-- data = { event, ..., n = count } }.
--
-- Events, with (room) or (room, id): "create-room", "delete-room", "join-room", "leave-room".

local core = require("socketio.core")
local check = require("socketio.check")
local emitting = require("socketio.emitting")
local events = require("socketio.events")
local kind = require("socketio.adapter.kind")
local object = require("socketio.object")
local socket_of = require("socketio.socket")
local tasks = require("socketio.tasks")

local getters = {}

local Memory = kind.new(nil, getters)
object.extend(Memory, events.methods)

-- === Life ====================================================================================

--- The namespace is ready to be used: connect to whatever links the servers.
function Memory.init() end

--- The namespace or its server closes; init may follow.
function Memory.close() end

--- How many servers there are. May wait.
function Memory.serverCount()
  return 1
end

-- === Rooms ===================================================================================

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

--- Room's name to the set of the ids in it. (A parent namespace has none.)
function getters:rooms()
  local handle = self.nsp._handle
  return view(function(name)
    return handle and type(name) == "string" and handle:room(name) or nil
  end, function()
    return handle and handle:rooms() or {}
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

--- The socket of that id, connected or about to be, joins each of a list of rooms.
function Memory:addAll(id, rooms)
  local socket = self.nsp:_socket(id)
  for _, room in ipairs(socket and rooms or {}) do
    socket._handle:join(room)
  end
end

--- It leaves a room.
function Memory:del(id, room)
  local socket = self.nsp:_socket(id)
  if socket then
    socket._handle:leave(room)
  end
end

--- It leaves all rooms: it disconnects.
function Memory:delAll(id)
  local socket = self.nsp:_socket(id)
  if socket then
    socket._handle:leaveAll()
  end
end

--- The set of its rooms, or nil.
function Memory:socketRooms(id)
  local socket = self.nsp.sockets[id]
  return socket and socket.rooms
end

-- A listener has come: from now on the core tells of rooms.
function Memory:_added()
  rawset(self, "_is_heard", true)
  self.nsp._handle:watchRooms(true)
end

function Memory:_fail(...)
  self.nsp:_fail(...)
end

--- The core tells that a socket joined or left a room.
function Memory:_room(socket, room, joined)
  if not self._is_heard then
    return
  end
  local members = self.nsp._handle:count(room)
  if joined then
    if members == 1 then
      events.fire(self, "handler", "create-room", room)
    end
    events.fire(self, "handler", "join-room", room, socket.id)
  else
    events.fire(self, "handler", "leave-room", room, socket.id)
    if members == 0 then
      events.fire(self, "handler", "delete-room", room)
    end
  end
end

-- === Sending =================================================================================

local function select(self, opts)
  return self.nsp._handle:select(opts.rooms, opts.except)
end

local function send(self, packet, opts)
  emitting.broadcast(self.nsp, opts.rooms, opts.except, opts.flags, packet.id,
    table.unpack(packet.data, 1, packet.data.n))
end

--- Sends a packet to the sockets of opts. Raises, and nothing is sent, for a value that has no form
-- on the wire. (Operators do the same without these tables where nobody has put another method in
-- its place.)
function Memory:broadcast(packet, opts)
  send(self, packet, opts)
end

--- The packet as it is sent, to be kept: its method size() tells its bytes. nil when the namespace
-- is gone. Raises as broadcast.
function Memory:encode(packet, opts)
  local data = packet.data
  local message, problem = self.nsp._handle:encode(opts.flags.compress, packet.id,
    table.unpack(data, 1, data.n))
  if problem then
    check.raise(problem)
  end
  return message
end

--- Sends what encode made of the packet to the sockets of opts.
function Memory:transmit(message, packet, opts)
  self.nsp._handle:send(opts.rooms, opts.except, opts.flags.volatile, message)
  self.nsp:_tell_outgoing(opts.rooms, opts.except, table.unpack(packet.data, 1, packet.data.n))
end

--- Sends a packet that each client acknowledges. For each server, counted(clients) is called once,
-- for each answer answered(value), for each client of this process that leaves without an answer
-- gone(), unless that is nil. Returns a function that gives up on those who have not answered.
function Memory:broadcastWithAck(packet, opts, counted, answered, gone)
  local sockets = select(self, opts)
  local id = self.nsp._handle:nextId()
  packet.id = id
  send(self, packet, opts)
  for _, socket in ipairs(sockets) do
    socket_of.expect(socket, id, answered, gone)
  end
  counted(#sockets)
  return function()
    for _, socket in ipairs(sockets) do
      socket_of.forget_answer(socket, id)
    end
  end
end

-- === The sockets =============================================================================

--- The ids of the sockets of opts, a set. May wait.
function Memory:sockets(opts)
  local ids = {}
  for _, socket in ipairs(select(self, opts)) do
    ids[socket.id] = true
  end
  return ids
end

--- The sockets of opts, a list; those of other servers as { id, handshake, rooms = list, data }.
-- May wait; nil and an error when they cannot be had.
function Memory:fetchSockets(opts)
  return core.array(select(self, opts))
end

--- They join each of a list of rooms.
function Memory:addSockets(opts, rooms)
  for _, socket in ipairs(select(self, opts)) do
    socket:join(rooms)
  end
end

function Memory:delSockets(opts, rooms)
  for _, socket in ipairs(select(self, opts)) do
    socket:leave(rooms)
  end
end

--- They are disconnected; with close, their connections are closed.
function Memory:disconnectSockets(opts, close)
  for _, socket in ipairs(select(self, opts)) do
    socket:disconnect(close)
  end
end

-- === Other servers ===========================================================================

--- Tells the other servers: args is { event, ..., n = count }. If the last argument is a function,
-- it gets (err, answers), one answer a server. Here there are none.
function Memory:serverSideEmit(args)
  local answered = args[args.n]
  if type(answered) == "function" then
    tasks.run(self, "acknowledgement", args[1], answered, nil, core.array({}))
  end
end

--- Another server has told this: calls the listeners of the namespace. The last argument may be a
-- function that sends an answer.
function Memory:receive(args)
  self.nsp:_server_side(args)
end

-- === Connection state recovery ===============================================================

--- Keeps a session, { sid, pid, rooms = list, data }, for a while: its socket has disconnected. May
-- wait.
function Memory.persistSession() end

--- Takes back the session of that pid if it was kept and the packet of that offset is known;
-- otherwise nil. May wait.
function Memory.restoreSession()
  return nil
end

--- What the client of a restored session has missed: a list of messages as encode makes them. May
-- wait.
function Memory.missedPackets()
  return {}
end

return Memory
