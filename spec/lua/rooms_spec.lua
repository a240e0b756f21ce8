-- Rooms, what the adapter shows of them, and whom broadcasts reach.
local socketio = require "socketio"

local support = require "support"

local io, clients, sockets

before_each(function()
  io = support.server()
  clients, sockets = {}, {}
  for i = 1, 3 do
    clients[i], sockets[i] = support.pair(io)
  end
end)

after_each(support.clean)

-- Which of the clients get what emit(name) sends.
local function reached(emit)
  emit "probe"
  local list = {}
  for i, client in ipairs(clients) do
    local got = client:sync()
    client.events = {}
    assert.is_true(#got <= 1, "more than once")
    if got[1] then
      list[#list + 1] = i
    end
  end
  return list
end

local function by(operator)
  return reached(function(name) operator:emit(name) end)
end

describe("a broadcast", function()
  before_each(function()
    sockets[1]:join { "a", "b" }
    sockets[2]:join "a"
    sockets[3]:join "c"
  end)

  it("reaches the rooms, each client once", function()
    assert.same({ 1, 2, 3 }, by(io))
    assert.same({ 1, 2 }, by(io:to "a"))
    assert.same({ 1, 2 }, by(io:to { "a", "b" }))
    assert.same({ 1, 3 }, by(io:to "b":to "c"))
    assert.same({ 1, 2, 3 }, by(io:in_ "a":in_ "b":in_ "c"))
    assert.same({}, by(io:to "none"))
    assert.same({ 2 }, by(io:to(sockets[2].id)))
    assert.same({ 1, 2, 3 }, by(io:to {}))
  end)

  it("leaves out what except says", function()
    assert.same({ 3 }, by(io:except "a"))
    assert.same({ 2 }, by(io:to "a":except "b"))
    assert.same({ 3 }, by(io:except { "a", "b" }))
    assert.same({ 2, 3 }, by(io:except(sockets[1].id)))
    assert.same({ 1, 2, 3 }, by(io:except "none"))
    assert.same({}, by(io:except "a":except "c"))
  end)

  it("of a socket leaves it out", function()
    assert.same({ 2, 3 }, by(sockets[1].broadcast))
    assert.same({ 2 }, by(sockets[1]:to "a"))
    assert.same({ 2, 3 }, by(sockets[1]:to "a":to "c"))
    assert.same({ 3 }, by(sockets[1]:except "a"))
    assert.same({ 3 }, by(sockets[1].broadcast:except "a"))
    assert.same({ 2, 3 }, by(sockets[1].local_))
    assert.same({}, by(sockets[1]:in_ "b"))
  end)

  it("of a socket that has left the room reaches the room", function()
    sockets[1]:leave "a"
    assert.same({ 2 }, by(sockets[1]:to "a"))
    sockets[1]:disconnect()
    table.remove(clients, 1)
    assert.same({ 1 }, by(sockets[1]:to "a"))
    assert.same({ 1, 2 }, by(sockets[1].broadcast))
  end)

  it("carries values and bytes to each", function()
    io:emit("e", { 1, socketio.null }, socketio.binary "bytes", nil)
    for _, client in ipairs(clients) do
      local event = table.pack(client:expect "e")
      assert.same({ 1, socketio.null }, event[1])
      assert.equal("bytes", tostring(event[2]))
      assert.equal(3, event.n)
    end
  end)

  it("keeps its order with what is sent to one", function()
    sockets[1]:emit("e", 1)
    io:emit("e", 2)
    sockets[1]:emit("e", 3)
    io:to "a":emit("e", 4)
    for i = 1, 4 do
      assert.equal(i, clients[1]:expect "e")
    end
  end)
end)

describe("an operator", function()
  it("never changes: each step makes a new one", function()
    sockets[1]:join "a"
    sockets[2]:join "b"
    local a = io:to "a"
    local both = a:to "b"
    local none = both:except "a":except "b"
    local limited = a:timeout(10)
    assert.not_equal(a, both)
    assert.same({ 1 }, by(a))
    assert.same({ 1, 2 }, by(both))
    assert.same({}, by(none))
    assert.same({ 1 }, by(a))
    assert.is_nil(a._flags.timeout)
    assert.equal(10, limited._flags.timeout)
    assert.is_nil(a.volatile._flags.timeout)
    assert.same({ 1 }, by(a))
  end)

  it("does not change with the list it was given", function()
    local list = { "a" }
    sockets[1]:join "a"
    sockets[2]:join "b"
    local operator = io:to(list)
    list[1] = "b"
    assert.same({ 1 }, by(operator))
    assert.same({ "b" }, list)
    local first = sockets[3]:except(list)
    assert.same({ "b" }, list)
    assert.same({ 1 }, by(first))
  end)

  it("may be kept, and reaches who is there then", function()
    local a = io:to "a"
    assert.same({}, by(a))
    sockets[2]:join "a"
    assert.same({ 2 }, by(a))
    sockets[2]:leave "a"
    assert.same({}, by(a))
  end)

  it("changes many sockets", function()
    io:except(sockets[1].id):socketsJoin { "x", "y" }
    assert.same({ 2, 3 }, by(io:to "x"))
    io:to "x":socketsLeave "x"
    assert.same({}, by(io:to "x"))
    assert.same({ 2, 3 }, by(io:to "y"))
    sockets[2]:leave "y"
    io:in_ "y":disconnectSockets(true)
    clients[3]:expect_close()
    assert.is_false(sockets[3].connected)
    assert.is_true(sockets[2].connected)
  end)

  it("gives its sockets", function()
    sockets[1]:join "a"
    assert.same({ sockets[1] }, io:to "a":fetchSockets())
    assert.same({ [sockets[1].id] = true }, io:in_ "a":allSockets())
    assert.same({}, io:to "none":fetchSockets())
    assert.equal(2, #sockets[1].broadcast:fetchSockets())
    assert.equal(socketio.array_mt, getmetatable(io:fetchSockets()))
  end)
end)

describe("volatile events", function()
  it("reach who is ready", function()
    sockets[1].volatile:emit("e", 1)
    io.volatile:emit("e", 2)
    assert.equal(1, clients[1]:expect "e")
    assert.equal(2, clients[1]:expect "e")
  end)

  it("are dropped for a client that takes nothing", function()
    io = support.server { maxBackpressure = 1e9 }
    for i = 1, 2 do
      clients[i], sockets[i] = support.pair(io)
    end
    clients[1].client.transport.stream.deaf = true
    for _ = 1, 12 do
      sockets[1]:emit("filler", ("x"):rep(1000000))
    end
    support.turn()
    support.turn()
    sockets[1].volatile:emit "single"
    io.volatile:emit "broadcast"
    io:emit "reliable"
    assert.equal("reliable", clients[2]:sync()[2])
    clients[1].client.transport.stream.deaf = false
    clients[1]:expect "reliable"
    for _, name in ipairs(clients[1]:sync()) do
      assert.equal("filler", name)
    end
  end)

  it("are dropped for a client that does not poll", function()
    local client, socket = support.pair(io, { transport = "polling" })
    client.client.transport.polls = false
    socket:emit "wakes the poll"
    client:expect "wakes the poll"
    socket.volatile:emit "dropped"
    io.volatile:emit "dropped"
    client.client.transport.polls = true
    client.client.transport.stream:send(support.request_text("GET",
      client.client.transport.path .. "&sid=" .. client.client.open.sid))
    socket:emit "kept"
    client:expect "kept"
    assert.same({}, client:pending())
  end)
end)

describe("the adapter", function()
  it("shows rooms and sockets", function()
    local adapter = io.sockets.adapter
    sockets[1]:join "a"
    assert.same({ [sockets[1].id] = true }, adapter.rooms.a)
    assert.same({ [sockets[1].id] = true, a = true }, adapter.sids[sockets[1].id])
    assert.is_nil(adapter.rooms.none)
    assert.is_nil(adapter.sids.none)
    assert.equal(4, #adapter.rooms)
    assert.equal(3, #adapter.sids)
    local names = {}
    for name, ids in pairs(adapter.rooms) do
      names[name] = next(ids)
    end
    assert.equal(sockets[1].id, names.a)
    assert.equal(sockets[2].id, names[sockets[2].id])
    for id, rooms in pairs(adapter.sids) do
      assert.is_true(rooms[id])
    end
  end)

  it("cannot be written to", function()
    local rooms = io.sockets.adapter.rooms
    assert.has_error(function() rooms.a = {} end, "rooms are changed by join and leave")
    rooms[sockets[1].id].evil = true
    assert.is_nil(io.sockets.adapter.rooms[sockets[1].id].evil)
  end)

  it("tells of rooms", function()
    local told = {}
    local adapter = io.sockets.adapter
    for _, event in ipairs { "create-room", "delete-room", "join-room", "leave-room" } do
      adapter:on(event, function(room, id)
        if room == "a" then
          told[#told + 1] = event .. " " .. (id and (id == sockets[1].id and 1 or 2) or "")
        end
      end)
    end
    sockets[1]:join "a"
    sockets[1]:join "a"
    sockets[2]:join "a"
    sockets[1]:leave "a"
    sockets[1]:leave "a"
    sockets[2]:disconnect()
    assert.same({
      "create-room ", "join-room 1", "join-room 2", "leave-room 1", "leave-room 2",
      "delete-room ",
    }, told)
  end)

  it("tells of the rooms of sockets that come and go", function()
    local told = {}
    for _, event in ipairs { "create-room", "delete-room", "join-room", "leave-room" } do
      io.sockets.adapter:on(event, function(room) told[#told + 1] = event .. " " .. room end)
    end
    local client = support.connect(io)
    client:close()
    support.wait(function() return #told == 4 end)
    assert.same({
      "create-room " .. client.id, "join-room " .. client.id, "leave-room " .. client.id,
      "delete-room " .. client.id,
    }, told)
  end)

  it("may join and leave while it is told", function()
    io.sockets.adapter:on("join-room", function(room, id)
      if room == "a" then
        io:in_(id):socketsJoin "b"
        io:in_(id):socketsLeave "a"
      end
    end)
    sockets[1]:join "a"
    assert.same({ [sockets[1].id] = true, b = true }, sockets[1].rooms)
    assert.same({}, io:to "a":fetchSockets())
  end)
end)

describe("rooms", function()
  it("have any name", function()
    for _, room in ipairs { "", " ", "ünï", "a\0b", ("x"):rep(10000), "__index", "constructor" } do
      sockets[1]:join(room)
      assert.is_true(sockets[1].rooms[room])
      assert.same({ 1 }, by(io:to(room)))
      sockets[1]:leave(room)
      assert.same({}, by(io:to(room)))
    end
  end)

  it("of one's own id may be left", function()
    sockets[1]:leave(sockets[1].id)
    assert.same({}, by(io:to(sockets[1].id)))
    assert.same({ 1, 2, 3 }, by(io))
    assert.is_true(sockets[1].connected)
  end)

  it("are joined before the connection is told, too", function()
    io:use(function(socket, next)
      socket:join "early"
      next()
    end)
    local client, socket = support.pair(io)
    assert.is_true(socket.rooms.early)
    io:to "early":emit "hello"
    client:expect "hello"
  end)

  it("may be many", function()
    for i = 1, 1000 do
      sockets[1]:join("room " .. i)
    end
    assert.equal(1003, #io.sockets.adapter.rooms)
    sockets[1]:disconnect()
    assert.equal(2, #io.sockets.adapter.rooms)
  end)
end)
