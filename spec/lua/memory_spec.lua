-- What is left when clients have gone: nothing.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

local function heap()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count"
end

-- One client's life: it enters two namespaces, uses everything once, and goes in one of several
-- ways.
local function live(io, i)
  local transport = i % 4 == 0 and "polling" or "websocket"
  local client, socket = support.pair(io, { transport = transport, auth = { i = i } })
  local chat = client.client:enter "/chat"
  socket:join { "room " .. i, "all" }
  client:call("echo", { i, socketio.binary "bytes" })
  socket:emit("question", function() end)
  socket:timeout(20):emit("question", function() end)
  io:to "all":emit("news", i)
  io:timeout(20):emit("asked", function() end)
  assert(socket.handshake.auth.i == i and socket.conn.id and socket.rooms.all)
  chat:emit "waits"
  client:expect "news"
  if i % 3 == 0 or transport == "polling" then
    socket:disconnect(true)
    client:expect_close()
  else
    client:close()
  end
  support.wait(function() return not socket.connected end)
  support.pass(0)
end

local function prepare(io)
  for _, nsp in ipairs { io:of "/", io:of "/chat" } do
    nsp:on("connection", function(socket)
      socket:on("echo", function(value, done) done(value) end)
      socket:on("waits", function() socket:emitWithAck "never" end)
      socket:onAny(function() end)
      socket:onAnyOutgoing(function() end)
      socket:use(function(_, next) next() end)
    end)
  end
end

-- Forgets the clients that the support keeps, without closing the server.
local function forget(io)
  support.forget_clients()
  support.wait(function() return io.engine.clientsCount == 0 end)
  support.pass(40) -- what has a timeout is kept so long
end

describe("clients that have gone", function()
  it("leave no memory behind", function()
    local io = support.server { connectTimeout = 1000 }
    prepare(io)
    local function round(n)
      for i = 1, n do
        live(io, i)
      end
      forget(io)
      return heap()
    end
    round(24)
    local before = round(24)
    local after = round(96)
    assert.is_true(after - before < 60, ("%.0f KB, then %.0f KB"):format(before, after))
    assert.is_nil(next(io.sockets.sockets))
    assert.is_nil(next(io:of "/chat".sockets))
    assert.equal(0, #io.sockets.adapter.rooms)
    assert.equal(0, io.sockets._outgoing)
  end)

  it("are collected, sockets and connections", function()
    local io = support.server()
    prepare(io)
    local kept = setmetatable({}, { __mode = "k" })
    io:on("connection", function(socket)
      kept[socket] = true
      kept[socket.conn] = true
      kept[socket.request] = true
      kept[socket.rooms] = true
    end)
    for i = 1, 6 do
      live(io, i)
    end
    forget(io)
    support.wait(function()
      heap()
      return next(kept) == nil
    end)
  end)

  it("are kept by who keeps them, and nobody else", function()
    local io = support.server()
    local client, socket = support.pair(io)
    local other = setmetatable({ (select(2, support.pair(io))) }, { __mode = "v" })
    client:close()
    other[1].conn:close()
    support.wait(function() return io.engine.clientsCount == 0 end)
    forget(io)
    heap()
    assert.is_nil(other[1])
    socket:emit "e"
    assert.same({}, socket.rooms)
  end)
end)

describe("requests", function()
  it("leave no memory behind", function()
    local http = support.adopt(socketio.createServer())
    http:on("request", function(req, res)
      local text = req:text()
      if req.path == "/never" then return end
      res:set("X-A", "b"):json { text = text }
    end)
    assert(http:listen "127.0.0.1:0")
    local function round(n)
      for _ = 1, n do
        support.request(http, "POST", "/", { body = "x" })
        local at = support.dial(http)
        at:send(support.request_text("GET", "/never"))
        support.turn()
        at:close()
      end
      support.forget_clients()
      support.pass(10)
      return heap()
    end
    round(50)
    local before = round(50)
    local after = round(300)
    assert.is_true(after - before < 30, ("%.0f KB, then %.0f KB"):format(before, after))
  end)
end)
