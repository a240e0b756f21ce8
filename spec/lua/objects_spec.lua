-- The manners of the objects: both call styles, bound methods, properties, fields of one's own.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

describe("the module", function()
  it("makes a server when it is called, too", function()
    local io = socketio { pingInterval = 1234 }
    assert.equal(1234, io.opts.pingInterval)
    assert.equal(5, socketio.protocol)
    assert.matches("^%d+%.%d+", socketio._VERSION)
  end)

  it("gives the parts of the server a name each", function()
    local io = support.server()
    local _, socket = support.pair(io)
    local names = {}
    for _, object in ipairs { io, io.sockets, io:to "a", socket, socket.conn, io.sockets.adapter,
      io.httpServer } do
      names[#names + 1] = tostring(object):match "^[%w.]+"
    end
    assert.same({
      "socketio.Server", "socketio.Namespace", "socketio.BroadcastOperator", "socketio.Socket",
        "socketio.Conn",
      "socketio.Adapter", "socketio.HttpServer",
    }, names)
  end)
end)

describe("methods", function()
  local io, client, socket

  before_each(function()
    io = support.server()
    client, socket = support.pair(io)
  end)

  it("are called with a colon, with a dot, or taken off", function()
    local objects = { io = io, namespace = io:of "/", socket = socket, operator = io:to(socket.id) }
    for name, object in pairs(objects) do
      object:emit("colon", name)
      object.emit("dot", name)
      local emit = object.emit
      emit("taken off", name)
      for _, event in ipairs { "colon", "dot", "taken off" } do
        assert.equal(name, client:expect(event))
      end
    end
    assert.same({}, client:sync())
  end)

  it("stay bound when they are taken off a property", function()
    local broadcast = socket.broadcast.emit
    local other = support.connect(io)
    broadcast("news", 1)
    assert.equal(1, other:expect "news")
    assert.same({}, client:sync())
  end)

  it("are the same function every time", function()
    assert.equal(socket.emit, socket.emit)
    assert.equal(io.on, io.on)
    assert.not_equal(socket.on, io.on)
  end)

  it("that JavaScript chains are chained", function()
    local function nothing() end
    assert.equal(io, io:on("connection", nothing):once("x", nothing):off("x"):use(nothing))
    assert.equal(socket, socket:on("a", nothing):onAny(nothing):offAny():use(nothing):send(1))
    assert.equal(io.sockets, io.sockets:send(1))
    assert.is_true(socket:emit "e")
    assert.is_true(io:emit "e")
    assert.is_true(io:to "nowhere":emit "e")
  end)

  it("can be passed on as listeners", function()
    socket:on("relay", socket.emit)
    client:emit("relay", "back", 1)
    assert.equal(1, client:expect "back")
  end)

  it("are called in either style inside of a handler, and wait", function()
    socket:on("sockets", function(done)
      done(#io:fetchSockets(), #io.fetchSockets(), #io:of "/":fetchSockets(),
        #io.of "/".fetchSockets())
    end)
    assert.same({ 1, 1, 1, 1 }, { client:call "sockets" })
  end)

  it("whose name is a word of Lua end in an underscore, or stand in brackets", function()
    socket:join "a"
    for _, object in ipairs { io, io.sockets, io:to "a" } do
      object:in_ "a":emit("in", 1)
      object["in"](object, "a"):emit("in", 2)
      object.local_:emit("local", 1)
      object["local"]:emit("local", 2)
      assert.equal(1, (client:expect "in"))
      assert.equal(2, (client:expect "in"))
      assert.equal(1, (client:expect "local"))
      assert.equal(2, (client:expect "local"))
    end
    assert.same({}, client:sync())
  end)
end)

describe("a server", function()
  it("says what it hides of Lua's io library", function()
    local server = support.server()
    for _, name in ipairs { "open", "lines", "read", "popen", "stdout", "stderr", "stdin" } do
      local ok, message = pcall(function() return server[name] end)
      assert.is_false(ok)
      assert.matches("objects_spec%.lua:%d+: 'io%." .. name .. "' belongs to Lua's io library",
        message)
      assert.matches("local lua_io = io", message, 1, true)
    end
  end)

  it("emits with write, as in JavaScript, unless it is meant for a file", function()
    local server = support.server()
    local ok, message = pcall(function() return server.write end)
    assert.is_false(ok)
    assert.matches("to emit, use io:send", message, 1, true)
  end)

  it("has no other fields", function()
    local server = support.server()
    assert.is_nil(server.nonsense)
    server.mine = 1
    assert.equal(1, server.mine)
  end)
end)

describe("properties", function()
  local io, client, socket

  before_each(function()
    io = support.server()
    client, socket = support.pair(io, { auth = { token = "secret" }, query = "a=1&b=x%20y",
      headers = { ["X-Own"] = "v" } })
  end)

  it("of a socket", function()
    assert.equal(client.id, socket.id)
    assert.matches("^[%w_-]+$", socket.id)
    assert.equal(20, #socket.id)
    assert.is_true(socket.connected)
    assert.is_false(socket.disconnected)
    assert.is_false(socket.recovered)
    assert.same({}, socket.data)
    assert.equal(io:of "/", socket.nsp)
    assert.same({ [socket.id] = true }, socket.rooms)
    assert.equal("GET", socket.request.method)
  end)

  it("of a socket, whenever they are asked for, are the same", function()
    local _, plain = support.pair(io)
    assert.same({}, plain.handshake.auth)
    assert.equal(plain.data, plain.data)
    plain.data = { mine = true }
    assert.same({ mine = true }, plain.data)
    local on, join = plain.on, plain.join
    assert.are_not.equal(on, socket.on)
    on("e", function() end)
    join "room"
    assert.same({ "e" }, plain:eventNames())
    assert.same({}, socket:eventNames())
    assert.is_true(plain.rooms.room)
    assert.is_nil(socket.rooms.room)
  end)

  it("of its handshake", function()
    local handshake = socket.handshake
    assert.equal("secret", handshake.auth.token)
    assert.equal("1", handshake.query.a)
    assert.equal("x y", handshake.query.b)
    assert.equal("websocket", handshake.query.transport)
    assert.equal("v", handshake.headers["x-own"])
    assert.equal("127.0.0.1", handshake.address)
    assert.is_false(handshake.xdomain)
    assert.is_false(handshake.secure)
    assert.matches("^/socket%.io/%?EIO=4", handshake.url)
    assert.equal("integer", math.type(handshake.issued))
    assert.is_true(math.abs(handshake.issued / 1000 - os.time()) < 60)
    assert.matches("^%a%a%a %a%a%a %d%d %d%d%d%d %d%d:%d%d:%d%d GMT", handshake.time)
    assert.equal(handshake, socket.handshake)
  end)

  it("of its connection", function()
    local conn = socket.conn
    assert.equal(conn, socket.conn)
    assert.equal(conn, socket.client.conn)
    assert.equal(socket.client, socket.client)
    assert.equal("websocket", conn.transport.name)
    assert.equal("open", conn.readyState)
    assert.equal(4, conn.protocol)
    assert.equal("127.0.0.1", conn.remoteAddress)
    assert.equal(client.client.open.sid, conn.id)
    assert.equal(0, conn.bufferedAmount)
    assert.equal(conn.request.headers.host, "localhost")
  end)

  it("of a server and its namespaces", function()
    assert.equal(io:of "/", io.sockets)
    assert.equal("/", io.sockets.name)
    assert.equal(io, io.sockets.server)
    assert.equal(socket, io.sockets.sockets[socket.id])
    assert.equal("IPv4", io:address().family)
    assert.equal("127.0.0.1", io:address().address)
    assert.equal(io.httpServer:address().port, io:address().port)
    assert.equal("/admin", io:of "admin".name)
    assert.equal(io:of "/admin", io:of "admin")
  end)

  it("of one's own are kept", function()
    socket.username = "ann"
    socket.data.age = 7
    local again = io.sockets.sockets[socket.id]
    assert.equal("ann", again.username)
    assert.equal(7, again.data.age)
    assert.equal(again, io:fetchSockets()[1])
  end)
end)

describe("socket.rooms", function()
  it("is a live table", function()
    local io = support.server()
    local _, socket = support.pair(io)
    local rooms = socket.rooms
    socket:join "a"
    socket:join { "b", "c", 7 }
    assert.same({ [socket.id] = true, a = true, b = true, c = true, ["7"] = true }, rooms)
    socket:leave "a"
    io:in_ "b":socketsLeave { "b", "7" }
    io:socketsJoin "d"
    assert.same({ [socket.id] = true, c = true, d = true }, rooms)
    assert.equal(rooms, socket.rooms)
    socket:disconnect()
    assert.same({}, rooms)
  end)

  it("still has the rooms while the socket disconnects", function()
    local io = support.server()
    local _, socket = support.pair(io)
    socket:join "a"
    local during, after
    socket:on("disconnecting", function() during = socket.rooms.a end)
    socket:on("disconnect", function() after = next(socket.rooms) end)
    socket:disconnect()
    assert.is_true(during)
    assert.is_nil(after)
  end)
end)
