-- Upgrades to paths that are not Socket.IO's: the options destroyUpgrade and destroyUpgradeTimeout.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

local HEADERS = {
  Upgrade = "websocket",
  Connection = "Upgrade",
  ["Sec-WebSocket-Version"] = "13",
  ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ==",
}

local function ask(io, path)
  local at = support.dial(io)
  at:send(support.request_text("GET", path or "/elsewhere", { headers = HEADERS }))
  return at
end

-- A server whose application sees requests and does what fn says.
local function serve(options, fn)
  local io = support.server(options)
  local seen = {}
  io.httpServer:on("request", function(req, res)
    seen[#seen + 1] = req
    fn(req, res)
  end)
  return io, seen
end

describe("an upgrade to another path", function()
  it("that nobody listens for is answered 404 at once", function()
    for _, destroy in ipairs { true, false } do
      local io = support.server { destroyUpgrade = destroy }
      local at = ask(io)
      assert.equal(404, support.answer(at).status)
      support.wait(function() return at.closed end)
    end
  end)

  it("is a request to the application, which may answer", function()
    local io, seen = serve({}, function(_, res) res:status(426):send "no" end)
    local at = ask(io)
    local got = support.answer(at)
    assert.equal(426, got.status)
    assert.equal("no", got.body)
    assert.equal("close", got.headers.connection)
    support.wait(function() return at.closed end)
    assert.is_true(seen[1].upgrade)
    assert.equal("websocket", seen[1].headers.upgrade)
    support.request(io, "GET", "/plain")
    assert.is_false(seen[2].upgrade)
  end)

  it("is ended without a word when nobody answers in time", function()
    local io, seen = serve({ destroyUpgradeTimeout = 20 }, function() end)
    local at = ask(io)
    support.wait(function() return at.closed end)
    assert.equal("", at.input)
    assert.equal(1, #seen)
  end)

  it("tells who waits for its body that it is over", function()
    local problem, finished
    local io = serve({ destroyUpgradeTimeout = 20 }, function(req, res)
      socketio.sleep(40)
      finished = res.finished
      problem = select(2, req:text())
      res:send "too late"
    end)
    ask(io)
    support.wait(function() return problem end)
    assert.is_true(finished)
    assert.equal("the request is over", problem)
  end)

  it("goes on when the answer has begun", function()
    local io = serve({ destroyUpgradeTimeout = 20 }, function(_, res)
      res:write "slow"
      socketio.sleep(60)
      res:finish "ly"
    end)
    assert.equal("slowly", support.answer(ask(io)).body)
  end)

  it("is left alone with destroyUpgrade = false", function()
    local answer
    local io, seen = serve({ destroyUpgrade = false, destroyUpgradeTimeout = 1 },
      function(_, res) answer = res end)
    local at = ask(io)
    support.pass(60)
    assert.is_false(at.closed or false)
    assert.equal(1, #seen)
    answer:send "at last"
    assert.equal("at last", support.answer(at).body)
  end)

  it("does not limit other requests, and not those of Socket.IO's own path", function()
    local answer
    local io = serve({
      destroyUpgradeTimeout = 10,
      allowRequest = function(_, callback)
        socketio.sleep(50)
        callback(nil, true)
      end,
    }, function(_, res) answer = res end)
    local at = support.dial(io)
    at:send(support.request_text("GET", "/plain"))
    assert.is_nil(support.connect(io).error)
    support.pass(30)
    answer:send "still there"
    assert.equal("still there", support.answer(at).body)
  end)

  it("is limited by the servers that are attached, and by no other", function()
    local http = support.adopt(socketio.createServer())
    local answers = {}
    http:on("request", function(_, res) answers[#answers + 1] = res end)
    assert(http:listen "127.0.0.1:0")
    local at = ask(http)
    support.wait(function() return answers[1] end)
    socketio.Server(http, { destroyUpgradeTimeout = 5000 })
    socketio.Server(http, { path = "/two", destroyUpgradeTimeout = 10 })
    socketio.Server(http, { path = "/three", destroyUpgrade = false, destroyUpgradeTimeout = 1 })
    local second = ask(http)
    support.wait(function() return second.closed end)
    answers[1]:send "the first"
    assert.equal("the first", support.answer(at).body)
  end)

  it("keeps nothing alive once its client has gone", function()
    local code, out, err = support.program [[
      local socketio = require "socketio"
      local io = socketio.Server("127.0.0.1:0", { destroyUpgradeTimeout = 1e9 })
      io.httpServer:on("request", function() io:close() end)
      local socket = require "socket"
      local client = socket.connect("127.0.0.1", io:address().port)
      client:send("GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
      socketio.setTimeout(function() client:close() end, 50)
      socketio.run()
      print "ended"
    ]]
    assert.same({ 0, "ended\n", "" }, { code, out, err })
  end)
end)
