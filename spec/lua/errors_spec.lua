-- Errors that the application raises: reported with their place, and the end of nothing else.
local socketio = require "socketio"

local support = require "support"

local io, client, socket

local function connect(options)
  io = support.server(options)
  client, socket = support.pair(io)
  socket:on("echo", function(value, done) done(value) end)
end

-- The one error that was reported since, or is about to be.
local function reported()
  local errors
  support.wait(function()
    errors = support.errors()
    return errors[1]
  end, "an error", 3)
  assert.equal(1, #errors)
  return errors[1].message, errors[1].context, errors[1].traceback
end

before_each(function()
  connect()
end)

after_each(function()
  assert.equal(1, client:call("echo", 1), "the server does not serve any more")
  support.clean()
end)

describe("an error in", function()
  it("a handler is reported with all that is known", function()
    socket:on("bad", function() error "broken" end)
    client:emit("bad", 1)
    client:sync()
    local message, context, traceback = reported()
    assert.matches("errors_spec%.lua:%d+: broken$", message)
    assert.matches("^.*broken\nstack traceback:\n.*errors_spec%.lua:%d+: in function", traceback)
    assert.same({ "handler", "bad", "/", socket },
      { context.phase, context.event, context.namespace, context.socket })
  end)

  it("a handler that waited has its own traceback", function()
    local function deeper()
      socketio.sleep(1)
      error "late"
    end
    socket:on("bad", function() deeper() end)
    client:emit "bad"
    local _, context, traceback = reported()
    assert.matches("in upvalue 'deeper'", traceback)
    assert.equal("bad", context.event)
    assert.equal(socket, context.socket)
  end)

  it("a listener of the server names the namespace", function()
    io:of "/chat":on("connection", function() error "in connection" end)
    local other = client.client:enter "/chat"
    assert.is_nil(other.error)
    local message, context = reported()
    assert.matches("in connection", message)
    assert.same({ "handler", "connection", "/chat" },
      { context.phase, context.event, context.namespace })
    assert.is_true(io:of "/chat".sockets[other.id].connected)
  end)

  it("a middleware refuses the client, without a word on why", function()
    io:of "/chat":use(function() error "secret" end)
    local other = client.client:enter "/chat"
    assert.same({ message = "internal error" }, other.error)
    local _, context = reported()
    assert.equal("middleware", context.phase)
    assert.equal("/chat", context.namespace)
  end)

  it("a middleware after it has called next changes nothing for the client", function()
    io:of "/chat":use(function(_, next)
      next()
      error "after"
    end)
    assert.is_nil(client.client:enter "/chat".error)
    assert.equal("middleware", select(2, reported()).phase)
  end)

  it("an acknowledgement's callback is reported", function()
    socket:emit("q", function() error "in callback" end)
    client:answer((client:expect_call "q"))
    client:sync()
    local message, context = reported()
    assert.matches("in callback", message)
    assert.equal("acknowledgement", context.phase)
    assert.equal(socket, context.socket)
    socket:timeout(1):emit("q", function(err) error(err .. "!") end)
    message, context = reported()
    assert.matches("operation has timed out!", message)
    assert.equal("acknowledgement", context.phase)
  end)

  it("the callback of a broadcast is reported", function()
    io:timeout(1):emit("q", function(err) error(err .. "?") end)
    local message, context = reported()
    assert.matches("operation has timed out%?", message)
    assert.equal("acknowledgement", context.phase)
    io:to "nobody":emit("q", function() error "nobody" end)
    message, context = reported()
    assert.matches("nobody", message)
    assert.equal("acknowledgement", context.phase)
  end)

  it("a timer belongs to the handler that started it", function()
    socket:on("start", function()
      socketio.setTimeout(function() error "ticked" end, 1)
    end)
    client:emit "start"
    local message, context = reported()
    assert.matches("ticked", message)
    assert.equal("timer", context.phase)
    assert.equal(socket, context.socket)
  end)

  it("a timer of no handler is reported by the server, too", function()
    socketio.setTimeout(function() error "ticked" end, 1)
    local message, context = reported()
    assert.matches("ticked", message)
    assert.equal("timer", context.phase)
  end)

  it("an interval does not end it", function()
    local count = 0
    local timer = socketio.setInterval(function()
      count = count + 1
      error "again"
    end, 1)
    support.wait(function() return count == 3 end)
    socketio.clearInterval(timer)
    assert.equal(3, #support.errors())
  end)

  it("a listener of the connection is reported", function()
    local other = support.connect(io)
    io.sockets.sockets[other.id].conn:on("close", function() error "on close" end)
    other:close()
    support.wait(function() return io.sockets.sockets[other.id] == nil end)
    assert.matches("on close", (reported()))
  end)

  it("a listener of disconnecting or disconnect does not keep the socket", function()
    local other, at_server = support.pair(io)
    at_server:join "room"
    at_server:on("disconnecting", function() error "one" end)
    at_server:on("disconnect", function() error "two" end)
    other:close()
    support.wait(function() return not at_server.connected end)
    assert.equal(2, #support.errors())
    assert.is_nil(io.sockets.sockets[at_server.id])
    assert.is_nil(io.sockets.adapter.rooms.room)
  end)

  it("a function of dynamic namespaces refuses", function()
    io:of(function() error "which" end)
    assert.same({ message = "Invalid namespace" }, client.client:enter "/any".error)
    assert.matches("which", (reported()))
  end)

  it("a listener of rooms is reported, and the room is joined", function()
    io.sockets.adapter:on("join-room", function() error "joined" end)
    socket:join "a"
    assert.is_true(socket.rooms.a)
    assert.matches("joined", (reported()))
  end)
end)

describe("error objects", function()
  it("that are not strings are reported as text", function()
    local named = setmetatable({}, { __tostring = function() return "a named error" end })
    local objects = { { code = 1 }, named, 42, true, false }
    local at = 0
    socket:on("bad", function()
      at = at + 1
      error(objects[at])
    end)
    socket:on("nil", function() error() end)
    local messages, tracebacks = {}, {}
    for i = 1, #objects do
      client:emit "bad"
      client:sync()
      local message, _, traceback = reported()
      messages[i], tracebacks[i] = message, traceback
    end
    assert.matches("^table: ", messages[1])
    assert.equal("a named error", messages[2])
    assert.equal("42", messages[3])
    assert.equal("true", messages[4])
    assert.equal("false", messages[5])
    assert.matches("^a named error\nstack traceback:", tracebacks[2])
    assert.matches("^table: .*\nstack traceback:", tracebacks[1])
    client:emit "nil"
    client:sync()
    assert.equal("nil", (reported()))
  end)

  it("whose __tostring fails are no trouble", function()
    local evil = setmetatable({}, { __tostring = function() error "evil" end })
    local worse = setmetatable({}, { __tostring = function() return {} end })
    socket:on("evil", function() error(evil) end)
    socket:on("worse", function() error(worse) end)
    for _, event in ipairs { "evil", "worse" } do
      client:emit(event)
      client:sync()
      assert.equal("string", type((reported())))
    end
  end)

  it("of a stack that overflows are reported", function()
    local function endless() return 1 + endless() end
    socket:on("bad", function() endless() end)
    client:emit "bad"
    client:sync()
    assert.matches("stack overflow", (reported()))
  end)
end)

describe("onError", function()
  it("that fails is reported on standard error, and nothing ends", function()
    local code, out, err = support.program [[
      local socketio = require "socketio"
      local io = socketio.Server { onError = function() error "worse" end }
      socketio.setTimeout(function() error "bad" end, 1)
      socketio.setTimeout(function() print "still here" end, 5)
      socketio.run()
    ]]
    assert.equal(0, code)
    assert.equal("still here\n", out)
    assert.matches("^socketio: error in timer: .*bad\nstack traceback:.*and onError failed: "
      .. ".*worse",
      err)
  end)

  it("need not be there: standard error hears of it", function()
    local code, _, err = support.program [[
      local socketio = require "socketio"
      socketio.setTimeout(function() error "no server yet" end, 1)
      socketio.run()
      local io = socketio.Server()
      socketio.setTimeout(function() error "with a server" end, 1)
      socketio.spawn(function() error { "object" } end)
      socketio.run()
    ]]
    assert.equal(0, code)
    assert.matches("socketio: error in a timer: .*no server yet\nstack traceback:", err)
    assert.matches("socketio: error in timer: .*with a server\nstack traceback:", err)
    assert.matches("socketio: error in task: table: ", err)
  end)
end)
