-- Namespaces: static, on demand, their middlewares, and their end.
local socketio = require "socketio"

local support = require "support"

local io

before_each(function()
  io = support.server()
end)

after_each(support.clean)

local function enter(name, auth)
  return support.open(io):enter(name, auth)
end

describe("a namespace", function()
  it("has sockets, rooms and listeners of its own", function()
    local chat = io:of "/chat"
    local client = support.connect(io)
    local at_chat = client.client:enter "/chat"
    local socket, chat_socket = io.sockets.sockets[client.id], chat.sockets[at_chat.id]
    assert.not_equal(socket.id, chat_socket.id)
    assert.equal(chat, chat_socket.nsp)
    assert.equal(socket.conn, chat_socket.conn)
    socket:join "a"
    chat_socket:join "b"
    assert.is_nil(chat.adapter.rooms.a)
    io:to "b":emit "nothing"
    chat:to "b":emit("room", 1)
    chat:emit("all", 2)
    assert.equal(1, at_chat:expect "room")
    assert.equal(2, at_chat:expect "all")
    assert.same({}, client:sync())
  end)

  it("is left alone, or with all others", function()
    io:of "/chat"
    local client = support.connect(io)
    local at_chat = client.client:enter "/chat"
    local socket, chat_socket = io.sockets.sockets[client.id], io:of "/chat".sockets[at_chat.id]
    local reasons = {}
    for name, each in pairs { main = socket, chat = chat_socket } do
      each:on("disconnect", function(reason) reasons[name] = reason end)
    end
    chat_socket:disconnect()
    at_chat:expect_disconnect()
    assert.same({ chat = "server namespace disconnect" }, reasons)
    assert.same({}, client:sync())
    socket:disconnect(true)
    client:expect_close()
    assert.equal("server namespace disconnect", reasons.main)
  end)

  it("is made by of, with or without a slash, and told by new_namespace", function()
    local told = {}
    io:on("new_namespace", function(nsp) told[#told + 1] = nsp.name end)
    local connected
    local chat = io:of("chat", function(socket) connected = socket end)
    assert.equal(chat, io:of "/chat")
    assert.same({ "/chat" }, told)
    local client = enter "/chat"
    assert.equal(client.id, connected.id)
  end)

  it("of an empty name is the main one", function()
    assert.equal(io.sockets, io:of "")
    assert.equal(io.sockets, io:of "/")
  end)

  it("that does not exist is refused", function()
    assert.same({ message = "Invalid namespace" }, enter "/none".error)
  end)

  it("has the methods of the server", function()
    local chat = io:of "/chat"
    local client = enter "/chat"
    local socket = chat.sockets[client.id]
    assert.same({ socket }, chat:fetchSockets())
    assert.same({ [socket.id] = true }, chat:allSockets())
    chat:socketsJoin { "a", "b" }
    chat:in_ "a":socketsLeave "b"
    assert.same({ [socket.id] = true, a = true }, socket.rooms)
    chat:send "message"
    chat:write "message"
    chat.volatile:emit "volatile"
    chat.local_:emit "local"
    chat:compress(false):except "b":emit "except"
    for _, name in ipairs { "message", "message", "volatile", "local", "except" } do
      client:expect(name)
    end
    chat:disconnectSockets()
    client:expect_disconnect()
    assert.is_false(socket.connected)
  end)
end)

describe("a middleware", function()
  local order

  local function add(name)
    io:use(function(socket, next)
      order[#order + 1] = name
      assert(not socket.connected)
      next()
    end)
  end

  before_each(function() order = {} end)

  it("runs before the connection, one after the other", function()
    add "first"
    io:use(function(_, next)
      socketio.sleep(5)
      order[#order + 1] = "slept"
      next()
    end)
    add "last"
    io:on("connection", function(socket)
      order[#order + 1] = "connection"
      assert(socket.connected)
    end)
    assert.is_nil(enter "/".error)
    assert.same({ "first", "slept", "last", "connection" }, order)
  end)

  it("is asked for its namespace alone", function()
    add "main"
    io:of "/chat"
    enter "/chat"
    assert.same({}, order)
  end)

  it("sees who comes", function()
    io:use(function(socket, next)
      socket.data.user = socket.handshake.auth.user
      if socket.handshake.auth.user then next() else next "who are you?" end
    end)
    local client = enter("/", { user = "ann" })
    assert.equal("ann", io.sockets.sockets[client.id].data.user)
    assert.same({ message = "who are you?" }, enter "/".error)
    assert.same({ message = "who are you?" }, enter("/", {}).error)
  end)

  it("refuses with what is given to next", function()
    local errors = {
      "text", { message = "text", data = { code = 1, list = { 1, 2 } } }, 42, { message = 7 },
      setmetatable({}, { __tostring = function() return "named" end }), false, true,
    }
    local i = 0
    io:use(function(_, next)
      i = i + 1
      next(errors[i])
    end)
    assert.same({ message = "text" }, enter "/".error)
    assert.same({ message = "text", data = { code = 1, list = { 1, 2 } } }, enter "/".error)
    assert.same({ message = "42" }, enter "/".error)
    assert.same({ message = "7" }, enter "/".error)
    assert.same({ message = "named" }, enter "/".error)
    assert.same({ message = "false" }, enter "/".error)
    assert.same({ message = "true" }, enter "/".error)
    assert.is_nil(next(io.sockets.sockets))
  end)

  it("whose error cannot be sent refuses without the data", function()
    io:use(function(_, next) next { message = "no", data = print } end)
    assert.same({ message = "no" }, enter "/".error)
    local reported = support.errors()
    assert.matches("cannot encode a function at error.data", reported[1].message)
    assert.equal("middleware", reported[1].context.phase)
  end)

  it("whose error cannot even be read refuses all the same", function()
    local refusals = {
      { message = "no", data = setmetatable({}, { __tojson = function() error "locked" end }) },
      "\xff",
    }
    local i = 0
    io:use(function(_, next)
      i = i + 1
      next(refusals[i])
    end)
    assert.same({ message = "no" }, enter "/".error)
    assert.same({ message = "internal error" }, enter "/".error)
    local reported = support.errors()
    assert.matches("locked", reported[1].message)
    assert.matches("not valid UTF%-8 at error.message", reported[2].message)
  end)

  it("goes on once, however often next is called", function()
    local connections = 0
    io:use(function(_, next)
      next()
      next()
      next "late"
    end)
    add "second"
    io:on("connection", function() connections = connections + 1 end)
    assert.is_nil(enter "/".error)
    assert.same({ "second" }, order)
    assert.equal(1, connections)
  end)

  it("that refuses ends the row", function()
    io:use(function(_, next) next "no" end)
    add "second"
    enter "/"
    assert.same({}, order)
  end)

  it("that comes while another waits is not asked for that client", function()
    local go
    io:use(function(_, next) go = next end)
    local client = support.open(io)
    local nsp = client:enter("/", nil, false)
    support.wait(function() return go end)
    add "late"
    go()
    support.wait(function() return nsp.id end)
    assert.same({}, order)
  end)

  it("that says nothing lets nobody in; what it says late is harmless", function()
    local go
    io:use(function(_, next) go = next end)
    local client = support.open(io)
    client:enter("/", nil, false)
    support.wait(function() return go end)
    client:close()
    support.pass(10)
    go()
    go "no"
    assert.is_nil(next(io.sockets.sockets))
    assert.same({}, io.sockets:fetchSockets())
  end)

  it("may refuse after the client has gone", function()
    local go
    io:use(function(_, next) go = next end)
    local client = support.open(io)
    client:enter("/", nil, false)
    support.wait(function() return go end)
    client:close()
    support.pass(10)
    assert.has_no_error(function() go "no" end)
  end)

  it("cannot disconnect what is not connected yet", function()
    io:use(function(socket, next)
      socket:disconnect(true)
      next()
    end)
    assert.is_nil(enter "/".error)
  end)

  it("may close the connection", function()
    io:use(function(socket, next)
      socket.conn:close()
      next()
    end)
    local connected
    io:on("connection", function() connected = true end)
    local client = support.open(io)
    client:enter("/", nil, false)
    support.wait(function() return client.transport:is_closed() end)
    assert.is_nil(connected)
    assert.is_nil(next(io.sockets.sockets))
  end)
end)

describe("namespaces on demand", function()
  local dynamic

  local function names()
    local list = {}
    for name in pairs(io._nsps) do
      list[#list + 1] = name
    end
    table.sort(list)
    return list
  end

  it("are made for a pattern", function()
    local told, connected = {}, {}
    io:on("new_namespace", function(nsp) told[#told + 1] = nsp.name end)
    dynamic = io:of(socketio.pattern "^/game%-%d+$", function(socket)
      connected[#connected + 1] = socket.nsp.name
    end)
    local a, b = enter "/game-1", enter "/game-2"
    assert.same({ message = "Invalid namespace" }, enter "/game-x".error)
    local again = enter "/game-1"
    assert.same({ "/game-1", "/game-2", "/game-1" }, connected)
    assert.same({ "/game-1", "/game-2" }, told)
    dynamic:emit("all", 1)
    for _, client in ipairs { a, b, again } do
      assert.equal(1, client:expect "all")
    end
    io:of "/game-1":emit "one"
    a:expect "one"
    assert.same({}, b:sync())
  end)

  it("have parents that are no namespaces themselves", function()
    local told = {}
    io:on("new_namespace", function(nsp) told[#told + 1] = nsp.name end)
    local one, two = io:of(socketio.pattern "^/x"), io:of(function(_, _, next) next() end)
    assert.same({ "/_0", "/_1" }, { one.name, two.name })
    assert.same({}, told)
    assert.same({ "/" }, names())
    assert.same({ message = "Invalid namespace" }, enter "/_0".error)
  end)

  it("are made by a function, now or later", function()
    io:of(function(name, auth, next)
      assert(type(auth) == "table")
      if name == "/later" then socketio.sleep(5) end
      if name == "/error" then next("no", true) end
      next(nil, auth.token == "ok")
    end)
    assert.is_nil(enter("/now", { token = "ok" }).error)
    assert.is_nil(enter("/later", { token = "ok" }).error)
    assert.same({ message = "Invalid namespace" }, enter("/now2", {}).error)
    assert.same({ message = "Invalid namespace" }, enter("/error", { token = "ok" }).error)
    assert.same({ "/", "/later", "/now" }, names())
  end)

  it("are asked for in the order they were made", function()
    local asked = {}
    io:of(function(_, _, next)
      asked[#asked + 1] = 1
      next(nil, false)
    end)
    local second = io:of(socketio.pattern "^/x")
    io:of(function(_, _, next)
      asked[#asked + 1] = 3
      next(nil, true)
    end)
    assert.is_nil(enter "/xy".error)
    assert.equal(second, io:of "/xy"._parent)
    assert.is_nil(enter "/y".error)
    assert.same({ 1, 1, 3 }, asked)
  end)

  it("have the middlewares and listeners of their parent", function()
    local count = 0
    dynamic = io:of(socketio.pattern "^/d")
    dynamic:use(function(socket, next)
      count = count + 1
      socket.data.checked = true
      next()
    end)
    dynamic:on("connection", function(socket) socket:emit("welcome", socket.data.checked) end)
    assert.is_true(enter "/d1":expect "welcome")
    dynamic:use(function(_, next) next "closed" end)
    assert.is_true(enter "/d1":expect "welcome")
    assert.same({ message = "closed" }, enter "/d2".error)
    assert.equal(3, count)
  end)

  it("are used for names that the server asks for", function()
    dynamic = io:of(socketio.pattern "^/d%d$")
    local child = io:of "/d1"
    assert.equal(dynamic, child._parent)
    local client = enter "/d1"
    dynamic:emit "to all"
    client:expect "to all"
  end)

  it("cannot do what needs all sockets at once", function()
    dynamic = io:of(socketio.pattern "^/d")
    for _, method in ipairs { "fetchSockets", "allSockets", "emitWithAck" } do
      local ok, message = pcall(dynamic[method], dynamic, "e")
      assert.is_false(ok)
      assert.matches(method .. "() is not supported on parent namespaces", message, 1, true)
    end
    for _, method in ipairs { "fetchSockets", "allSockets" } do
      local operator = dynamic:to "room"
      local ok, message = pcall(operator[method], operator)
      assert.is_false(ok)
      assert.matches(method .. "() is not supported on parent namespaces", message, 1, true)
    end
  end)

  it("have rooms, operators and acknowledgements as others", function()
    dynamic = io:of(socketio.pattern "^/d")
    local a, b = enter "/d1", enter "/d2"
    io:of "/d1":socketsJoin "room"
    dynamic:to "room":emit "room"
    a:expect "room"
    assert.same({}, b:sync())
    local got
    dynamic:timeout(1000):emit("q", function(_, answers) got = answers end)
    a:answer((a:expect_call "q"), 1)
    b:answer((b:expect_call "q"), 2)
    support.wait(function() return got end)
    table.sort(got)
    assert.same({ 1, 2 }, got)
  end)

  it("that two clients ask for at once are one", function()
    local waiting = {}
    io:of(function(_, _, next) waiting[#waiting + 1] = next end)
    local a, b = support.open(io), support.open(io)
    a, b = a:enter("/x", nil, false), b:enter("/x", nil, false)
    support.wait(function() return #waiting == 2 end)
    waiting[2](nil, true)
    waiting[1](nil, true)
    support.wait(function() return a.id and b.id end)
    assert.equal(2, #io:of "/x":fetchSockets())
  end)

  it("are not made for a client that has gone", function()
    local go
    io:of(function(_, _, next) go = next end)
    local client = support.open(io)
    client:enter("/x", nil, false)
    support.wait(function() return go end)
    client:close()
    support.pass(10)
    assert.has_no_error(function() go(nil, true) end)
    assert.is_nil(next(io:of "/x".sockets))
  end)
end)

describe("cleanupEmptyChildNamespaces", function()
  local function is_there(name)
    return io._nsps[name] ~= nil
  end

  it("removes children without clients", function()
    io = support.server { cleanupEmptyChildNamespaces = true }
    local parent = io:of(socketio.pattern "^/d")
    io:of "/static"
    local a, b = enter "/d1", enter "/d1"
    local static = enter "/static"
    a:close()
    support.wait(function() return #io:of "/d1":fetchSockets() == 1 end)
    assert.is_true(is_there "/d1")
    b:leave()
    support.wait(function() return not is_there "/d1" end)
    static:close()
    support.wait(function() return not next(io:of "/static".sockets) end)
    assert.is_true(is_there "/static")
    assert.is_nil(next(parent.children))
    assert.is_nil(enter "/d1".error)
    assert.is_true(is_there "/d1")
  end)

  it("removes children that let nobody in", function()
    io = support.server { cleanupEmptyChildNamespaces = true }
    io:of(socketio.pattern "^/d"):use(function(_, next) next "no" end)
    assert.equal("no", enter "/d1".error.message)
    assert.is_false(is_there "/d1")
  end)

  it("removes children whose client has gone before it was let in", function()
    io = support.server { cleanupEmptyChildNamespaces = true }
    local go
    io:of(socketio.pattern "^/d"):use(function(_, next) go = next end)
    io:of(function(_, _, next) go = function() next(nil, true) end end)
    for _, name in ipairs { "/function", "/d1" } do
      go = nil
      local client = support.open(io)
      client:enter(name, nil, false)
      support.wait(function() return go end)
      client:close()
      support.wait(function() return io.engine.clientsCount == 0 end)
      support.turn()
      go()
      assert.is_false(is_there(name))
    end
  end)

  it("leaves a namespace that is gone harmless", function()
    io = support.server { cleanupEmptyChildNamespaces = true }
    io:of(socketio.pattern "^/d")
    local client = enter "/d1"
    local child = io:of "/d1"
    local socket = child.sockets[client.id]
    client:close()
    support.wait(function() return not is_there "/d1" end)
    assert.has_no_error(function()
      socket:emit("e", 1)
      socket:join "a"
      socket:leave "a"
      socket.broadcast:emit "e"
      socket:to "a":emit "e"
      child:emit("e", 1)
      child:to "a":emit "e"
      child:socketsJoin "a"
      child:disconnectSockets()
      child.volatile:emit "e"
    end)
    assert.same({}, child:fetchSockets())
    assert.is_nil(child.adapter.rooms.a)
    assert.same({}, socket.rooms)
    local got
    child:emit("q", function(_, answers) got = answers end)
    assert.same({}, got)
    socket:emit("q", function() end)
  end)

  it("keeps them without the option", function()
    io:of(socketio.pattern "^/d")
    local client = enter "/d1"
    client:close()
    support.wait(function() return not next(io:of "/d1".sockets) end)
    assert.is_true(is_there "/d1")
  end)
end)
