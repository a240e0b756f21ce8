-- The end of a socket: reasons, order, and what is left of it.
local socketio = require "socketio"

local support = require "support"

local io, client, socket

local function connect(options, client_options)
  io = support.server(options)
  client, socket = support.pair(io, client_options)
end

-- Lists what the socket is told; returns the list, which ends with the disconnect.
local function watch()
  local told = {}
  socket:on("disconnecting", function(reason, details)
    told[#told + 1] = { "disconnecting", reason, details, next(socket.rooms) ~= nil }
  end)
  socket:on("disconnect", function(reason, details)
    told[#told + 1] = { "disconnect", reason, details, next(socket.rooms) ~= nil }
  end)
  return told
end

local function ends_with(reason, told)
  support.wait(function() return told[2] end, "the disconnect", 3)
  assert.same({ "disconnecting", reason, true }, { told[1][1], told[1][2], told[1][4] })
  assert.same({ "disconnect", reason, false }, { told[2][1], told[2][2], told[2][4] })
  assert.is_false(socket.connected)
  assert.is_true(socket.disconnected)
  assert.is_nil(io.sockets.sockets[socket.id])
  assert.same({}, socket.rooms)
  support.pass(5)
  assert.equal(2, #told)
end

after_each(support.clean)

describe("the reason is", function()
  for _, transport in ipairs { "websocket", "polling" } do
    it("client namespace disconnect, by " .. transport, function()
      connect(nil, { transport = transport })
      local told = watch()
      client:leave()
      ends_with("client namespace disconnect", told)
      assert.equal("open", socket.conn.readyState)
    end)

    it("server namespace disconnect, by " .. transport, function()
      connect(nil, { transport = transport })
      local told = watch()
      assert.equal(socket, socket:disconnect())
      ends_with("server namespace disconnect", told)
      client:expect_disconnect()
      socket:disconnect():disconnect(true)
    end)

    it("server namespace disconnect when the connection is closed, too, by " .. transport,
      function()
      connect(nil, { transport = transport })
      local told = watch()
      socket:disconnect(true)
      ends_with("server namespace disconnect", told)
      client:expect_close()
      support.wait(function() return socket.conn.readyState == "closed" end)
    end)

    it("ping timeout, by " .. transport, function()
      connect({ pingInterval = 20, pingTimeout = 20 }, { transport = transport })
      local told = watch()
      client.client.mute = true
      ends_with("ping timeout", told)
    end)

    it("parse error for a packet that Engine.IO does not know, by " .. transport, function()
      connect(nil, { transport = transport })
      local told = watch()
      client.client.transport:send "9"
      ends_with("parse error", told)
      client:expect_close()
    end)

    it("forced close for a packet that Socket.IO does not know, by " .. transport, function()
      connect(nil, { transport = transport })
      local told, err = watch(), nil
      socket:on("error", function(message) err = message end)
      client.client.transport:send "4nonsense"
      ends_with("forced close", told)
      assert.equal("unknown packet type NaN", err)
      client:expect_close()
    end)

    it("forced close when the application closes the connection, by " .. transport, function()
      connect(nil, { transport = transport })
      local told = watch()
      socket.conn:close()
      ends_with("forced close", told)
      client:expect_close()
    end)

    it("server shutting down, by " .. transport, function()
      connect(nil, { transport = transport })
      local told = watch()
      io:close()
      ends_with("server shutting down", told)
      client:expect_close()
    end)
  end

  it("transport close when a WebSocket is closed or breaks", function()
    for _, way in ipairs { "close", "reset" } do
      connect()
      local told = watch()
      if way == "close" then client:close() else client.client.transport.stream:reset() end
      support.wait(function() return told[2] end)
      local reason = told[2][2]
      assert.is_true(reason == "transport close" or way == "reset" and reason == "transport error",
        reason)
    end
  end)

  it("transport close when a polling client says goodbye", function()
    connect(nil, { transport = "polling" })
    local told = watch()
    client.client.transport:send "1"
    ends_with("transport close", told)
  end)

  it("transport error when a frame is malformed", function()
    connect()
    local told = watch()
    client.client.transport.stream:send "\xff\xff\xff\xff"
    ends_with("transport error", told)
    assert.equal("string", type(told[2][3]))
  end)

  it("given to the connection's own listeners, too", function()
    connect()
    local told
    socket.conn:on("close", function(reason) told = reason end)
    client:close()
    support.wait(function() return told end)
    assert.equal("transport close", told)
    assert.equal("closed", socket.conn.readyState)
  end)
end)

describe("a socket that has disconnected", function()
  before_each(function()
    connect()
    socket:join "a"
    client:close()
    support.wait(function() return not socket.connected end)
  end)

  it("is harmless to use", function()
    local count = 0
    local function fn() count = count + 1 end
    assert.has_no_error(function()
      assert(socket:emit("e", 1) == true)
      assert(socket:send "x" == socket)
      assert(socket.volatile:emit "e")
      socket:compress(true):emit("e", fn)
      socket:timeout(5):emit("e", fn)
      socket:join "b"
      socket:leave "a"
      socket:to "b":emit "e"
      socket.broadcast:emit "e"
      socket:disconnect()
      socket:disconnect(true)
      socket:on("e", fn):off "e"
      socket:onAny(fn):use(fn)
      socket.conn:close()
    end)
    assert.same({}, socket.rooms)
    assert.is_nil(io.sockets.adapter.rooms.b)
    support.wait(function() return count > 0 end)
    assert.equal(1, count)
  end)

  it("still tells what it was", function()
    assert.equal(20, #socket.id)
    assert.equal("127.0.0.1", socket.handshake.address)
    assert.equal("GET", socket.request.method)
    assert.equal("closed", socket.conn.readyState)
    assert.equal("websocket", socket.conn.transport.name)
    assert.equal(0, socket.conn.bufferedAmount)
    assert.equal("127.0.0.1", socket.conn.remoteAddress)
    socket.data.x = 1
    assert.equal(1, socket.data.x)
  end)

  it("still refuses what is wrong", function()
    assert.has_error(function() socket:emit() end)
    assert.has_error(function() socket:emit "connect" end)
    assert.has_error(function() socket:join() end)
  end)

  it("survives its server", function()
    local done
    io:close(function() done = true end)
    support.wait(function() return done end)
    io = nil
    collectgarbage()
    collectgarbage()
    socket:emit("e", 1)
    socket.broadcast:emit "e"
    assert.is_false(socket.connected)
  end)
end)

describe("a handler of disconnect", function()
  it("may emit to the others", function()
    connect()
    local other = support.connect(io)
    socket:on("disconnecting", function()
      for room in pairs(socket.rooms) do
        socket:to(room):emit("leaving", room == socket.id)
      end
      socket.broadcast:emit "leaves"
    end)
    socket:on("disconnect", function() io:emit "left" end)
    client:close()
    other:expect "leaves"
    other:expect "left"
  end)

  it("may disconnect others, and be disconnected by them", function()
    connect()
    local sockets = { socket }
    for i = 2, 20 do
      sockets[i] = select(2, support.pair(io))
    end
    for i, each in ipairs(sockets) do
      each:on("disconnect", function()
        for step = 1, 20 do
          sockets[(i + step) % 20 + 1]:disconnect(step % 2 == 0)
        end
      end)
    end
    socket:disconnect(true)
    for _, each in ipairs(sockets) do
      assert.is_false(each.connected)
    end
    assert.is_nil(next(io.sockets.sockets))
  end)

  it("may wait", function()
    connect()
    local ended
    socket:on("disconnect", function(reason)
      socketio.sleep(2)
      ended = reason
    end)
    client:close()
    support.wait(function() return ended end)
    assert.equal("transport close", ended)
  end)
end)

describe("a chain of disconnects", function()
  it("may be as long as the server has clients", function()
    connect()
    local sockets = { socket }
    for i = 2, 150 do
      sockets[i] = select(2, support.pair(io))
    end
    for i, each in ipairs(sockets) do
      each:on("disconnect", function()
        if sockets[i + 1] then
          sockets[i + 1]:disconnect()
        end
      end)
    end
    socket:disconnect()
    assert.same({}, support.errors())
    assert.is_nil(next(io.sockets.sockets))
    assert.same({}, io:fetchSockets())
  end)
end)

describe("a packet that is malformed", function()
  it("is told to the listeners of error first", function()
    connect()
    local told = {}
    socket:on("error", function(message) told[#told + 1] = message end)
    socket:on("disconnect", function(reason) told[#told + 1] = reason end)
    client.client.transport:send '42["e",]'
    client:expect_close()
    support.wait(function() return told[2] end)
    assert.same({ "string", "forced close" }, { type(told[1]), told[2] })
  end)

  it("is refused when its event is reserved or no name", function()
    for _, packet in ipairs {
      '42["connect"]', '42["disconnect",1]', "42[]", "42[null]", "42[{}]", "42{}", '42"e"', "42",
    } do
      connect()
      local called
      socket:onAny(function() called = true end)
      for _, event in ipairs { "connect", "disconnecting" } do
        socket:on(event, function() called = event == "connect" or called end)
      end
      client.client.transport:send(packet)
      client:expect_close()
      support.wait(function() return not socket.connected end)
      assert.is_nil(called, packet)
    end
  end)
end)
