-- A server lives as long as somebody refers to it, it listens, or it has clients; then it is gone.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

local function collect()
  collectgarbage()
  collectgarbage()
end

-- What a test made, as long as it exists.
local function watched()
  return setmetatable({}, { __mode = "k" })
end

local function count(set)
  local n = 0
  for _ in pairs(set) do
    n = n + 1
  end
  return n
end

local function await_end(set)
  support.wait(function()
    collect()
    return next(set) == nil
  end, "the end of all servers")
end

local function close(server)
  local is_closed = false
  server:close(function()
    is_closed = true
  end)
  while not is_closed do
    socketio.step() -- which does not wait: there are many
  end
end

-- Uses what makes a server refer to itself.
local function furnish(server)
  server:on("connection", function(socket)
    socket:on("echo", function(value, done)
      server:emit("echoed", value)
      done(value)
    end)
  end)
  server:of("/chat"):use(function(_, next)
    next()
  end)
  server:of(socketio.pattern "^/d")
  server.engine:on("connection", function() end)
  return server
end

local lives = {
  ["that never listened"] = function()
    return furnish(socketio.Server())
  end,
  ["that listened"] = function()
    local server = furnish(socketio.Server "127.0.0.1:0")
    close(server)
    return server
  end,
  ["that listened twice"] = function()
    local server = furnish(socketio.Server "127.0.0.1:0")
    close(server)
    assert(server:listen "127.0.0.1:0")
    close(server)
    return server
  end,
  ["of an HTTP server"] = function()
    local http = socketio.createServer()
    http:on("request", function(_, res)
      res:send "hello"
    end)
    assert(http:listen "127.0.0.1:0")
    local server = furnish(socketio.Server(http))
    close(server)
    return server
  end,
  ["bound to an engine"] = function()
    local engine = socketio.Engine "127.0.0.1:0"
    local server = furnish(socketio.Server()):bind(engine)
    close(server)
    return server
  end,
  ["with options set late"] = function()
    local server = furnish(socketio.Server())
    server:path "/other"
    server:connectTimeout(1000)
    assert(server:listen("127.0.0.1:0", { cors = { origin = function() end } }))
    close(server)
    return server
  end,
  ["that had clients"] = function()
    local server = furnish(socketio.Server "127.0.0.1:0")
    for _, transport in ipairs { "polling", "websocket" } do
      local client, socket = support.pair(server, { transport = transport })
      client:call("echo", 1)
      socket:join "room"
      socket:on("disconnect", function()
        server:emit "left"
      end)
    end
    close(server)
    support.forget_clients()
    return server
  end,
}

