-- The end of a Lua state, in the middle of everything.
local support = require "support"

-- A server in a process of its own, with clients that are talked to when it ends as ending says.
local function program(ending)
  return ([[
    local socketio = require "socketio"
    package.path = %q
    local support = require "support"
    local io = support.server { connectTimeout = 60000 }
    io:on("connection", function(socket)
      socket:on("echo", function(value, done) done(value) end)
      socket:on("wait", function()
        local _ <close> = setmetatable({}, { __close = function() end })
        socket:emitWithAck "never"
      end)
    end)
    io:of(socketio.pattern "^/d"):on("connection", function(socket) socket:join "room" end)
    local slow = socketio.createServer()
    assert(slow:listen "127.0.0.1:0")
    slow:on("request", function(req, res)
      res:write "begun"
      req:text()
      socketio.sleep(100000)
    end)
    local clients, sockets = {}, {}
    for i = 1, 12 do
      local transport = i %% 2 == 0 and "polling" or "websocket"
      clients[i], sockets[i] = support.pair(io, { transport = transport })
      clients[i].client:enter "/d1"
      clients[i]:emit "wait"
      sockets[i]:timeout(60000):emit("q", function() end)
      local at = support.dial(slow)
      at:send "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"
    end
    support.pass(5)
    socketio.setInterval(function() io:emit("tick", socketio.binary(("x"):rep(10000))) end, 1)
    io:timeout(60000):emit("all", function() end)
    io:emit("news", ("x"):rep(100000))
    print "alive"
    %s
  ]]):format(package.path, ending)
end

local endings = {
  ["at the end of the program"] = "",
  ["after a while"] = "support.pass(10)",
  ["with os.exit"] = "os.exit(true, true)",
  ["with os.exit in a timer"] = [[
    socketio.setTimeout(function() os.exit(true, true) end, 5)
    socketio.run()
  ]],
  ["with os.exit in a handler that waited"] = [[
    io:on("connection", function(socket)
      socketio.sleep(1)
      for _, each in ipairs(sockets) do
        each:emit("last", 1)
      end
      os.exit(true, true)
    end)
    support.connect(io)
    support.pass(1000)
  ]],
  ["with os.exit in a handler of disconnect, while the server closes"] = [[
    sockets[3]:on("disconnect", function() os.exit(true, true) end)
    io:close()
  ]],
  ["with os.exit in a middleware"] = [[
    io:use(function() os.exit(true, true) end)
    support.open(io):enter("/", nil, false)
    support.pass(1000)
  ]],
  ["with os.exit in a request"] = [[
    slow:prependListener("request", function() os.exit(true, true) end)
    support.request(slow, "GET", "/")
  ]],
  ["with os.exit in a room's listener"] = [[
    io.sockets.adapter:on("leave-room", function() os.exit(true, true) end)
    sockets[1]:disconnect(true)
  ]],
  ["while the server closes"] = "io:close()",
  ["after the server has closed"] = "io:close() slow:close() support.pass(20)",
  ["with everything forgotten before"] = [[
    sockets, clients = nil, nil
    collectgarbage()
    collectgarbage()
  ]],
  ["with finalisers that use the library"] = [[
    local keep = setmetatable({}, { __gc = function()
      pcall(function() io:emit("late", 1) end)
      pcall(function() sockets[1]:emit("late", 1) end)
      pcall(function() sockets[2]:join "late" end)
      pcall(function() sockets[2]:disconnect(true) end)
      pcall(function() io:fetchSockets() end)
      pcall(function() io:close() end)
      pcall(function() slow:close() end)
      pcall(socketio.step)
    end })
    _G.keep = keep
  ]],
}

describe("a Lua state that ends in the middle of traffic", function()
  for name, ending in pairs(endings) do
    it("ends quietly: " .. name, function()
      local code, out, err = support.program(program(ending))
      assert.same({ 0, "alive\n", "" }, { code, out, err })
    end)
  end

  it("may end with an error that nobody caught", function()
    local code, _, err = support.program(program "error 'uncaught'")
    assert.equal(1, code)
    assert.matches("uncaught", err)
    assert.not_matches("[Aa]ddressSanitizer", err)
  end)
end)

describe("a coroutine that is the last to hold the server", function()
  it("is no trouble", function()
    local code, out, err = support.program [[
      local socketio = require "socketio"
      local co = coroutine.wrap(function()
        local io = socketio.Server "127.0.0.1:0"
        socketio.sleep(1)
        print(io:address().family)
        coroutine.yield()
      end)
      co()
      socketio.setTimeout(socketio.stop, 10)
      socketio.run()
    ]]
    assert.same({ 0, "IPv4\n", "" }, { code, out, err })
  end)
end)
