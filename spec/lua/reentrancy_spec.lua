-- What listeners, finalisers and values do while the library is in the middle of something.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

local function collect()
  for _ = 1, 3 do
    collectgarbage()
  end
end

-- A value that does something when it is encoded.
local function acting(act)
  return setmetatable({}, {
    __tojson = function()
      act()
      return 1
    end,
  })
end

describe("a value that acts when it is encoded", function()
  it("cannot have an event acknowledged twice", function()
    local client, socket = support.pair(support.server())
    socket:on("q", function(done)
      done(acting(function()
        done "first"
        collect()
      end))
    end)
    assert.equal("first", (client:call "q"))
    assert.same({}, client:sync())
  end)

  it("may disconnect the last socket of the namespace that is told", function()
    local io = support.server { cleanupEmptyChildNamespaces = true }
    local socket
    io:of(socketio.pattern "^/room%-%d+$"):on("connection", function(new) socket = new end)
    local client = support.connect(io, { namespace = "/room-1" })
    support.wait(function() return socket end)
    local nsp = socket.nsp
    nsp:emit("e", acting(function()
      socket:disconnect()
      socket = nil
      collect()
    end))
    client:expect_disconnect()
    nsp:emit("e", 1)
    assert.same({}, client:sync())
  end)
end)

describe("a listener to what goes out", function()
  it("may change the rooms that are told", function()
    local io = support.server()
    local clients, sockets = {}, {}
    for i = 1, 6 do
      clients[i], sockets[i] = support.pair(io)
      sockets[i]:join "all"
    end
    local first
    local function act()
      if not first then
        first = true
        for i, socket in ipairs(sockets) do
          socket:leave "all"
          for j = 1, 40 do
            socket:join(i .. "-" .. j)
          end
        end
      end
    end
    for _, socket in ipairs(sockets) do
      socket.conn:on("packetCreate", act)
    end
    io:to("all"):emit("e", 1)
    for _, client in ipairs(clients) do
      assert.equal(1, (client:expect "e"))
    end
    io:to("all"):emit("e", 2)
    assert.same({}, clients[1]:sync())
  end)

  it("may disconnect who is told next", function()
    local io = support.server()
    local a, first = support.pair(io)
    local b, second = support.pair(io)
    for socket, other in pairs { [first] = second, [second] = first } do
      socket.conn:on("packetCreate", function() other:disconnect(true) end)
    end
    io:emit("e", 1)
    support.wait(function() return a.left or b.left end)
    assert.is_false(first.connected and second.connected)
  end)

  for _, close in ipairs { false, true } do
    it("may close the server when a socket is sent away, close " .. tostring(close), function()
      local io = support.server()
      local client, socket = support.pair(io)
      local reasons = {}
      socket:on("disconnect", function(reason) reasons[#reasons + 1] = reason end)
      socket.conn:on("packetCreate", function() io:close() end)
      socket:disconnect(close)
      assert.same({ "server shutting down" }, reasons)
      client:expect_close()
    end)
  end

  it("may close the server when a client is refused", function()
    local io = support.server()
    io:use(function(socket, next)
      socket.conn:on("packetCreate", function() io:close() end)
      next "no"
    end)
    local client = support.open(io):enter("/", nil, false)
    client:expect_close()
  end)
end)

describe("a finaliser", function()
  -- Finalisers run the other way round than they were set: those of the library go first here.
  local function make(finalise)
    local io = support.server()
    local kept = setmetatable({}, { __gc = finalise })
    io:once("connection", function(socket)
      kept.socket, kept.conn, kept.request = socket, socket.conn, socket.request
    end)
    local client = support.connect(io)
    support.wait(function() return kept.socket end)
    client:close()
    support.wait(function() return kept.conn.readyState == "closed" end)
    support.forget_clients()
  end

  it("may still use what is finalised with it", function()
    local seen
    make(function(kept)
      seen = {
        emitted = kept.socket:emit("e", 1),
        connected = kept.socket.connected,
        joined = pcall(kept.socket.join, "r"),
        sent_away = pcall(kept.socket.disconnect, true),
        conn = pcall(kept.conn.close),
        request = pcall(function() return kept.request.url end),
      }
    end)
    support.pass(20)
    collect()
    assert.is_true(seen.emitted)
    assert.is_false(seen.connected)
    assert.is_true(seen.joined)
    assert.is_true(seen.sent_away)
  end)

  it("may change a room that is being listed", function()
    local io = support.server()
    local sockets = {}
    for i = 1, 20 do
      local _, socket = support.pair(io)
      sockets[i] = socket
      socket:join "r"
    end
    local function garbage()
      return setmetatable({}, {
        __gc = function()
          local socket = table.remove(sockets)
          if socket then
            socket:leave "r"
          end
        end,
      })
    end
    local pause = collectgarbage("setpause", 1)
    for _ = 1, 30 do
      for _ = 1, 20 do
        garbage()
      end
      assert(io.sockets.adapter.rooms.r or true)
    end
    collectgarbage("setpause", pause)
  end)
end)

describe("a server that was closed", function()
  it("may listen again before the last connection is gone", function()
    local io = support.server()
    io.httpServer:on("request", function(_, res) res:send "here" end)
    local closed
    local before = support.connect(io)
    io:close(function() closed = true end)
    assert(io:listen "127.0.0.1:0")
    support.wait(function() return closed end)
    before:expect_close()
    collect()
    assert.equal("here", support.request(io, "GET", "/x").body)
  end)

  it("may be closed again before the last connection is gone", function()
    local io = support.server()
    local closed = {}
    support.connect(io)
    io:close(function() closed[#closed + 1] = "first" end)
    assert(io:listen "127.0.0.1:0")
    io:close(function() closed[#closed + 1] = "second" end)
    support.wait(function() return #closed == 2 end)
    assert.same({ "first", "second" }, closed)
    assert.is_nil(io:address())
  end)
end)