describe("a server", function()
  for name, live in pairs(lives) do
    it(name .. " is freed", function()
      local all = watched()
      for _ = 1, 5 do
        local server = live()
        all[server] = true
        all[server.engine] = true
        all[server.sockets] = true
      end
      await_end(all)
    end)
  end

  it("made and closed a thousand times leaves nothing", function()
    local all = watched()
    local function round(n)
      for _ = 1, n do
        for name, live in pairs(lives) do
          if name ~= "that had clients" then
            all[live()] = true
          end
        end
      end
      await_end(all)
      return collectgarbage "count"
    end
    round(30)
    local heap = round(30)
    local later = round(170)
    assert.is_true(later - heap < 100, ("%.0f KB, then %.0f KB"):format(heap, later))
  end)

  -- In a process of its own, whose memory nobody else has cut into pieces.
  it("leaves no memory of the process either", function()
    if os.getenv "SIO_PRESET" == "asan" then
      return -- which keeps what was freed
    end
    local code, output, errors = support.program [[
      local socketio = require "socketio"
      local function resident()
        for line in io.lines "/proc/self/status" do
          local kib = line:match "^VmRSS:%s+(%d+)"
          if kib then return tonumber(kib) end
        end
      end
      local function round(n)
        for _ = 1, n do
          local server, is_closed = socketio.Server("127.0.0.1:0"), false
          server:on("connection", function() server:emit "x" end)
          server:close(function() is_closed = true end)
          while not is_closed do socketio.step() end
        end
        collectgarbage()
        collectgarbage()
        return resident()
      end
      round(500)
      local before = round(500)
      local after = round(1000)
      print(before, after, after - before < 2000 and "flat" or "grows")
    ]]
    assert.same({ 0, "" }, { code, errors })
    assert.matches("flat", output)
  end)

  it("that listens needs nobody's reference", function()
    local all = watched()
    local port
    do
      local server = furnish(socketio.Server "127.0.0.1:0")
      all[server] = true
      port = server:address().port
    end
    collect()
    assert.equal(1, count(all))
    local client = support.connect(port)
    assert.same({ 7 }, { client:call("echo", 7) })
    support.adopt((next(all)))
  end)

  it("that has clients outlives its HTTP server", function()
    local all = watched()
    local client
    do
      local http = socketio.createServer()
      assert(http:listen "127.0.0.1:0")
      local server = furnish(socketio.Server(http))
      all[server] = true
      client = support.pair(server, { transport = "websocket" })
      close(http)
    end
    collect()
    assert.equal(1, count(all))
    assert.same({ 7 }, { client:call("echo", 7) })
    client:close()
    support.forget_clients()
    client = nil -- luacheck: ignore
    await_end(all)
  end)

  it("that somebody refers to listens again after its close", function()
    local server = support.adopt(furnish(socketio.Server "127.0.0.1:0"))
    for _ = 1, 3 do
      close(server)
      collect()
      assert(server:listen "127.0.0.1:0")
      local client = support.pair(server)
      assert.same({ 7 }, { client:call("echo", 7) })
      support.forget_clients()
    end
  end)

  it("is kept by its namespaces and sockets", function()
    local all = watched()
    local nsp, socket
    do
      local server = furnish(socketio.Server "127.0.0.1:0")
      all[server] = true
      nsp = server:of "/chat"
      socket = select(2, support.pair(server))
      close(server)
      support.forget_clients()
    end
    collect()
    assert.equal(1, count(all))
    socket:emit "nothing"
    socket = nil -- luacheck: ignore
    collect()
    nsp:emit "nothing"
    assert.same({}, nsp.adapter.rooms)
    nsp = nil -- luacheck: ignore
    await_end(all)
  end)

  it("that is gone sends no late answers", function()
    local all = watched()
    local answer
    do
      local server = socketio.Server "127.0.0.1:0"
      all[server] = true
      local client, socket = support.pair(server)
      socket:on("question", function(done) answer = done end)
      client.client.transport:send '421["question"]'
      support.wait(function() return answer end)
      close(server)
      support.forget_clients()
    end
    await_end(all)
    answer(1)
    answer(2)
  end)

  it("is of no use to its finalisers, and no harm", function()
    local ran = 0
    for _ = 1, 3 do
      local server = furnish(socketio.Server "127.0.0.1:0")
      local _, socket = support.pair(server)
      local conn = socket.conn
      close(server)
      support.forget_clients()
      server.guard = setmetatable({}, {
        __gc = function()
          pcall(server.emit, server, "x")
          pcall(function() server:of("/chat"):emit "x" end)
          pcall(function() server:of "/new" end)
          pcall(function() socket:emit "x" end)
          pcall(function() conn:on("packet", function() end) end)
          pcall(function() conn:close() end)
          pcall(function() server:close() end)
          ran = ran + 1
        end,
      })
    end
    support.wait(function()
      collect()
      return ran == 3
    end)
    collect()
  end)

  it("whose timer runs is kept by what the timer calls", function()
    local all = watched()
    local timer
    do
      local server = socketio.Server()
      all[server] = true
      timer = socketio.setInterval(function()
        server:emit "tick"
      end, 1)
    end
    collect()
    support.turn()
    assert.equal(1, count(all))
    socketio.clearInterval(timer)
    timer = nil -- luacheck: ignore
    await_end(all)
  end)
end)
