-- Listeners of events: order, once, and changes while an event is fired.
local support = require "support"

local io, client, socket, seen

local function note(what)
  return function()
    seen[#seen + 1] = what
  end
end

-- Fires the event from the client, and waits until its listeners have run.
local function fire(event, ...)
  client:emit(event, ...)
  client:sync()
  local was = seen
  seen = {}
  return was
end

before_each(function()
  seen = {}
  io = support.server()
  client, socket = support.pair(io)
end)

after_each(support.clean)

describe("listeners", function()
  it("are called in order, the prepended ones first", function()
    socket:on("e", note "first"):on("e", note "second")
    socket:prependListener("e", note "zeroth"):addListener("e", note "third")
    assert.same({ "zeroth", "first", "second", "third" }, fire "e")
  end)

  it("may be the same function more than once", function()
    local fn = note "x"
    socket:on("e", fn):on("e", fn)
    assert.same({ "x", "x" }, fire "e")
    socket:off("e", fn)
    assert.same({ "x" }, fire "e")
    socket:off("e", fn):off("e", fn)
    assert.same({}, fire "e")
  end)

  it("may listen to events of any name, fields of the socket included", function()
    local id = socket.id
    local names = { "", "\0", "\0e", "_handle", "data", "id", ("x"):rep(62), ("x"):rep(63),
      ("x"):rep(64), ("y"):rep(1000) }
    for _, name in ipairs(names) do
      socket:on(name, note(name))
    end
    for _, name in ipairs(names) do
      assert.same({ name }, fire(name))
    end
    assert.equal(id, socket.id)
    assert.same({}, socket.data)
    table.sort(names)
    assert.same(names, socket:eventNames())
    socket.mine = true
    socket:removeAllListeners()
    assert.same({}, socket:eventNames())
    assert.is_true(socket.mine)
    assert.same({}, fire "id")
  end)

  it("are called once where that is said", function()
    socket:once("e", note "once"):on("e", note "always")
    socket:prependOnceListener("e", note "once, first")
    assert.same({ "once, first", "once", "always" }, fire "e")
    assert.same({ "always" }, fire "e")
  end)

  it("that are called once are removed by their function, too", function()
    local fn = note "once"
    socket:once("e", fn)
    assert.same({ fn }, socket:listeners "e")
    socket:off("e", fn)
    assert.equal(0, socket:listenerCount "e")
    assert.same({}, fire "e")
  end)

  it("that are called once do not come again if they fire the event themselves", function()
    local count = 0
    io:of "/":once("own", function() count = count + 1 end)
    socket:once("e", function()
      count = count + 1
      assert.equal(0, socket:listenerCount "e")
    end)
    client:emit "e"
    client:emit "e"
    client:sync()
    assert.equal(1, count)
  end)

  it("may be anything that can be called", function()
    local object = setmetatable({}, {
      __call = function(_, value)
        seen[#seen + 1] = value
      end,
    })
    socket:on("e", object)
    assert.same({ 5 }, fire("e", 5))
  end)

  it("are told by number and name", function()
    local a, b = note "a", note "b"
    socket:on("x", a):on("x", b):on("y", a)
    assert.equal(2, socket:listenerCount "x")
    assert.equal(0, socket:listenerCount "z")
    assert.same({ a, b }, socket:listeners "x")
    assert.same({}, socket:listeners "z")
    assert.same({ "x", "y" }, socket:eventNames())
    local array_mt = require "socketio".array_mt
    assert.equal(array_mt, getmetatable(socket:listeners "x"))
    assert.equal(array_mt, getmetatable(socket:eventNames()))
  end)

  it("are removed one, or all of an event, or all", function()
    local a, b = note "a", note "b"
    socket:on("x", a):on("x", b):on("y", a):on("z", a)
    socket:removeListener("x", a)
    assert.same({ b }, socket:listeners "x")
    socket:off "x"
    assert.same({ "y", "z" }, socket:eventNames())
    socket:removeAllListeners "y"
    assert.same({ "z" }, socket:eventNames())
    socket:removeAllListeners()
    assert.same({}, socket:eventNames())
    assert.same({}, fire "z")
  end)

  it("are not changed by the lists that listeners() gives", function()
    socket:on("e", note "a"):on("e", note "b")
    table.remove(socket:listeners "e")
    assert.same({ "a", "b" }, fire "e")
  end)

  it("may be numbers, which go out as such", function()
    local server = support.server()
    local at_client, at_server = support.pair(server)
    assert.is_true(at_server:emit(7, "a"))
    assert.is_true(server:emit(7.5, "b"))
    assert.equal("a", (at_client:expect(7)))
    assert.equal("b", (at_client:expect(7.5)))
  end)

  it("of numbers and of their text are the same", function()
    socket:on("7", note "text"):on(7, note "number")
    assert.equal(2, socket:listenerCount(7))
    client.client.transport:send '42[7,"x"]'
    client:sync()
    assert.same({ "text", "number" }, seen)
  end)
end)

describe("while an event is fired", function()
  it("listeners that go are still called, those that come are not", function()
    local second = note "second"
    socket:on("e", function()
      socket:off("e", second)
      socket:on("e", note "new")
      seen[#seen + 1] = "first"
    end)
    socket:on("e", second)
    assert.same({ "first", "second" }, fire "e")
    assert.same({ "first", "new" }, fire "e")
  end)

  it("all may be removed", function()
    socket:on("e", function()
      socket:removeAllListeners()
      seen[#seen + 1] = "first"
    end)
    socket:on("e", note "second")
    assert.same({ "first", "second" }, fire "e")
    assert.same({}, fire "e")
  end)

  it("a listener may remove itself", function()
    local function self_remover()
      seen[#seen + 1] = "me"
      socket:off("e", self_remover)
    end
    socket:on("e", self_remover)
    assert.same({ "me" }, fire "e")
    assert.same({}, fire "e")
  end)

  it("a listener that waits or fails does not hold up the next", function()
    socket:on("e", function()
      require "socketio".sleep(5)
      seen[#seen + 1] = "late"
    end)
    socket:on("e", function() error "failed" end)
    socket:on("e", note "at once")
    client:emit "e"
    support.wait(function() return #seen == 2 end)
    assert.same({ "at once", "late" }, seen)
    assert.equal(1, #support.errors())
  end)
end)

describe("the server's listeners", function()
  it("are those of its main namespace", function()
    local fn = note "connection"
    io:on("connection", fn)
    assert.same({ fn }, io:of "/":listeners "connection")
    io.sockets:off("connection", fn)
    assert.equal(0, io:listenerCount "connection")
  end)

  it("hear of connections by two names", function()
    local sockets = {}
    io:on("connect", function(s) sockets[1] = s end)
    io:on("connection", function(s) sockets[2] = s end)
    local _, new = support.pair(io)
    assert.equal(new, sockets[1])
    assert.equal(new, sockets[2])
  end)

  it("hear of one connection, once", function()
    local count = 0
    io:once("connection", function() count = count + 1 end)
    support.connect(io)
    support.connect(io)
    assert.equal(1, count)
  end)
end)

describe("catch-all listeners", function()
  local function any(what)
    return function(event, ...)
      seen[#seen + 1] = what .. " " .. event .. " " .. select("#", ...)
    end
  end

  it("hear every event that comes in, before its own listeners", function()
    socket:on("e", note "listener")
    socket:onAny(any "any"):prependAny(any "first")
    assert.same({ "first e 2", "any e 2", "listener" }, fire("e", 1, nil))
    assert.same({ "first other 0", "any other 0" }, fire "other")
  end)

  it("get the acknowledgement, too", function()
    socket:onAny(function(_, value, done) done(value + 1) end)
    assert.equal(8, client:call("whatever", 7))
  end)

  it("are listed and removed", function()
    local a, b = any "a", any "b"
    socket:onAny(a):onAny(b):onAny(a)
    assert.same({ a, b, a }, socket:listenersAny())
    socket:offAny(a)
    assert.same({ b, a }, socket:listenersAny())
    socket:offAny()
    assert.same({}, socket:listenersAny())
    assert.same({}, fire "e")
  end)

  it("may remove themselves", function()
    local function me(event)
      seen[#seen + 1] = event
      socket:offAny(me)
    end
    socket:onAny(me):onAny(any "other")
    assert.same({ "e", "other e 0" }, fire "e")
    assert.same({ "other e 0" }, fire "e")
  end)

  it("hear nothing of connecting and disconnecting", function()
    socket:onAny(any "any")
    socket:onAnyOutgoing(any "out")
    socket:disconnect()
    assert.same({}, seen)
  end)
end)

describe("catch-all listeners of what goes out", function()
  local function out(what)
    return function(event, ...)
      seen[#seen + 1] = what .. " " .. event .. " " .. select("#", ...)
    end
  end

  it("hear emits in every form, with the arguments alone", function()
    socket:onAnyOutgoing(out "out"):prependAnyOutgoing(out "first")
    socket:emit("plain", 1, nil)
    socket.volatile:emit("volatile", 1)
    socket:compress(false):emit "compress"
    socket:send "text"
    socket:emit("question", 1, function() end)
    socket:timeout(1000):emit("limited", 1, function() end)
    local expected = {}
    for _, what in ipairs {
      "plain 2", "volatile 1", "compress 0", "message 1", "question 1", "limited 1",
    } do
      expected[#expected + 1] = "first " .. what
      expected[#expected + 1] = "out " .. what
    end
    assert.same(expected, seen)
  end)

  it("hear broadcasts that reach their socket", function()
    local _, other = support.pair(io)
    socket:onAnyOutgoing(out "mine")
    other:onAnyOutgoing(out "other's")
    socket:join "a"
    io:emit "all"
    io:to "a":emit("room", 1)
    socket.broadcast:emit "others"
    io:except "a":emit "but a"
    io:of "/chat":emit "elsewhere"
    io:timeout(1000):emit("asked", 1, function() end)
    table.sort(seen)
    assert.same({
      "mine all 0", "mine asked 1", "mine room 1",
      "other's all 0", "other's asked 1", "other's but a 0", "other's others 0",
    }, seen)
  end)

  it("are listed and removed, and stay quiet after that", function()
    local a = out "a"
    socket:onAnyOutgoing(a):prependAnyOutgoing(a)
    assert.same({ a, a }, socket:listenersAnyOutgoing())
    socket:offAnyOutgoing(a)
    assert.same({ a }, socket:listenersAnyOutgoing())
    socket:offAnyOutgoing()
    socket:offAnyOutgoing(a)
    socket:emit "e"
    io:emit "e"
    assert.same({}, seen)
    assert.equal(0, io.sockets._outgoing)
  end)

  it("are forgotten when their socket goes", function()
    socket:onAnyOutgoing(out "a")
    assert.equal(1, io.sockets._outgoing)
    socket:disconnect()
    assert.equal(0, io.sockets._outgoing)
    socket:offAnyOutgoing()
    socket:onAnyOutgoing(out "late")
    assert.equal(0, io.sockets._outgoing)
  end)
end)

describe("middlewares of a socket", function()
  it("see each event, change it, and let it pass", function()
    local event
    socket:use(function(packet, next)
      event = { packet[1], packet[2], packet.n }
      packet[1], packet[2] = "renamed", packet[2] * 2
      next()
    end)
    socket:use(function(packet, next)
      packet.n, packet[3] = 3, "added"
      next()
    end)
    local got
    socket:on("renamed", function(...) got = table.pack(...) end)
    client:emit("e", 4)
    client:sync()
    assert.same({ "e", 4, 2 }, event)
    assert.same({ 8, "added", n = 2 }, got)
  end)

  it("have the acknowledgement at the end", function()
    socket:use(function(packet, next)
      assert(type(packet[packet.n]) == "function")
      next()
    end)
    socket:on("q", function(value, done) done(value) end)
    assert.equal("yes", client:call("q", "yes"))
  end)

  it("drop an event with an error, which the event \"error\" tells unchanged", function()
    local errors = {}
    local object = { code = 7 }
    socket:on("error", function(err) errors[#errors + 1] = err end)
    socket:use(function(packet, next)
      if packet[1] == "bad" then next(object) elseif packet[1] == "worse" then next "text" end
      if packet[1] == "good" then next() end
    end)
    socket:on("bad", note "bad"):on("worse", note "worse"):on("good", note "good")
    client:emit "bad"
    client:emit "worse"
    client:emit "neither"
    assert.same({ "good" }, fire "good")
    assert.equal(object, errors[1])
    assert.equal("text", errors[2])
    assert.equal(2, #errors)
  end)

  it("may wait; what comes after a disconnect is dropped", function()
    socket:use(function(packet, next)
      require "socketio".sleep(packet[1] == "slow" and 10 or 1)
      next()
    end)
    socket:on("slow", note "slow"):on("quick", note "quick")
    client:emit "slow"
    client:emit "quick"
    support.wait(function() return #seen == 2 end)
    assert.same({ "quick", "slow" }, seen)
    client:emit "slow"
    client:sync()
    socket:disconnect()
    support.pass(20)
    assert.equal(2, #seen)
  end)

  it("go on once, however often next is called", function()
    socket:use(function(_, next)
      next()
      next()
      next "too late"
    end)
    socket:on("e", note "e"):on("error", note "error")
    assert.same({ "e" }, fire "e")
  end)

  it("that fail are reported, and drop the event", function()
    socket:use(function() error "secret" end)
    local told
    socket:on("e", note "e"):on("error", function(err) told = err end)
    assert.same({}, fire "e")
    local reported = support.errors()
    assert.equal(1, #reported)
    assert.equal("middleware", reported[1].context.phase)
    assert.equal("e", reported[1].context.event)
    assert.equal(socket, reported[1].context.socket)
    assert.not_matches("secret", told)
  end)
end)
