-- socketio.null may be given wherever nil may: what JavaScript writes as next(null), or as an
-- argument that is not there.
local socketio = require "socketio"

local support = require "support"

local POLLING = "/socket.io/?EIO=4&transport=polling"
local null = socketio.null

after_each(support.clean)

local function get(io, headers)
  return support.request(io, "GET", POLLING, { headers = headers })
end

describe("null is no error", function()
  it("of a namespace's middleware", function()
    local io = support.server()
    io:use(function(_, next) next(null) end)
    assert.is_nil(support.connect(io).error)
  end)

  it("of a socket's middleware", function()
    local io = support.server()
    local client, socket = support.pair(io)
    local got
    socket:use(function(_, next) next(null) end)
    socket:on("e", function(value) got = value end)
    client:emit("e", 1)
    client:sync()
    assert.equal(1, got)
  end)

  it("of a function for namespaces on demand, and no yes either", function()
    local io = support.server()
    io:of(function(name, _, next) next(null, name == "/yes" or null) end)
    assert.is_nil(support.open(io):enter "/yes".error)
    assert.same({ message = "Invalid namespace" }, support.open(io):enter "/no".error)
  end)

  it("of a middleware of the engine", function()
    local io = support.server()
    io.engine:use(function(_, _, next) next(null) end)
    assert.equal(200, get(io).status)
  end)

  it("of allowRequest, and no yes either", function()
    local words, success
    local io = support.server { allowRequest = function(_, callback) callback(words, success) end }
    words, success = null, true
    assert.equal(200, get(io).status)
    words, success = null, null
    assert.equal('{"code":4,"message":"Forbidden"}', get(io).body)
    words, success = "no", null
    assert.equal('{"code":4,"message":"no"}', get(io).body)
  end)

  it("of a function that decides on CORS, and no yes either", function()
    local allowed
    local io = support.server { cors = { origin = function(_, callback)
      callback(null, allowed)
    end } }
    for answer, wanted in pairs { [true] = "https://a.example", [null] = false } do
      allowed = answer
      local got = get(io, { Origin = "https://a.example" })
      assert.equal(200, got.status)
      assert.equal(wanted, got.headers["access-control-allow-origin"] or false)
    end
  end)
end)

describe("null is no argument", function()
  local io, client, socket

  before_each(function()
    io = support.server()
    client, socket = support.pair(io)
  end)

  it("of methods that could do without", function()
    socket:disconnect(null)
    client:expect_disconnect()
    assert.equal("open", socket.conn.readyState)
    assert.same({}, io:fetchSockets(null))
    assert.same({}, io.sockets:allSockets(null))
    assert.equal("/chat", io:of("/chat", null).name)
    io:on("a", print):off("a", null)
    assert.same({}, io:listeners "a")
    socket:onAny(print):offAny(null)
    assert.same({}, socket:listenersAny())
    assert.equal("/socket.io", io:path(null))
    socket.conn:close(null)
  end)

  it("of functions of the module", function()
    local fired = false
    local timer = socketio.setTimeout(function() fired = true end, null)
    support.wait(function() return fired end)
    socketio.clearTimeout(timer)
    socketio.clearTimeout(null)
    assert.equal(20000, socketio.Server(null, null).opts.pingTimeout)
    assert.equal(7, socketio.Server(null, { pingTimeout = 7 }).opts.pingTimeout)
    assert.equal(7, socketio.Engine(null, { pingTimeout = 7 }).opts.pingTimeout)
  end)

  it("of options", function()
    local server = socketio.Server {
      pingTimeout = null, allowRequest = null, cors = { origin = "*", maxAge = null },
    }
    assert.equal(20000, server.opts.pingTimeout)
    assert.is_nil(server.opts.allowRequest)
    assert.has_error(function() socketio.Server { pingTimeouts = null } end,
      "unknown option 'pingTimeouts' (did you mean 'pingTimeout'?)")
  end)

  it("where something is needed", function()
    for message, wrong in pairs {
      ["bad argument #1 to 'emit' (event name expected, got null)"] =
        function() socket:emit(null) end,
      ["bad argument #1 to 'on' (event name expected, got nil)"] =
        function() socket:on(null, print) end,
      ["bad argument #1 to 'setTimeout' (function expected, got null)"] =
        function() socketio.setTimeout(null, 1) end,
    } do
      assert.has_error(wrong, message)
    end
  end)

  it("but a value of an event", function()
    socket:emit("e", null, 1, null)
    local got = table.pack(client:expect "e")
    assert.same({ nil, 1, nil, n = 3 }, got)
    io:emit("f", null, { null })
    got = table.pack(client:expect "f")
    assert.same({ nil, { null }, n = 2 }, got)
    socket:on("q", function(done) done(null, 1) end)
    assert.same({ n = 2, nil, 1 }, table.pack(client:call "q"))
  end)
end)
