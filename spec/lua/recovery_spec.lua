-- Connection state recovery: who may come back, and what waits for him.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

-- A server that recovers, and joins everybody to the room "r".
local function server(recovery, options)
  options = options or {}
  options.connectionStateRecovery = recovery or {}
  local io = support.server(options)
  io:on("connection", function(socket)
    if not socket.recovered then
      socket:join "r"
      socket.data.name = "ann"
    end
  end)
  return io
end

-- A client that has received one event; the offset of that.
local function meet(io, options)
  local client, socket = support.pair(io, options)
  socket:emit("first")
  return client, socket, (client:expect "first")
end

-- Its connection breaks, and the server has noticed.
local function lose(io, client)
  local nsp = io:of(client.name)
  client:close()
  support.wait(function() return not nsp.sockets[client.id] end)
end

-- It comes back and asks for its state.
local function come_back(io, client, offset, options)
  options = options or {}
  options.namespace = client.name
  options.auth = { pid = client.pid, offset = offset }
  return support.connect(io, options)
end

describe("connection state recovery", function()
  it("is off unless it is asked for", function()
    local client, socket = support.pair(support.server())
    assert.is_nil(client.pid)
    assert.is_false(socket.recovered)
    socket:emit("x", 1)
    assert.same({ n = 1, 1 }, table.pack(client:expect "x"))
  end)

  it("gives each socket a private id", function()
    local io = server()
    local one, two = support.connect(io), support.connect(io)
    assert.matches("^[%w_-]+$", one.pid)
    assert.equal(20, #one.pid)
    assert.not_equal(one.pid, two.pid)
    assert.not_equal(one.pid, one.id)
  end)

  it("restores id, rooms, data and what was missed, before CONNECT", function()
    local io = server()
    local told
    io:on("connection", function(socket)
      if socket.recovered then
        told = { socket.id, socket.rooms.r, socket.rooms[socket.id], socket.data.name }
      end
    end)
    local client, _, offset = meet(io)
    lose(io, client)
    io:emit("to all", 1)
    io:to("r"):emit("to r", socketio.binary "\1\2")
    io:to(client.id):emit("to it")
    io:to("s"):emit("to others")
    io:except("r"):emit("to others")
    local again = come_back(io, client, offset)
    assert.equal(client.id, again.id)
    assert.equal(client.pid, again.pid)
    assert.same({ client.id, true, true, "ann" }, told)
    assert.equal(3, again.early)
    assert.equal(1, (again:expect "to all"))
    assert.equal("\1\2", tostring((again:expect "to r")))
    again:expect "to it"
    assert.same({}, again:sync())
    io:to("r"):emit "and now"
    again:expect "and now"
  end)

  it("goes on from the offset that the client tells", function()
    local io = server()
    local client, socket = meet(io)
    socket:emit("second", "x")
    local _, offset = client:expect "second"
    socket:emit "third"
    client:expect "third"
    lose(io, client)
    local again = come_back(io, client, offset)
    assert.equal(1, again.early)
    again:expect "third"
  end)

  it("sends what was missed in order and once, whatever rooms it went to", function()
    local io = server()
    local client, socket, offset = meet(io)
    socket:join "s"
    lose(io, client)
    for i = 1, 40 do
      local to = {
        io, io:to "r", io:to "s":to "r":to "s", io:to "s", io:to(client.id), io:except "t",
      }
      to[i % #to + 1]:emit("n", i)
      io:to "others":emit("n", "for others")
      io:to "r":except "s":emit("n", "for others")
    end
    local again = come_back(io, client, offset)
    assert.equal(40, again.early)
    for i = 1, 40 do
      assert.equal(i, (again:expect "n"))
    end
    assert.same({}, again:sync())
  end)

  it("forgets the oldest of what was sent, in every room", function()
    local io = server { maxBytes = 5000 }
    local client, _, offset = meet(io)
    lose(io, client)
    io:to { "r", "s", "r" }:emit("n", 1)
    io:emit("n", 2)
    local again = come_back(io, client, offset)
    assert.equal(2, again.early)
    again:expect "n"
    local _, last = again:expect "n"
    lose(io, again)
    for i = 3, 5 do
      io:to { "s", "r", i % 2 == 0 and "r" or "t" }:emit("n", i)
    end
    assert.not_equal(client.id, come_back(io, client, offset).id)
    again = come_back(io, client, last)
    assert.equal(client.id, again.id)
    assert.equal(3, again.early)
    lose(io, again)
    io:to("r"):emit("n", 6)
    assert.not_equal(client.id, come_back(io, client, last).id)
  end)

  it("works as often as it is needed", function()
    local io = server()
    local client, _, offset = meet(io)
    for i = 1, 3 do
      lose(io, client)
      io:emit("n", i)
      client = come_back(io, client, offset)
      local n
      n, offset = client:expect "n"
      assert.equal(i, n)
      assert.is_true(io.sockets.sockets[client.id].recovered)
    end
  end)

  it("works in each namespace by itself", function()
    local io = server()
    local nsp = io:of "/n"
    local client, _, offset = meet(io, { namespace = "/n" })
    lose(io, client)
    io:emit "elsewhere"
    nsp:emit "here"
    local again = come_back(io, client, offset)
    assert.equal(client.id, again.id)
    again:expect "here"
    assert.same({}, again:sync())
  end)

  it("works by polling, too", function()
    local io = server()
    local client, socket, offset = meet(io, { transport = "polling" })
    socket.conn:close()
    support.wait(function() return not io.sockets.sockets[client.id] end)
    io:emit "missed"
    local again = come_back(io, client, offset, { transport = "polling" })
    assert.equal(client.id, again.id)
    again:expect "missed"
  end)

  it("marks events, but not those that cannot be sent again", function()
    local io = server()
    local client, socket = meet(io)
    local function arguments(name) return table.pack(client:expect(name)).n end
    socket:emit("a", 1)
    assert.equal(2, arguments "a")
    io:emit("b")
    assert.equal(1, arguments "b")
    socket.volatile:emit("c", 1)
    assert.equal(1, arguments "c")
    io.volatile:emit("d")
    assert.equal(0, arguments "d")
    socket:emit("e", 1, function() end)
    assert.same({ n = 2, 0, 1 }, table.pack(client:expect_call "e"))
    io:timeout(1000):emit("f", function() end)
    assert.equal(1, table.pack(client:expect_call "f").n)
  end)

  it("keeps acknowledgements working", function()
    local io = server()
    local client, socket = meet(io)
    local answer
    socket:emit("q", 1, function(got) answer = got end)
    local id = client:expect_call "q"
    client:answer(id, "yes")
    support.wait(function() return answer end)
    assert.equal("yes", answer)
    socket:on("echo", function(v, ack) ack(v) end)
    assert.equal(7, client:call("echo", 7))
  end)

  it("sends to who has left the room of his id, too", function()
    local io = server()
    local client, socket = meet(io)
    socket:leave(socket.id)
    socket:emit("x", 1)
    assert.same({ n = 1, 1 }, table.pack(client:expect "x"))
  end)

  it("tells listeners of what goes out once", function()
    local io = server()
    local client, socket = meet(io)
    local told = {}
    socket:onAnyOutgoing(function(event) told[#told + 1] = event end)
    socket:emit "one"
    io:emit "two"
    client:expect "two"
    assert.same({ "one", "two" }, told)
  end)

  it("is given to nobody who leaves, or is sent away", function()
    local io = server()
    local client, _, offset = meet(io)
    client:leave()
    support.wait(function() return not io.sockets.sockets[client.id] end)
    assert.not_equal(client.id, come_back(io, client, offset).id)
    local other, socket, at = meet(io)
    socket:disconnect(true)
    support.wait(function() return not io.sockets.sockets[other.id] end)
    assert.not_equal(other.id, come_back(io, other, at).id)
  end)

  it("needs a pid and an offset that are known", function()
    local io = server()
    local client, _, offset = meet(io)
    lose(io, client)
    for _, auth in ipairs {
      { pid = "unknown", offset = offset }, { pid = client.pid, offset = "unknown" },
      { pid = client.pid }, { offset = offset }, { pid = 1, offset = offset },
      { pid = client.pid, offset = { offset } },
    } do
      local stranger = support.connect(io, { auth = auth })
      assert.not_equal(client.id, stranger.id)
      assert.not_equal(client.pid, stranger.pid)
      assert.is_false(io.sockets.sockets[stranger.id].recovered)
    end
    assert.equal(client.id, come_back(io, client, offset).id)
  end)

  it("can be had once", function()
    local io = server()
    local client, _, offset = meet(io)
    lose(io, client)
    assert.equal(client.id, come_back(io, client, offset).id)
    local thief = come_back(io, client, offset)
    assert.not_equal(client.id, thief.id)
    assert.is_false(io.sockets.sockets[thief.id].recovered)
  end)

  it("is not for those whose old connection still lives", function()
    local io = server()
    local client, socket, offset = meet(io)
    assert.not_equal(client.id, come_back(io, client, offset).id)
    assert.is_true(socket.connected)
  end)

  it("ends after maxDisconnectionDuration", function()
    local io = server { maxDisconnectionDuration = 20 }
    local client, _, offset = meet(io)
    lose(io, client)
    support.pass(40)
    local again = come_back(io, client, offset)
    assert.not_equal(client.id, again.id)
    assert.same({}, again:sync())
  end)

  it("survives a server that closes and listens again", function()
    local io = server()
    local client, _, offset = meet(io)
    io:close()
    io:emit "meanwhile"
    assert(io:listen "127.0.0.1:0")
    local again = come_back(io, client, offset)
    assert.equal(client.id, again.id)
    again:expect "meanwhile"
  end)

  it("holds no more bytes than maxBytes", function()
    local io = server { maxBytes = 4000 }
    local client, _, offset = meet(io)
    lose(io, client)
    io:emit("small")
    client = come_back(io, client, offset)
    client:expect "small"
    lose(io, client)
    io:emit("large", ("x"):rep(1900))
    assert.not_equal(client.id, come_back(io, client, offset).id)
  end)

  it("holds as many bytes as maxBytes, and not one more", function()
    for _, more in ipairs { -1, 0, 1 } do
      local io = server()
      local client, _, offset = meet(io)
      lose(io, client)
      io:emit "last"
      io.opts.connectionStateRecovery.maxBytes = io.sockets.adapter._store.packets.bytes + more
      assert.equal(more >= 0, client.id == come_back(io, client, offset).id, more)
    end
  end)

  it("counts what it takes to keep a packet", function()
    local io = server { maxBytes = 2000000 }
    local function fill()
      for i = 1, 20000 do
        io:to("r"):emit("tick", i)
      end
      collectgarbage()
      collectgarbage()
      return collectgarbage "count" * 1024
    end
    local before = collectgarbage "count" * 1024
    assert.is_true(fill() - before < 2000000)
  end)

  it("holds on to nobody who comes back again and again", function()
    local io = server { maxSessions = 3 }
    local seen = setmetatable({}, { __mode = "k" })
    local persist = io.sockets.adapter.persistSession
    function io.sockets.adapter.persistSession(adapter, session)
      seen[session] = true
      persist(adapter, session)
    end
    local client, _, offset = meet(io)
    for _ = 1, 20 do
      lose(io, client)
      client = come_back(io, client, offset)
      assert.is_true(io.sockets.sockets[client.id].recovered)
    end
    collectgarbage()
    collectgarbage()
    local held = 0
    for _ in pairs(seen) do
      held = held + 1
    end
    assert.is_true(held <= 4)
  end)

  it("holds no more sessions than maxSessions: the oldest goes", function()
    for count = 1, 3 do
      local io = server { maxSessions = 2 }
      local clients, offset = {}, nil
      for i = 1, count do
        clients[i] = meet(io)
      end
      io:emit "mark"
      for i = 1, count do
        offset = clients[i]:expect "mark"
        lose(io, clients[i])
      end
      for i = 1, count do
        local is_kept = i > count - 2
        assert.equal(is_kept, clients[i].id == come_back(io, clients[i], offset).id, count)
      end
    end
  end)
end)

describe("middlewares and recovery:", function()
  it("they are skipped", function()
    local io = server()
    local asked = 0
    io:use(function(_, next) asked = asked + 1 next() end)
    local client, _, offset = meet(io)
    lose(io, client)
    come_back(io, client, offset)
    assert.equal(1, asked)
  end)

  it("they are asked with skipMiddlewares = false, and see what it had", function()
    local io = server { skipMiddlewares = false }
    local seen = {}
    io:use(function(socket, next)
      seen[#seen + 1] = { socket.recovered, socket.data.name, socket.rooms.r }
      next()
    end)
    local client, _, offset = meet(io)
    lose(io, client)
    come_back(io, client, offset)
    assert.same({ { false }, { true, "ann", true } }, seen)
  end)

  it("whom they refuse gets nothing, and may ask again", function()
    local io = server { skipMiddlewares = false }
    local let_in = true
    io:use(function(_, next) next(not let_in and "no" or nil) end)
    local client, _, offset = meet(io)
    lose(io, client)
    io:to("r"):emit "secret"
    let_in = false
    local refused = come_back(io, client, offset)
    assert.equal("no", refused.error.message)
    assert.same({}, refused:sync())
    let_in = true
    local again = come_back(io, client, offset)
    assert.equal(client.id, again.id)
    again:expect "secret"
  end)

  it("what is sent while they think is not lost", function()
    local io = server { skipMiddlewares = false }
    local go
    local client, _, offset = meet(io)
    io:use(function(_, next) go = next end)
    lose(io, client)
    local late = support.open(io)
    local again = late:enter("/", { pid = client.pid, offset = offset }, false)
    support.wait(function() return go end)
    io:to("r"):emit "meanwhile"
    go()
    support.wait(function() return again.id end)
    assert.equal(client.id, again.id)
    assert.equal(1, again.early)
    again:expect "meanwhile"
  end)

  it("a client that leaves meanwhile may come back", function()
    local io = server { skipMiddlewares = false }
    local go
    local client, _, offset = meet(io)
    io:use(function(_, next) go = next end)
    lose(io, client)
    local late = support.open(io)
    late:enter("/", { pid = client.pid, offset = offset }, false)
    support.wait(function() return go end)
    late.transport:close()
    support.wait(function() return io.engine.clientsCount == 0 end)
    go()
    go = nil
    late = support.open(io)
    local again = late:enter("/", { pid = client.pid, offset = offset }, false)
    support.wait(function() return go end)()
    support.wait(function() return again.id end)
    assert.equal(client.id, again.id)
  end)
end)

describe("an adapter that takes its time", function()
  local go, io

  before_each(function()
    local Slow = socketio.adapter.sessionAware:extend()
    function Slow:restoreSession(...)
      socketio.await(function(done) go = done end)
      return Slow.super.restoreSession(self, ...)
    end
    io = server({}, { adapter = Slow })
    go = nil
  end)

  it("finds a session all the same", function()
    local client, _, offset = meet(io)
    lose(io, client)
    local again = support.open(io):enter("/", { pid = client.pid, offset = offset }, false)
    support.wait(function() return go end)()
    support.wait(function() return again.id end)
    assert.equal(client.id, again.id)
  end)

  it("keeps nothing of a client that leaves meanwhile", function()
    local sockets = setmetatable({}, { __mode = "k" })
    io:use(function(socket, next)
      sockets[socket] = true
      next()
    end)
    local late = support.open(io)
    late:enter("/", { pid = "p", offset = "o" }, false)
    support.wait(function() return go end)
    late.transport:close()
    support.wait(function() return io.engine.clientsCount == 0 end)
    go()
    assert.is_nil(next(sockets))
  end)
end)

describe("an adapter that fails", function()
  local io, client, offset, asked

  before_each(function()
    io = server()
    io:use(function(_, next)
      asked = asked + 1
      next()
    end)
    local _
    asked = 0
    client, _, offset = meet(io)
    lose(io, client)
  end)

  local function expect_newcomer()
    local again = come_back(io, client, offset)
    assert.not_equal(client.id, again.id)
    assert.not_equal(client.pid, again.pid)
    local socket = io.sockets.sockets[again.id]
    assert.is_false(socket.recovered)
    assert.is_nil(next(io.sockets.adapter.rooms[client.id] or {}))
    assert.equal(2, asked)
    assert.matches("no disk", support.errors()[1].message)
  end

  for _, method in ipairs { "restoreSession", "missedPackets" } do
    it("in " .. method .. " makes a newcomer of the client", function()
      io.sockets.adapter[method] = function() error "no disk" end
      expect_newcomer()
    end)
  end

  it("in addAll makes a newcomer of the client", function()
    local add = io.sockets.adapter.addAll
    io.sockets.adapter.addAll = function(adapter, id, rooms)
      add(id, rooms)
      adapter.addAll = add
      error "no disk"
    end
    expect_newcomer()
  end)
end)

describe("the option connectionStateRecovery", function()
  it("has defaults", function()
    local io = socketio.Server { connectionStateRecovery = true }
    assert.same({
      maxDisconnectionDuration = 120000, skipMiddlewares = true, maxBytes = 67108864,
      maxSessions = 100000,
    }, io.opts.connectionStateRecovery)
    assert.equal(socketio.adapter.sessionAware, io:adapter())
  end)

  it("is checked", function()
    assert.has_error(function()
      socketio.Server { connectionStateRecovery = { maxDisconnectionTime = 1 } }
    end, "unknown option of connectionStateRecovery 'maxDisconnectionTime' "
      .. "(did you mean 'maxDisconnectionDuration'?)")
    assert.has_error(function()
      socketio.Server { connectionStateRecovery = 120000 }
    end, "bad option 'connectionStateRecovery' (boolean or table expected, got number)")
  end)

  it("does nothing with an adapter that keeps nothing", function()
    local io = server({}, { adapter = socketio.adapter.memory })
    local client, socket = support.pair(io)
    socket:emit("x", "y")
    assert.same({ n = 1, "y" }, table.pack(client:expect "x"))
    lose(io, client)
    assert.not_equal(client.id, come_back(io, client, "y").id)
  end)

  it("is needed for sessionAware to do more than memory", function()
    local io = support.server { adapter = socketio.adapter.sessionAware }
    local client = support.connect(io)
    io:emit("x", 1)
    assert.same({ n = 1, 1 }, table.pack(client:expect "x"))
  end)
end)
