-- Listening and closing.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

local function closed(io)
  local done
  io:close(function() done = true end)
  support.wait(function() return done end)
end

describe("listen", function()
  it("has bound when it returns", function()
    local io = support.adopt(socketio.Server())
    assert.is_nil(io:address())
    assert.equal(io, io:listen "127.0.0.1:0")
    local address = io:address()
    assert.equal("127.0.0.1", address.address)
    assert.equal("IPv4", address.family)
    assert.is_true(address.port > 0)
    assert.is_nil(support.connect(io).error)
  end)

  it("is done by the constructor, too", function()
    local io = support.adopt(socketio.Server("localhost:0", { path = "/p" }))
    assert.is_nil(support.connect(io, { path = "/p" }).error)
    io = support.adopt(socketio.Server(0))
    assert.is_true(io:address().port > 0)
    assert.is_nil(support.connect(io).error)
    io = support.adopt(socketio.createServer())
    assert.equal(io, io:listen(0))
  end)

  it("says what to do about a port that is taken", function()
    local taken = support.server():address().port
    local address = "127.0.0.1:" .. taken
    local io = socketio.Server()
    local result, message, code = io:listen(address)
    assert.is_nil(result)
    assert.equal("EADDRINUSE", code)
    assert.matches("cannot listen on " .. address .. ": ", message, 1, true)
    assert.matches("choose another port", message, 1, true)
    assert.is_nil(io:address())
    local ok, raised = pcall(socketio.Server, address)
    assert.is_false(ok)
    assert.equal(message, raised:gsub("^.-: ", "", 1))
    ok, raised = pcall(function() socketio.Server(address) end)
    assert.is_false(ok)
    assert.matches("^.*listen_spec%.lua:%d+: cannot listen on", raised)
    assert(support.adopt(io):listen "127.0.0.1:0")
  end)

  it("says what is wrong with an address", function()
    local io = socketio.Server()
    for _, address in ipairs {
      "", "nonsense", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "1.2.3:80",
      "unix:", "127.0.0.1:-1", ":80:80", "256.0.0.1:0",
    } do
      local result, message, code = io:listen(address)
      assert.is_nil(result, address)
      assert.matches("^cannot listen on ", message)
      assert.matches("^E%u+$", code)
    end
    for _, port in ipairs { -1, 65536, 1 << 40 } do
      assert.is_nil((io:listen(port)), port)
    end
    local _, _, code = io:listen "192.0.2.1:0"
    assert.equal("EADDRNOTAVAIL", code)
  end)

  it("takes a unix socket, and takes it away", function()
    local path = os.tmpname()
    os.remove(path)
    local io = support.adopt(socketio.Server("unix:" .. path))
    assert.is_nil(support.connect(path).error)
    assert.equal(path, io:address().address)
    local second = socketio.Server()
    local _, message, code = second:listen("unix:" .. path)
    assert.equal("EADDRINUSE", code, message)
    closed(io)
    assert.is_nil((io.httpServer:address()))
    assert.is_nil(os.rename(path, path))
  end)

  it("takes over a unix socket that nobody listens on", function()
    local path = os.tmpname()
    os.remove(path)
    support.program(([[
      require "socketio".Server("unix:%s")
      os.exit(0, false)
    ]]):format(path))
    local io = support.adopt(socketio.Server())
    local ok, message = io:listen("unix:" .. path)
    if ok then
      assert.is_nil(support.connect(path).error)
    else
      assert.matches("cannot listen", message)
    end
    os.remove(path)
  end)

  it("takes IPv6", function()
    local io = support.adopt(socketio.Server())
    local ok, _, code = io:listen "[::1]:0"
    if not ok then
      assert.is_true(code == "EADDRNOTAVAIL" or code == "EAFNOSUPPORT", code)
      return
    end
    assert.same({ "::1", "IPv6" }, { io:address().address, io:address().family })
  end)

  it("may be called for more than one address", function()
    local io = support.server()
    local first = io:address().port
    assert(io:listen "127.0.0.1:0")
    local second = io:address().port
    assert.not_equal(first, second)
    local a, b = support.connect(first), support.connect(second)
    io:emit "both"
    a:expect "both"
    b:expect "both"
  end)

  it("works again after close", function()
    local io = support.server()
    local port = io:address().port
    for _ = 1, 3 do
      local client = support.connect(io)
      closed(io)
      client:expect_close()
      assert.is_nil(io:address())
      assert(io:listen("127.0.0.1:" .. port))
      assert.equal(port, io:address().port)
    end
    assert.is_nil(support.connect(io).error)
  end)
end)

