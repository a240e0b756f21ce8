-- Adapters: the calls that reach them, and one that links two servers.
package.path = "examples/adapter/?.lua;" .. package.path

local socketio = require "socketio"

local support = require "support"

local Bus = require "bus"

after_each(support.clean)

local memory = socketio.adapter.memory

describe("a kind of adapter", function()
  it("is made for each namespace once", function()
    local made = {}
    local io = support.server {
      adapter = function(nsp)
        made[#made + 1] = nsp.name
        return memory(nsp)
      end,
    }
    io:of "/a"
    io:of "/a"
    assert.same({ "/", "/a" }, made)
    assert.equal(io:of "/a", io:of("/a").adapter.nsp)
  end)

  it("is told when it begins and ends", function()
    local Kind, told = memory:extend(), {}
    function Kind:init() told[#told + 1] = "init " .. self.nsp.name end
    function Kind:close() told[#told + 1] = "close " .. self.nsp.name end
    local io = support.server { adapter = Kind }
    assert.same({ "init /" }, told)
    io:close()
    io:close()
    assert.same({ "init /", "close /" }, told)
    assert(io:listen "127.0.0.1:0")
    assert.same({ "init /", "close /", "init /" }, told)
  end)

  it("is closed with a child namespace that is cleaned up", function()
    local Kind, closed = memory:extend(), {}
    function Kind:close() closed[#closed + 1] = self.nsp.name end
    local io = support.server { adapter = Kind, cleanupEmptyChildNamespaces = true }
    io:of(socketio.pattern "^/d")
    local client = support.connect(io, { namespace = "/d1" })
    client:leave()
    support.wait(function() return closed[1] end)
    assert.same({ "/d1" }, closed)
  end)

  it("may wait when it begins and ends", function()
    local Kind, told = memory:extend(), {}
    for _, method in ipairs { "init", "close" } do
      Kind[method] = function(self)
        socketio.sleep(1)
        told[#told + 1] = method .. " " .. self.nsp.name
      end
    end
    local io = support.server { adapter = Kind, cleanupEmptyChildNamespaces = true }
    local disconnected
    io:of(socketio.pattern "^/d"):on("connection", function(socket)
      socket:on("disconnect", function() disconnected = true end)
    end)
    local client = support.connect(io, { namespace = "/d1" })
    client:leave()
    support.wait(function() return told[3] end)
    assert.same({ "init /", "init /d1", "close /d1" }, told)
    assert.is_true(disconnected)
  end)

  it("may make namespaces when it begins and ends", function()
    local Kind, told = memory:extend(), 0
    function Kind:close()
      told = told + 1
      for i = 1, self.nsp.name == "/" and 100 or 0 do
        self.nsp.server:of("/" .. i)
      end
    end
    local io = support.server { adapter = Kind }
    io:of "/a"
    io:of "/b"
    io:close()
    assert.equal(3, told)
  end)

  it("is changed by io:adapter before the server listens", function()
    local Kind = memory:extend()
    local io = socketio.Server()
    local before = io.sockets.adapter
    assert.equal(memory, io:adapter())
    assert.equal(io, io:adapter(Kind))
    assert.equal(Kind, io:adapter())
    assert.not_equal(before, io.sockets.adapter)
  end)

  it("must make adapters", function()
    assert.has_error(function() socketio.Server { adapter = function() return {} end } end,
      "the option 'adapter' must return an adapter, as socketio.adapter.memory does (got table)")
    assert.has_error(function() socketio.Server { adapter = {} } end,
      "bad option 'adapter' (kind of adapter, such as socketio.adapter.memory expected, got table)")
  end)

  it("inherits", function()
    local A = memory:extend()
    function A.name() return "A" end
    local B = A:extend()
    assert.equal(A, B.super)
    local io = socketio.Server { adapter = B }
    assert.equal("A", io.sockets.adapter:name())
    assert.equal("A", io.sockets.adapter.name())
  end)

  it("hears of rooms that are joined and left", function()
    local Kind, told = memory:extend(), {}
    function Kind:addAll(id, rooms)
      told[#told + 1] = "addAll " .. table.concat(rooms, "+")
      Kind.super.addAll(self, id, rooms)
    end
    function Kind:del(id, room)
      told[#told + 1] = "del " .. room
      Kind.super.del(self, id, room)
    end
    function Kind:delAll(id)
      told[#told + 1] = "delAll"
      Kind.super.delAll(self, id)
    end
    local io = support.server { adapter = Kind }
    io:use(function(socket, next) socket:join "early" next() end)
    local client, socket = support.pair(io)
    assert.is_true(socket.rooms.early)
    socket:join { "a", "b" }
    socket:leave "a"
    assert.same({ [socket.id] = true, early = true, b = true },
      io.sockets.adapter:socketRooms(socket.id))
    client:close()
    support.wait(function() return #told == 4 end)
    assert.same({ "addAll early", "addAll a+b", "del a", "delAll" }, told)
  end)

  it("may change what is sent", function()
    local Kind = memory:extend()
    function Kind:broadcast(packet, opts)
      packet.data.n = packet.data.n + 1
      packet.data[packet.data.n] = "signed"
      Kind.super.broadcast(self, packet, opts)
    end
    local io = support.server { adapter = Kind }
    local client = support.connect(io)
    io:emit("x", nil)
    assert.same({ n = 2, nil, "signed" }, table.pack(client:expect "x"))
  end)

  it("may get another method while it is used", function()
    local io, Kind = support.server(), memory:extend()
    local told = {}
    io:emit "unheard"
    local own = io:of("/").adapter.broadcast
    io:of("/").adapter.broadcast = function(_, packet, opts)
      told[#told + 1] = packet.data[1]
      own(packet, opts)
    end
    local extended = support.server { adapter = Kind }
    function Kind:broadcast(packet, opts)
      told[#told + 1] = packet.data[1]
      Kind.super.broadcast(self, packet, opts)
    end
    for _, server in ipairs { io, extended } do
      local client = support.connect(server)
      server:to("nobody"):emit "a"
      server:emit("b", 1)
      assert.same({ 1 }, { client:expect "b" })
    end
    assert.same({ "a", "b", "a", "b" }, told)
  end)

  it("may be the memory adapter's own, changed before it is used", function()
    local own, told = memory.broadcast, {}
    function memory:broadcast(packet, opts)
      told[#told + 1] = packet.data[1]
      own(self, packet, opts)
    end
    local io = support.server()
    local client = support.connect(io)
    io:emit("b", 1)
    memory.broadcast = own
    assert.same({ 1 }, { client:expect "b" })
    assert.same({ "b" }, told)
  end)

  it("gets what a parent namespace sends, for each child", function()
    local Kind, told = memory:extend(), {}
    function Kind:broadcast(packet, opts)
      told[#told + 1] = self.nsp.name .. " " .. packet.data[1]
      Kind.super.broadcast(self, packet, opts)
    end
    local io = support.server { adapter = Kind }
    local parent = io:of(socketio.pattern "^/d")
    local one = support.connect(io, { namespace = "/d1" })
    local two = support.connect(io, { namespace = "/d2" })
    parent:emit "x"
    one:expect "x"
    two:expect "x"
    table.sort(told)
    assert.same({ "/d1 x", "/d2 x" }, told)
  end)

  it("may fail to fetch", function()
    local Kind = memory:extend()
    function Kind.fetchSockets() return nil, "timeout reached" end
    local io = support.server { adapter = Kind }
    assert.same({ n = 2, nil, "timeout reached" }, table.pack(io:fetchSockets()))
    local got
    io:fetchSockets(function(...) got = table.pack(...) end)
    assert.same({ n = 2, "timeout reached", nil }, got)
  end)

  it("may fail to count the servers", function()
    local Kind = memory:extend()
    function Kind.serverCount() return nil, "no broker" end
    local io = support.server { adapter = Kind }
    local _, socket = support.pair(io)
    assert.same({ n = 3, nil, "no broker", {} }, table.pack(support.task(io.emitWithAck, "x")))
    assert.is_nil(next(socket._acks))
    assert.is_nil(next(socket._gone))
  end)
end)

describe("serverSideEmit", function()
  it("has nobody to tell in memory", function()
    local io = support.server()
    io:on("x", function() error "heard itself" end)
    assert.is_true(io:serverSideEmit("x", 1))
    assert.is_true(io:of "/n":serverSideEmit "x")
    local got
    io:serverSideEmit("x", function(...) got = table.pack(...) end)
    assert.same({ n = 2, nil, {} }, got)
    assert.same({}, support.task(io.serverSideEmitWithAck, "x"))
    io:serverSideEmitWithAck("x", function(...) got = table.pack(...) end)
    assert.same({ n = 2, nil, {} }, got)
  end)

  it("refuses names that servers use themselves", function()
    local io = support.server()
    for _, name in ipairs { "connect", "connection", "new_namespace" } do
      assert.has_error(function() io:serverSideEmit(name) end,
        ("bad argument #1 to 'serverSideEmit' (%q is a reserved event name)"):format(name))
    end
    assert.has_error(function() io:serverSideEmit() end,
      "bad argument #1 to 'serverSideEmit' (event name expected, got nil)")
    assert.has_error(function() io:serverSideEmitWithAck "connection" end,
      "bad argument #1 to 'serverSideEmitWithAck' (\"connection\" is a reserved event name)")
    assert.has_error(function() io:of(socketio.pattern "^/x"):serverSideEmit "x" end,
      "serverSideEmit() is not supported on parent namespaces")
  end)
end)

describe("two servers that are linked", function()
  local a, b

  before_each(function()
    a, b = support.server { adapter = Bus }, support.server { adapter = Bus }
  end)

  it("broadcast to the clients of both", function()
    local one, two = support.connect(a), support.connect(b)
    a:emit("x", 1, nil)
    assert.same({ n = 2, 1, nil }, table.pack(one:expect "x"))
    assert.same({ n = 2, 1, nil }, table.pack(two:expect "x"))
    b:to(one.id):emit "y"
    one:expect "y"
    b.local_:emit "z"
    two:expect "z"
    assert.same({}, one:sync())
    assert.same({}, two:sync())
  end)

  it("collect acknowledgements from both", function()
    local one, two = support.connect(a), support.connect(b)
    local err, answers
    a:timeout(5000):emit("q", function(...) err, answers = ... end)
    one:answer(one:expect_call "q", 1)
    two:answer(two:expect_call "q", 2)
    support.wait(function() return answers end)
    assert.is_nil(err)
    table.sort(answers)
    assert.same({ 1, 2 }, answers)
  end)

  it("give up in time on who does not answer", function()
    local one = support.connect(a)
    local two = support.connect(b)
    local err, answers
    a:timeout(50):emit("q", function(...) err, answers = ... end)
    one:answer(one:expect_call "q", 1)
    two:expect_call "q"
    support.wait(function() return err end)
    assert.equal("operation has timed out", err)
    assert.same({ 1 }, answers)
  end)

  it("find the sockets of both", function()
    local one, two = support.connect(a), support.connect(b, { auth = { token = "t" } })
    b.sockets.sockets[two.id]:join "r"
    b.sockets.sockets[two.id].data.name = "bob"
    local found = support.task(a.fetchSockets)
    assert.equal(2, #found)
    local here, there = found[1], found[2]
    assert.equal(a.sockets.sockets[one.id], here)
    assert.equal(two.id, there.id)
    assert.same({ [two.id] = true, r = true }, there.rooms)
    assert.same({ name = "bob" }, there.data)
    assert.equal("t", there.handshake.auth.token)
    assert.same({ [two.id] = true }, support.task(function() return a:in_ "r":allSockets() end))
    assert.has_error(function() a:fetchSockets() end)
  end)

  it("reach the sockets of both", function()
    local one, two = support.connect(a), support.connect(b)
    local here, there = a.sockets.sockets[one.id], b.sockets.sockets[two.id]
    a:socketsJoin { "r", "s" }
    support.wait(function() return there.rooms.s end)
    assert.is_true(here.rooms.r)
    a:socketsLeave "s"
    support.wait(function() return not there.rooms.s end)
    assert.is_nil(here.rooms.s)
    a:disconnectSockets()
    one:expect_disconnect()
    two:expect_disconnect()
  end)

  it("tell each other", function()
    local told
    b:on("x", function(...) told = table.pack(...) end)
    a:on("x", function() error "heard itself" end)
    assert.is_true(a:serverSideEmit("x", 1, nil))
    support.wait(function() return told end)
    assert.same({ n = 2, 1, nil }, told)
    b:on("q", function(n, answer) answer(n + 1) end)
    assert.same({ 2 }, support.task(a.serverSideEmitWithAck, "q", 1))
  end)

  it("cannot be made to hear what each tells its own listeners", function()
    local client, socket = support.pair(a)
    local heard = 0
    a:on("connection", function() heard = heard + 1 end)
    a.sockets.adapter:receive { "connection", socket, n = 2 }
    assert.equal(0, heard)
    assert.same({}, client:sync())
  end)

  describe("give remote sockets that", function()
    local client, socket, remote

    before_each(function()
      client, socket = support.pair(b)
      remote = support.task(a.fetchSockets)[1]
    end)

    it("send", function()
      assert.is_true(remote:emit("x", 1))
      assert.equal(1, (client:expect "x"))
      assert.is_true(remote.emit("y"))
      client:expect "y"
    end)

    it("get one answer", function()
      local got
      remote:timeout(5000):emit("q", 1, function(...) got = table.pack(...) end)
      local id, n = client:expect_call "q"
      assert.equal(1, n)
      client:answer(id, { "yes" })
      support.wait(function() return got end)
      assert.same({ n = 2, nil, { "yes" } }, got)
      got = nil
      socketio.spawn(function() got = table.pack(remote:timeout(5000):emitWithAck("q", 2)) end)
      id = client:expect_call "q"
      client:answer(id)
      support.wait(function() return got end)
      assert.same({ n = 1, nil }, got)
    end)

    it("get an error in time", function()
      local got
      remote:timeout(10):emit("q", function(...) got = table.pack(...) end)
      client:expect_call "q"
      support.wait(function() return got end)
      assert.same({ n = 2, "operation has timed out", nil }, got)
      assert.same({ n = 3, nil, "operation has timed out", nil },
        table.pack(support.task(function() return remote:timeout(10):emitWithAck "q" end)))
    end)

    it("join, leave and disconnect", function()
      remote:join { "r", "s" }
      support.wait(function() return socket.rooms.r and socket.rooms.s end)
      remote:leave "s"
      support.wait(function() return not socket.rooms.s end)
      assert.equal(remote, remote:disconnect(true))
      client:expect_close()
    end)
  end)
end)

describe("await", function()
  it("gives what done was called with", function()
    assert.same({ n = 3, 1, nil, 3 }, table.pack(support.task(function()
      return socketio.await(function(done) done(1, nil, 3) end)
    end)))
    assert.same({ n = 2, "later", 2 }, table.pack(support.task(function()
      return socketio.await(function(done) socketio.setTimeout(done, 1, "later", 2) end)
    end)))
  end)

  it("needs a coroutine and a function", function()
    assert.has_error(function() socketio.await(function() end) end)
    assert.has_error(function() socketio.await(1) end,
      "bad argument #1 to 'await' (function expected, got number)")
  end)
end)
