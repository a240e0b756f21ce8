-- io.engine: who is let in, under which id, and what goes out with every answer; the options that
-- decide on that; what a connection tells of itself.
local socketio = require "socketio"

local support = require "support"

local POLLING = "/socket.io/?EIO=4&transport=polling"
local WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"

after_each(support.clean)

local function get(io, path, headers)
  return support.request(io, "GET", path or POLLING, { headers = headers })
end

local function upgrade(io, path, headers)
  local all = {
    Upgrade = "websocket",
    Connection = "Upgrade",
    ["Sec-WebSocket-Version"] = "13",
    ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ==",
  }
  for name, value in pairs(headers or {}) do
    all[name] = value
  end
  return support.request(io, "GET", path or WEBSOCKET, { headers = all })
end

local function post(io, sid, body)
  return support.request(io, "POST", POLLING .. "&sid=" .. sid, { body = body })
end

local function sid_of(answer)
  assert.equal(200, answer.status)
  return answer.body:match '^0{"sid":"(.-)"'
end

local function refused(code, message)
  return ('{"code":%d,"message":"%s"}'):format(code, message)
end

-- Collects what connection_error tells.
local function failures_of(io)
  local list = {}
  io.engine:on("connection_error", function(failure)
    list[#list + 1] = failure
  end)
  return list
end

local function options_error(options)
  local ok, message = pcall(socketio.Server, options)
  assert.is_false(ok)
  return (message:gsub("^.-: ", "", 1))
end

describe("io.engine", function()
  it("is there before the server listens", function()
    local io = socketio.Server()
    assert.equal(0, io.engine.clientsCount)
    local seen
    io.engine:on("connection", function(conn)
      seen = conn
    end)
    io:path("/elsewhere") -- makes another core
    assert(support.adopt(io):listen "127.0.0.1:0")
    local sid = sid_of(get(io, "/elsewhere/?EIO=4&transport=polling"))
    assert.equal(sid, seen.id)
    assert.equal(1, io.engine.clientsCount)
  end)

  it("counts sessions, whatever they have joined", function()
    local io = support.server()
    local client = support.open(io)
    get(io)
    assert.equal(2, io.engine.clientsCount)
    client:close()
    support.wait(function()
      return io.engine.clientsCount == 1
    end)
  end)

  it("gives each connection once, the one that its sockets have", function()
    local io = support.server()
    local seen = {}
    io.engine:on("connection", function(conn)
      seen[#seen + 1] = conn
    end)
    local _, socket = support.pair(io)
    assert.equal(1, #seen)
    assert.equal(socket.conn, seen[1])
    assert.equal("open", seen[1].readyState)
  end)

  it("tells why a request was refused", function()
    local io = support.server()
    local failures = failures_of(io)
    local sid = sid_of(get(io))
    for _, case in ipairs {
      { 0, { transport = "tobi" }, "GET", "?EIO=4&transport=tobi" },
      { 0, {}, "GET", "?EIO=4" },
      { 1, { sid = "x" }, "GET", "?EIO=4&transport=polling&sid=x" },
      { 2, { method = "PUT" }, "PUT", "?EIO=4&transport=polling" },
      { 3, { name = "TRANSPORT_HANDSHAKE_ERROR" }, "GET", "?EIO=4&transport=websocket" },
      { 3, { name = "TRANSPORT_MISMATCH", transport = "websocket", previousTransport = "polling" },
        "GET", "?EIO=4&transport=websocket&sid=" .. sid },
      { 3, { name = "PROTOCOL_MISMATCH", protocol = 3, previousProtocol = 4 }, "GET",
        "?EIO=3&transport=polling&sid=" .. sid },
      { 5, { protocol = 3 }, "GET", "?EIO=3&transport=polling" },
    } do
      local code, context, method, query = table.unpack(case)
      assert.equal(400, support.request(io, method, "/socket.io/" .. query).status)
      local failure = table.remove(failures)
      assert.equal(code, failure.code)
      assert.same(context, failure.context)
      assert.equal(method, failure.req.method)
      assert.equal("/socket.io/" .. query, failure.req.url)
    end
    assert.same({}, failures)
  end)
end)

describe("a middleware of the engine", function()
  it("sees every request, in order, and what it leaves in the request stays", function()
    local io = support.server()
    local seen, user, same = {}
    io.engine:use(function(req, _, next)
      req.user = req.query.name
      seen[#seen + 1] = req.method .. " first"
      next()
    end)
    io.engine:use(function(req, _, next)
      seen[#seen + 1] = req.method .. " second of " .. tostring(req.user)
      next()
    end)
    io:on("connection", function(socket)
      user = socket.request.user
      same = socket.request == socket.conn.request
      collectgarbage()
      socket:emit("hello", socket.request.user)
    end)
    local client = support.connect(io, { query = "name=ann" })
    assert.equal("ann", client:expect "hello")
    assert.equal("ann", user)
    assert.is_true(same)
    assert.same({ "GET first", "GET second of ann" }, seen)
    support.request(io, "OPTIONS", POLLING)
    assert.equal("OPTIONS second of nil", seen[4])
  end)

  it("decides later, too", function()
    local io = support.server()
    io.engine:use(function(_, _, next)
      socketio.sleep(5)
      next()
    end)
    for _, transport in ipairs { "polling", "websocket" } do
      support.connect(io, { transport = transport })
    end
  end)

  it("refuses", function()
    local io = support.server()
    local failures = failures_of(io)
    io.engine:use(function(_, _, next)
      next("no")
      next()
    end)
    local answer = get(io)
    assert.equal(400, answer.status)
    assert.equal(refused(3, "Bad request"), answer.body)
    answer = upgrade(io)
    assert.equal(400, answer.status)
    assert.equal("Bad request", answer.body)
    assert.equal(2, #failures)
    assert.same({ name = "MIDDLEWARE_FAILURE" }, failures[1].context)
    assert.equal(0, io.engine.clientsCount)
  end)

  it("refuses by an error, now or later, which is reported", function()
    local io = support.server()
    local waits = false
    io.engine:use(function()
      if waits then
        socketio.sleep(1)
      end
      error("broken")
    end)
    for _ = 1, 2 do
      assert.equal(400, get(io).status)
      local report = table.remove(support.errors())
      assert.matches("broken", report.message)
      assert.equal("middleware", report.context.phase)
      waits = true
    end
  end)

  it("answers itself, by each transport", function()
    local io = support.server()
    io.engine:use(function(_, res)
      res:status(302):set("Location", "/elsewhere"):send("there")
    end)
    for _, ask in ipairs { get, upgrade } do
      local answer = ask(io)
      assert.equal(302, answer.status)
      assert.equal("/elsewhere", answer.headers.location)
      assert.equal("there", answer.body)
    end
  end)

  it("answers in pieces, which is never mixed with an answer of ours", function()
    local io = support.server()
    io.engine:use(function(_, res, next)
      res:write("one ")
      next()
      next("no")
      res:finish("two")
    end)
    local answer = get(io)
    assert.equal(200, answer.status)
    assert.equal("one two", answer.body)
  end)

  it("sets headers, several of a name", function()
    local io = support.server()
    io.engine:use(function(_, res, next)
      res:set("Set-Cookie", { "a=1", "b=2" })
      next()
      res:set("X-Late", "1")
    end)
    for _, ask in ipairs { get, upgrade } do
      local headers = ask(io).headers
      assert.equal("a=1, b=2", headers["set-cookie"])
      assert.is_nil(headers["x-late"])
    end
  end)

  it("cannot take the body away", function()
    local io = support.server()
    local problem
    io.engine:use(function(req, _, next)
      req:text(function(err)
        problem = err
        next()
      end)
    end)
    local sid = sid_of(get(io))
    assert.equal("ok", post(io, sid, "40").body)
    assert.matches("not for the application", problem)
  end)

  it("may be left alone by a client that goes", function()
    local io = support.server()
    local held, goes_on
    io.engine:use(function(_, res, next)
      held, goes_on = res, next
    end)
    local dialled = support.dial(io)
    dialled:send(support.request_text("GET", POLLING))
    support.wait(function()
      return held
    end)
    dialled:close()
    support.wait(function()
      return held.finished
    end)
    goes_on()
    held:send("nobody reads this")
    assert.equal(0, io.engine.clientsCount)
  end)

  it("must be a function", function()
    local io = support.server()
    assert.has_error(function()
      io.engine:use("x")
    end, "bad argument #1 to 'use' (function expected, got string)")
  end)
end)

describe("generateId", function()
  it("makes the ids of sessions, and may wait", function()
    local io = support.server()
    io.engine.generateId = function(req)
      socketio.sleep(1)
      return "user:" .. req.query.name
    end
    assert.equal("user:ann", sid_of(get(io, POLLING .. "&name=ann")))
    assert.equal("ok", post(io, "user%3Aann", "40").body)
    local _, socket = support.pair(io, { query = "name=bob" })
    assert.equal("user:bob", socket.conn.id)
  end)

  it("has one to build upon", function()
    local io = support.server()
    local before = io.engine.generateId
    assert.equal(20, #before())
    io.engine.generateId = function(req)
      return "x-" .. before(req)
    end
    assert.matches("^x%-[%w_-]+$", sid_of(get(io)))
  end)

  it("answers 400 to what cannot be one", function()
    local io = support.server()
    local failures = failures_of(io)
    local id = "ann"
    io.engine.generateId = function()
      return id
    end
    get(io)
    for _, bad in ipairs { "ann", "", "a b", 'a"b', ("x"):rep(65), 7, {} } do
      id = bad
      local answer = get(io)
      assert.equal(400, answer.status)
      assert.equal(refused(3, "Bad request"), answer.body)
      assert.equal("ID_GENERATION_ERROR", table.remove(failures).context.name)
    end
    assert.equal(400, upgrade(io).status)
  end)

  it("answers 400 when it fails, and tells why", function()
    local io = support.server()
    local failures = failures_of(io)
    io.engine.generateId = function()
      error("broken", 0)
    end
    assert.equal(400, get(io).status)
    assert.same({ name = "ID_GENERATION_ERROR", error = "broken" }, failures[1].context)
    assert.equal("broken", support.errors()[1].message)
  end)

  it("must be a function", function()
    local io = support.server()
    assert.has_error(function()
      io.engine.generateId = 5
    end, "bad value for 'generateId' (function expected, got number)")
  end)
end)

describe("headers", function()
  it("can be changed before every answer of a session", function()
    local io = support.server { cookie = true, transports = { "polling", "websocket" } }
    io.engine:on("initial_headers", function(headers, req)
      headers["X-Initial"] = req.query.transport
    end)
    io.engine:on("headers", function(headers)
      headers["X-All"] = 7
      headers["cache-control"] = "private"
      if headers["Set-Cookie"] then
        headers["Set-Cookie"] = { headers["Set-Cookie"], "second=2" }
      end
    end)
    local answer = get(io)
    local sid = sid_of(answer)
    assert.equal("polling", answer.headers["x-initial"])
    assert.equal("7", answer.headers["x-all"])
    assert.equal("private", answer.headers["cache-control"])
    local cookies = answer.headers["set-cookie"]
    assert.matches("^io=" .. sid:gsub("%-", "%%-") .. ";.*, second=2$", cookies)
    answer = post(io, sid, "40")
    assert.is_nil(answer.headers["x-initial"])
    assert.equal("7", answer.headers["x-all"])
    answer = upgrade(io)
    assert.equal(101, answer.status)
    assert.equal("websocket", answer.headers["x-initial"])
    assert.is_nil(get(io, POLLING .. "&sid=x").headers["x-all"])
  end)

  it("can be removed", function()
    local io = support.server()
    io.engine:on("headers", function(headers)
      headers["cache-control"] = nil
    end)
    assert.is_nil(get(io).headers["cache-control"])
  end)

  it("that cannot be sent are reported and left out", function()
    local io = support.server()
    io.engine:on("headers", function(headers)
      headers["X-Bad"] = "a\r\nX-Evil: 1"
      headers["X-Good"] = "1"
    end)
    local answer = get(io)
    assert.equal("1", answer.headers["x-good"])
    assert.is_nil(answer.headers["x-bad"])
    assert.is_nil(answer.headers["x-evil"])
    assert.matches('header "X%-Bad" cannot be sent', support.errors()[1].message)
  end)

  it("may be the moment at which the session ends", function()
    local io = support.server()
    local conn
    io.engine:on("connection", function(new)
      conn = new
    end)
    local sid = sid_of(get(io))
    io.engine:on("headers", function()
      conn:close(true)
    end)
    assert.equal(200, post(io, sid, "3").status)
    support.wait(function()
      return io.engine.clientsCount == 0
    end)
  end)
end)

describe("origins", function()
  local io

  before_each(function()
    io = support.server { origins = { "https://a.example", socketio.pattern "%.b%.example$" } }
  end)

  it("are let in when they are listed, and programs without one", function()
    for _, ask in ipairs { get, upgrade } do
      assert.is_true(ask(io, nil, { Origin = "https://a.example" }).status < 300)
      assert.is_true(ask(io, nil, { Origin = "https://x.b.example" }).status < 300)
      assert.is_true(ask(io).status < 300)
    end
  end)

  it("are refused otherwise, by either transport", function()
    local failures = failures_of(io)
    for _, origin in ipairs { "https://evil.example", "null", "https://a.example.evil.example" } do
      local answer = get(io, nil, { Origin = origin })
      assert.equal(403, answer.status)
      assert.equal(refused(4, "Forbidden"), answer.body)
      assert.equal(403, upgrade(io, nil, { Origin = origin }).status)
      assert.same({ name = "ORIGIN_NOT_ALLOWED", origin = origin }, table.remove(failures).context)
    end
  end)

  it("of a request of a session do not matter", function()
    local sid = sid_of(get(io))
    local path = POLLING .. "&sid=" .. sid
    assert.equal(200, support.request(io, "POST", path,
      { body = "40", headers = { Origin = "https://evil.example" } }).status)
  end)
end)

describe("limits", function()
  for _, option in ipairs { "maxConnections", "maxConnectionsPerIp" } do
    it("by " .. option, function()
      local io = support.server { [option] = 1 }
      local failures = failures_of(io)
      local client = support.open(io)
      for _, ask in ipairs { get, upgrade } do
        local answer = ask(io)
        assert.equal(503, answer.status)
        assert.matches("^%d+$", answer.headers["retry-after"])
      end
      assert.matches("^MAX_CONNECTIONS", failures[1].context.name)
      client:close()
      support.wait(function()
        return io.engine.clientsCount == 0
      end)
      assert.equal(200, get(io).status)
    end)
  end
end)

describe("the option", function()
  it("initialPacket follows the open packet", function()
    local io = support.server { initialPacket = "hello" }
    assert.matches("}\0304hello$", get(io).body)
    io = support.server { initialPacket = socketio.binary "\1\2" }
    assert.matches("}\030bAQI=$", get(io).body)
  end)

  it("addTrailingSlash", function()
    local io = support.server { addTrailingSlash = false }
    for path, status in pairs { ["/socket.io"] = 200, ["/socket.io/"] = 200,
      ["/socket.iox"] = 404 } do
      assert.equal(status, get(io, path .. "?EIO=4&transport=polling").status)
    end
    io = support.server()
    assert.equal(404, get(io, "/socket.io?EIO=4&transport=polling").status)
  end)

  it("is checked", function()
    for name, case in pairs {
      allowRequest = { true, "function expected, got boolean" },
      initialPacket = { 5, "string or Binary expected, got number" },
      origins = { { 5 }, "string, pattern, or list of these expected, got table" },
      addTrailingSlash = { 1, "boolean expected, got number" },
      maxConnections = { 0, "number of at least 1 expected, got number" },
      maxConnectionsPerIp = { "x", 'number of at least 1 expected, got "x"' },
    } do
      local message = ("bad option '%s' (%s)"):format(name, case[2])
      assert.equal(message, options_error { [name] = case[1] })
    end
  end)
end)

describe("a connection", function()
  for _, transport in ipairs { "polling", "websocket" } do
    it("tells of its packets by " .. transport, function()
      local io = support.server()
      local seen = {}
      local client, socket = support.pair(io, { transport = transport })
      for _, event in ipairs { "packet", "packetCreate" } do
        socket.conn:on(event, function(packet)
          seen[#seen + 1] = ("%s %s %s"):format(event, packet.type, tostring(packet.data))
        end)
      end
      socket:on("hello", function(bytes)
        socket:emit("answer", bytes)
      end)
      client:emit("hello", socketio.binary "\1")
      client:expect "answer"
      assert.same({
        'packet message 51-["hello",{"_placeholder":true,"num":0}]',
        "packet message \1",
        'packetCreate message 51-["answer",{"_placeholder":true,"num":0}]',
        "packetCreate message \1",
      }, { table.unpack(seen, 1, 4) })
    end)

    it("tells when all was sent by " .. transport, function()
      local io = support.server()
      local client, socket = support.pair(io, { transport = transport })
      local drained = 0
      socket.conn:on("drain", function()
        drained = drained + 1
        assert.equal(0, socket.conn.bufferedAmount)
      end)
      socket:emit("a")
      socket:emit("b")
      assert.is_true(socket.conn.bufferedAmount > 0)
      client:expect "b"
      support.wait(function()
        return drained > 0
      end)
    end)
  end

  it("may be closed by who listens", function()
    local io = support.server()
    local client, socket = support.pair(io)
    local reason
    socket.conn:on("packet", function()
      socket.conn:close(true)
    end)
    socket.conn:on("close", function(why)
      reason = why
    end)
    client:emit("never told")
    support.wait(function()
      return reason
    end)
    assert.equal("forced close", reason)
  end)
end)
