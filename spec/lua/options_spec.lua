-- Options: names, types, defaults, and what they do.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

local function refused(message, options, make)
  local ok, got = pcall(function() (make or socketio.Server)(options) end)
  assert.is_false(ok, "no error: " .. message)
  assert.matches("options_spec%.lua:%d+: ", got)
  assert.equal(message, got:gsub("^.-:%d+: ", "", 1))
end

describe("options", function()
  it("have the reference's defaults", function()
    local opts = socketio.Server().opts
    local expected = {
      path = "/socket.io", serveClient = true, connectTimeout = 45000, pingInterval = 25000,
      pingTimeout = 20000, upgradeTimeout = 10000, maxHttpBufferSize = 1e6, allowUpgrades = true,
      cors = false, cleanupEmptyChildNamespaces = false,
    }
    for name, value in pairs(expected) do
      assert.equal(value, opts[name], name)
    end
    assert.same({ "polling", "websocket" }, opts.transports)
    assert.same({ threshold = 1024 }, opts.httpCompression)
  end)

  it("that are unknown are named, with the nearest known one", function()
    refused("unknown option 'pingIntervall' (did you mean 'pingInterval'?)", { pingIntervall = 1 })
    refused("unknown option 'PATH' (did you mean 'path'?)", { PATH = "/" })
    refused("unknown option 'pingtimeout' (did you mean 'pingTimeout'?)", { pingtimeout = 1 })
    refused("unknown option of cors 'origins' (did you mean 'origin'?)",
      { cors = { origins = "*" } })
    refused("unknown option 'maxHeadersize' (did you mean 'maxHeaderSize'?)",
      { maxHeadersize = 1000 }, socketio.createServer)
    local ok, message = pcall(socketio.Server, { "a list" })
    assert.is_false(ok)
    assert.matches("unknown option '1'", message)
  end)

  it("of the wrong type are refused", function()
    refused("bad option 'path' (path that begins with \"/\" expected, got number)", { path = 1 })
    refused("bad option 'path' (path that begins with \"/\" expected, got \"x\")", { path = "x" })
    refused("bad option 'serveClient' (boolean expected, got \"yes\")", { serveClient = "yes" })
    refused("bad option 'pingInterval' (number of at least 1 expected, got \"1\")",
      { pingInterval = "1" })
    refused("bad option 'pingTimeout' (number of at least 1 expected, got number)",
      { pingTimeout = 0 })
    refused("bad option 'pingTimeout' (number of at least 1 expected, got number)",
      { pingTimeout = 0 / 0 })
    refused("bad option 'transports' (list of transports expected, got table)", { transports = {} })
    refused("bad option 'transports' (list of \"polling\" and \"websocket\" expected, got table)",
      { transports = { "polling", "flash" } })
    refused("bad option 'onError' (function expected, got \"x\")", { onError = "x" })
    refused("bad option 'backpressurePolicy' (\"close\" or \"dropVolatile\" expected, got \"no\")",
      { backpressurePolicy = "no" })
    refused("bad option of cors 'credentials' (boolean expected, got number)",
      { cors = { credentials = 1 } })
    refused("bad option of cors 'origin' (string, pattern, list of these, function or boolean "
      .. "expected, got number)", { cors = { origin = 1 } })
  end)

  it("are not the table that was given", function()
    local given = { pingInterval = 1000, transports = { "websocket" } }
    local io = socketio.Server(given)
    given.pingInterval = 1
    assert.equal(1000, io.opts.pingInterval)
    assert.is_nil(given.pingTimeout)
  end)

  it("are read and changed by methods, until the server is in use", function()
    local io = socketio.Server()
    assert.equal("/socket.io", io:path())
    assert.equal(io, io:path "/other")
    assert.equal("/other", io:path())
    assert.is_false(io:serveClient(false):serveClient())
    assert.equal(5000, io:connectTimeout(5000):connectTimeout())
    local connected
    io:on("connection", function(socket) connected = socket end)
    io:of "/chat"
    io:use(function(_, next) next() end)
    io:path "/p"
    support.adopt(io):listen "127.0.0.1:0"
    local client = support.connect(io, { path = "/p" })
    assert.equal(client.id, connected.id)
    assert.is_nil(client.client:enter "/chat".error)
    local ok, message = pcall(io.path, "/late")
    assert.is_false(ok)
    assert.matches("options cannot be changed once the server is listening", message)
    ok = pcall(function() socketio.Server():path "relative" end)
    assert.is_false(ok)
  end)

  it("that were changed keep the adapter's listeners", function()
    local io = socketio.Server()
    local told = {}
    io.sockets.adapter:on("join-room", function(room) told[#told + 1] = room end)
    io:path "/p"
    support.adopt(io):listen "127.0.0.1:0"
    local client = support.connect(io, { path = "/p" })
    assert.same({ client.id }, told)
  end)
end)

describe("the option", function()
  it("transports decides which are there", function()
    local io = support.server { transports = { "websocket" } }
    assert.equal(400, support.open(io, { transport = "polling" }).transport.answer.status)
    assert.is_nil(support.connect(io).error)
    io = support.server { transports = { "polling" } }
    assert.equal(400, support.open(io).transport.answer.status)
    local client = support.connect(io, { transport = "polling" })
    assert.same({}, client.client.open.upgrades)
  end)

  it("allowUpgrades and the intervals are told to clients", function()
    local io = support.server { pingInterval = 1234, pingTimeout = 567, maxHttpBufferSize = 4321 }
    local open = support.connect(io, { transport = "polling" }).client.open
    assert.same({ "websocket" }, open.upgrades)
    assert.same({ 1234, 567, 4321 }, { open.pingInterval, open.pingTimeout, open.maxPayload })
    io = support.server { allowUpgrades = false }
    assert.same({}, support.connect(io, { transport = "polling" }).client.open.upgrades)
  end)

  it("path may end in slashes", function()
    local io = support.server { path = "/a/b//" }
    assert.is_nil(support.connect(io, { path = "/a/b" }).error)
    assert.equal(404, support.request(io, "GET", "/socket.io/?EIO=4&transport=polling").status)
  end)

  it("connectTimeout ends who enters no namespace", function()
    local io = support.server { connectTimeout = 20 }
    local client = support.open(io)
    support.wait(function() return client.transport:is_closed() end)
  end)

  it("pingInterval keeps who answers", function()
    local io = support.server { pingInterval = 5, pingTimeout = 200 }
    for _, transport in ipairs { "websocket", "polling" } do
      local _, socket = support.pair(io, { transport = transport })
      support.pass(60)
      assert.is_true(socket.connected)
    end
  end)

  it("maxHttpBufferSize ends who sends more", function()
    local io = support.server { maxHttpBufferSize = 1000 }
    for _, transport in ipairs { "websocket", "polling" } do
      local client, socket = support.pair(io, { transport = transport })
      local got
      socket:on("e", function(text) got = #text end)
      client:emit("e", ("x"):rep(900))
      support.wait(function() return got end)
      client:emit("e", ("x"):rep(1100))
      support.wait(function() return not socket.connected end)
      assert.equal(900, got)
    end
  end)

  it("maxBackpressure ends who does not read", function()
    local io = support.server { maxBackpressure = 100000 }
    local client, socket = support.pair(io)
    client.client.transport.stream.deaf = true
    local sent = 0
    support.wait(function()
      socket:emit("e", ("x"):rep(50000))
      sent = sent + 1
      return not socket.connected
    end)
    assert.is_true(sent > 2)
  end)

  it("backpressurePolicy may drop what is volatile instead", function()
    local io = support.server { maxBackpressure = 100000, backpressurePolicy = "dropVolatile" }
    local client, socket = support.pair(io)
    client.client.transport.stream.deaf = true
    for _ = 1, 100 do
      socket:emit("e", ("x"):rep(50000))
      socket.volatile:emit "volatile"
      support.turn()
    end
    assert.is_true(socket.connected)
  end)

  it("maxAttachments ends who sends more", function()
    local io = support.server { maxAttachments = 2 }
    local client, socket = support.pair(io)
    local got = 0
    socket:on("e", function() got = got + 1 end)
    local bytes = socketio.binary "x"
    client:emit("e", bytes, bytes)
    client:sync()
    assert.equal(1, got)
    client.client.transport:send '453-["e",{"_placeholder":true,"num":0}]'
    client:expect_close()
  end)

  it("maxNamespaces ends who enters more", function()
    local io = support.server { maxNamespaces = 3 }
    io:of(socketio.pattern "^/")
    local client = support.open(io)
    for i = 1, 3 do
      assert.is_nil(client:enter("/" .. i).error)
    end
    local fourth = client:enter("/4", nil, false)
    support.wait(function() return fourth.error or client.transport:is_closed() end)
    assert.is_nil(fourth.id)
  end)

  it("serveClient gives the client files, or not", function()
    local path = "/socket.io/socket.io.js"
    assert.not_equal(200, support.request(support.server { serveClient = false }, "GET",
      path).status)
  end)

  it("maxHeaderSize and the timeouts limit requests", function()
    local io = support.server { maxHeaderSize = 1000, headersTimeout = 20 }
    assert.equal(431, support.request(io, "GET", "/", { headers = { X = ("x"):rep(2000) } }).status)
    local at = support.dial(io)
    at:send "GET / HTTP/1.1\r\nHost:"
    support.wait(function() return at.closed end)
  end)

  it("cors lets origins in", function()
    local function allowed(origin, asked)
      local io = support.server { cors = { origin = origin } }
      return support.request(io, "GET", "/socket.io/?EIO=4&transport=polling",
        { headers = { Origin = asked } }).headers["access-control-allow-origin"]
    end
    local a, b = "http://a.example", "http://b.example"
    assert.equal("*", allowed("*", a))
    assert.equal(a, allowed(true, a))
    assert.equal(a, allowed({ a, "http://c.example" }, a))
    assert.is_nil(allowed({ a }, b))
    assert.equal(b, allowed(socketio.pattern "^http://%a%.example$", b))
    assert.equal(b, allowed({ a, socketio.pattern "^http://b" }, b))
    assert.is_nil(allowed(socketio.pattern "^https://", b))
    assert.equal(a, allowed(function(origin) return origin == a end, a))
    assert.is_nil(allowed(function(origin) return origin == a end, b))
    assert.equal(b, allowed(function(origin, next) next(nil, origin == b) end, b))
    assert.is_nil(allowed(function(_, next) next("no", true) end, b))
  end)

  it("cors survives a function that fails", function()
    local io = support.server { cors = { origin = function() error "in origin" end } }
    local got = support.request(io, "GET", "/socket.io/?EIO=4&transport=polling",
      { headers = { Origin = "http://a.example" } })
    assert.is_nil(got.headers["access-control-allow-origin"])
    assert.matches("in origin", support.errors()[1].message)
  end)
end)