describe("close", function()
  it("disconnects everybody and calls back", function()
    local io = support.server()
    local reasons = {}
    io:on("connection", function(socket)
      socket:on("disconnect", function(reason) reasons[#reasons + 1] = reason end)
    end)
    local a, b = support.connect(io), support.connect(io, { transport = "polling" })
    closed(io)
    assert.same({ "server shutting down", "server shutting down" }, reasons)
    assert.is_nil(next(io.sockets.sockets))
    a:expect_close()
    b:expect_close()
    local ok = pcall(support.dial, a.client.transport.stream.peer)
    assert.is_false(ok)
  end)

  it("calls every callback, twice or thrice", function()
    local io = support.server()
    local count = 0
    local function done() count = count + 1 end
    io:close(done)
    io:close(done)
    support.wait(function() return count == 2 end)
    io:close(done)
    support.wait(function() return count == 3 end)
  end)

  it("does not wait outside of a coroutine", function()
    local io = support.server()
    io:close()
    assert.is_nil(io:address())
    socketio.run()
    local never = socketio.Server()
    never:close()
    local told
    never:close(function() told = true end)
    support.wait(function() return told end)
  end)

  it("waits in a coroutine, also for a second time", function()
    local io = support.server()
    support.connect(io)
    local order = {}
    support.task(function()
      socketio.spawn(function()
        io:close()
        order[#order + 1] = "second"
      end)
      io:close()
      order[#order + 1] = "first"
    end)
    support.wait(function() return #order == 2 end)
    support.task(function() io:close() end)
  end)

  it("may be called by a handler of a client", function()
    for _, transport in ipairs { "polling", "websocket" } do
      local io = support.server()
      local client, socket = support.pair(io, { transport = transport })
      local ended
      socket:on("end", function()
        io:close(function() ended = true end)
        assert(not socket.connected)
        socket:emit "nothing"
      end)
      client:emit "end"
      support.wait(function() return ended end)
    end
  end)

  it("may be called while a client connects", function()
    local io = support.server()
    local ended
    io:use(function(_, next)
      io:close(function() ended = true end)
      next()
    end)
    local client = support.open(io)
    client:enter("/", nil, false)
    support.wait(function() return ended end)
    assert.is_nil(next(io.sockets.sockets))
  end)

  it("closes an HTTP server that is not a Socket.IO server's", function()
    local http = socketio.createServer()
    http:close()
    local count = 0
    assert(http:listen "127.0.0.1:0")
    http:close(function() count = count + 1 end)
    http:close(function() count = count + 1 end)
    support.wait(function() return count == 2 end)
    assert(support.adopt(http):listen "127.0.0.1:0")
  end)
end)

describe("a client that is gone when it is written to", function()
  it("does not kill the process", function()
    local code, out, err = support.program [[
      local socketio = require "socketio"
      local socket = require "socket"
      local io = socketio.Server "127.0.0.1:0"
      local rounds = 0
      local function round(mode)
        local peer = assert(socket.connect("127.0.0.1", io:address().port))
        peer:send("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\n"
          .. "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          .. "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n\x81\x82\0\0\0\x0040")
        local connected
        io:once("connection", function(s) connected = s end)
        while not connected do mode() end
        peer:setoption("linger", { on = true, timeout = 0 })
        peer:close()
        for _ = 1, 5 do
          connected:emit("x", ("x"):rep(100000))
          mode()
        end
        rounds = rounds + 1
      end
      socketio.setInterval(function() end, 1) -- or "once" would wait for the heartbeat
      for _ = 1, 5 do
        round(socketio.step)
        round(function() socketio.poll(1) end)
        round(function() socketio.run "once" end)
      end
      print(rounds)
    ]]
    assert.same({ 0, "15\n", "" }, { code, out, err })
  end)
end)
