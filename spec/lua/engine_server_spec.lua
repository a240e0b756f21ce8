-- socketio.Engine: Engine.IO without Socket.IO, and Socket.IO put upon it.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

local PATH = "/engine.io/?EIO=4&transport=polling"

-- A session by polling: send(text) posts a payload, poll() gives the next one.
local function session(where, path)
  path = path or PATH
  local opened = support.request(where, "GET", path)
  assert.equal(200, opened.status)
  local sid = opened.body:match '^0{"sid":"(.-)"'
  path = path .. "&sid=" .. sid
  return {
    sid = sid,
    opened = opened.body,
    send = function(payload)
      return support.request(where, "POST", path, { body = payload })
    end,
    poll = function()
      return support.request(where, "GET", path).body
    end,
  }
end

local function engine(options)
  return support.adopt(assert(socketio.Engine(options):listen "127.0.0.1:0"))
end

local function refused(message, make)
  local ok, got = pcall(make)
  assert.is_false(ok)
  assert.matches("engine_server_spec%.lua:%d+: ", got)
  assert.equal(message, got:gsub("^.-:%d+: ", "", 1))
end

describe("an engine", function()
  it("carries texts and bytes, and tells how a connection ends", function()
    local server = engine()
    local told, reason = {}, nil
    server:on("connection", function(conn)
      assert.equal("polling", conn.transport.name)
      for _, event in ipairs { "message", "data" } do
        conn:on(event, function(data)
          told[#told + 1] = event .. " " .. tostring(data)
          if event == "message" then
            conn:send(data)
          end
        end)
      end
      conn:on("close", function(why) reason = why end)
      conn:send "welcome"
    end)
    local client = session(server)
    assert.matches("^0{.*}$", client.opened)
    assert.equal("4welcome", client.poll())
    assert.equal(1, server.clientsCount)
    client.send "4hello\30bAQI="
    assert.equal("4hello\30bAQI=", client.poll())
    assert.same({ "data hello", "message hello", "data \1\2", "message \1\2" }, told)
    client.send "1"
    support.wait(function() return reason end)
    assert.equal("transport close", reason)
    assert.equal(0, server.clientsCount)
  end)

  it("sends with options, and tells when all has gone", function()
    local server = engine { httpCompression = true }
    local conn, told = nil, {}
    server:on("connection", function(new) conn = new end)
    local client = session(server)
    local function poll()
      return support.request(server, "GET", PATH .. "&sid=" .. client.sid,
        { headers = { ["Accept-Encoding"] = "gzip" } }).headers["content-encoding"]
    end
    conn:send("x", function() told[#told + 1] = "x" end)
    assert.same({}, told)
    assert.equal("gzip", poll())
    assert.same({ "x" }, told)
    conn:send("y", { compress = false }, function() told[#told + 1] = "y" end)
    assert.is_nil(poll())
    assert.same({ "x", "y" }, told)
    conn:send("z", { compress = true })
    assert.equal("gzip", poll())
    refused("bad argument #1 to 'send' (string or Binary expected, got nil)",
      function() conn:send() end)
    refused("bad argument #2 to 'send' (table of options expected, got number)",
      function() conn:send("x", 1) end)
    refused("bad argument #3 to 'send' (function expected, got number)",
      function() conn:send("x", {}, 1) end)
  end)

  it("is made with a port, a server or options, and attached with options", function()
    local server = support.adopt(socketio.Engine("127.0.0.1:0", { pingInterval = 11111 }))
    assert.matches('"pingInterval":11111', session(server).opened, 1, true)
    local http = support.adopt(assert(socketio.createServer():listen "127.0.0.1:0"))
    local other = support.adopt(socketio.Engine { pingInterval = 22222 })
    assert.equal(other, other:attach(http, { path = "/e", pingInterval = 1, pingTimeout = 33333 }))
    local opened = session(http, "/e/?EIO=4&transport=polling").opened
    assert.matches('"pingInterval":22222,"pingTimeout":33333', opened, 1, true)
    assert.equal(404, support.request(http, "GET", PATH).status)
    refused("options cannot be changed once the server is listening or attached", function()
      other:attach(socketio.createServer(), { path = "/f" })
    end)
  end)

  it("has middlewares, ids and refusals", function()
    local server = engine { allowRequest = function(req, callback)
      callback("not you", req.query.name == "ann")
    end }
    server.generateId = function(req) return "user:" .. req.query.name end
    local seen = {}
    server:use(function(req, _, next)
      seen[#seen + 1] = req.query.name
      next()
    end)
    local codes = {}
    server:on("connection_error", function(failure) codes[#codes + 1] = failure.code end)
    assert.equal("user:ann", session(server, PATH .. "&name=ann").sid)
    assert.equal(403, support.request(server, "GET", PATH .. "&name=bob").status)
    assert.same({ "ann", "bob" }, seen)
    assert.same({ 4 }, codes)
  end)

  it("closes its connections", function()
    local server = engine()
    local reason
    server:on("connection", function(conn)
      conn:on("close", function(why) reason = why end)
    end)
    session(server)
    local closed
    server:close(function() closed = true end)
    support.wait(function() return closed and reason end)
    assert.equal("forced close", reason)
    assert.is_nil(server:address())
  end)

  it("reports errors of handlers to onError", function()
    local reported
    local server = engine { onError = function(message, _, context)
      reported = { message, context.phase, context.event }
    end }
    server:on("connection", function(conn)
      conn:on("message", function() error("failed", 0) end)
    end)
    session(server).send "4x"
    assert.same({ "failed", "handler", "message" }, reported)
  end)

  it("knows no options of Socket.IO", function()
    refused("unknown option 'serveClient' (did you mean 'origins'?)", function()
      socketio.Engine { serveClient = true }
    end)
  end)
end)

describe("io:bind", function()
  it("puts Socket.IO on an engine, whose options hold", function()
    local server = socketio.Engine { path = "/socket.io", pingInterval = 12345 }
    local io = socketio.Server { onError = error }
    local connected
    io:on("connection", function(socket) connected = socket end)
    io:of "/chat"
    assert.equal(io, io:bind(server))
    assert.equal(server, io.engine)
    support.adopt(server):listen "127.0.0.1:0"
    local client = support.connect(server)
    assert.equal(12345, client.client.open.pingInterval)
    assert.equal(client.id, connected.id)
    assert.is_nil(client.client:enter "/chat".error)
    io:emit("news", 1)
    assert.equal(1, client:expect "news")
    assert.equal(1, server.clientsCount)
  end)

  it("leaves the connections that the engine had as they are", function()
    local server = engine { path = "/socket.io" }
    local told = {}
    server:on("connection", function(conn)
      conn:on("message", function(data) told[#told + 1] = data end)
      conn:on("packet", function(packet) told[#told + 1] = packet.type end)
    end)
    local path = "/socket.io/?EIO=4&transport=polling"
    local before = session(server, path)
    local io = socketio.Server():bind(server)
    before.send "4hello"
    assert.same({ "message", "hello" }, told)
    local connected
    io:on("connection", function(socket) connected = socket end)
    local client = support.connect(server)
    assert.equal(client.id, connected.id)
    before.send "4again"
    assert.equal("again", told[#told])
  end)

  it("takes nothing else, and no server that is in use", function()
    refused("bad argument #1 to 'bind' (engine made by socketio.Engine expected, got table)",
      function() socketio.Server():bind {} end)
    refused("bad argument #1 to 'bind' (engine made by socketio.Engine expected, got "
      .. "socketio.Engine)", function() socketio.Server():bind(socketio.Server().engine) end)
    local io = support.server()
    refused("a server that is listening or attached cannot be bound to an engine",
      function() io:bind(socketio.Engine()) end)
  end)
end)
