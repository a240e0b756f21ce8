-- Handlers that wait: what they may call, where they may not, and that nothing is left of them.
local socketio = require "socketio"

local support = require "support"

local io, client, socket

before_each(function()
  io = support.server()
  client, socket = support.pair(io)
end)

after_each(support.clean)

describe("a handler", function()
  it("sleeps without holding up anybody", function()
    local order = {}
    socket:on("e", function(ms)
      socketio.sleep(ms)
      order[#order + 1] = ms
    end)
    client:emit("e", 30)
    client:emit("e", 1)
    client:emit("e", 15)
    support.wait(function() return #order == 3 end)
    assert.same({ 1, 15, 30 }, order)
  end)

  it("asks the client", function()
    local answer, err, count
    socket:on("e", function()
      answer, err = socket:emitWithAck("q", 1)
      count = select("#", socket:emitWithAck "q")
    end)
    client:emit "e"
    local id, value = client:expect_call "q"
    assert.equal(1, value)
    client:answer(id, "yes", "ignored")
    client:answer((client:expect_call "q"))
    support.wait(function() return count end)
    assert.equal("yes", answer)
    assert.is_nil(err)
    assert.equal(1, count)
  end)

  it("asks the client, for a time", function()
    local answer, err
    socket:on("e", function()
      answer, err = socket:timeout(10):emitWithAck "q"
    end)
    client:emit "e"
    support.wait(function() return err end)
    assert.is_nil(answer)
    assert.equal("operation has timed out", err)
  end)

  it("fetches sockets", function()
    local sockets, ids
    socket:on("e", function()
      sockets = io:fetchSockets()
      ids = io:allSockets()
    end)
    client:emit "e"
    client:sync()
    assert.same({ socket }, sockets)
    assert.same({ [socket.id] = true }, ids)
    assert.equal(socketio.array_mt, getmetatable(sockets))
  end)

  it("waits for the server to close", function()
    local closed, stays
    socket:on("e", function()
      io:close()
      closed = true
      stays = io:address()
    end)
    client:emit "e"
    support.wait(function() return closed end)
    assert.is_nil(stays)
    assert.is_false(socket.connected)
  end)

  it("gives callbacks to what it does not want to wait for", function()
    local told = {}
    socket:on("e", function()
      socketio.sleep(1, function() told.sleep = true end)
      socket:emitWithAck("q", function(err, answer) told.ack = { err, answer } end)
      io:fetchSockets(function(err, list) told.fetch = { err, #list } end)
      io:allSockets(function(err, set) told.all = { err, set[socket.id] } end)
      told.before = next(told)
    end)
    client:emit "e"
    client:answer((client:expect_call "q"), 5)
    support.wait(function() return told.sleep and told.ack end)
    assert.same({ nil, 5 }, told.ack)
    assert.same({ nil, 1 }, told.fetch)
    assert.same({ nil, true }, told.all)
  end)

  it("may wait in a metamethod, an iterator or a pcall", function()
    local seen = {}
    socket:on("e", function()
      local object = setmetatable({}, { __index = function(_, key)
        socketio.sleep(1)
        return key .. "!"
      end })
      seen[1] = object.a
      for i in function(_, last)
        socketio.sleep(1)
        return (last or 0) < 2 and (last or 0) + 1 or nil
      end do
        seen[#seen + 1] = i
      end
      seen[#seen + 1] = select(2, pcall(function()
        socketio.sleep(1)
        error("raised", 0)
      end))
    end)
    client:emit "e"
    support.wait(function() return seen[4] end)
    assert.same({ "a!", 1, 2, "raised" }, seen)
  end)

  it("is told where it cannot wait", function()
    local message
    socket:on("e", function()
      message = select(2, pcall(table.sort, { 2, 1 }, function(a, b)
        socketio.sleep(1)
        return a < b
      end))
    end)
    client:emit "e"
    client:sync()
    assert.matches("coroutines_spec%.lua:%d+: 'sleep' waits for its result, which needs a "
      .. "coroutine", message)
  end)

  it("may close a variable after it waited", function()
    local closed = false
    socket:on("e", function()
      local _ <close> = setmetatable({}, { __close = function() closed = true end })
      socketio.sleep(1)
    end)
    client:emit "e"
    client:sync()
    support.wait(function() return closed end)
  end)
end)

describe("a variable to be closed", function()
  it("is closed when its handler fails", function()
    local closed
    socket:on("e", function()
      local _ <close> = setmetatable({}, { __close = function(_, err) closed = err end })
      socketio.sleep(1)
      error("the reason", 0)
    end)
    client:emit "e"
    support.wait(function() return closed end)
    assert.equal("the reason", closed)
    assert.equal("the reason", support.errors()[1].message)
  end)
end)

describe("a coroutine of the application", function()
  it("waits for itself alone", function()
    local order = {}
    socket:on("e", function(done)
      coroutine.wrap(function()
        socketio.sleep(5)
        order[#order + 1] = "inner"
        done(socket:timeout(5):emitWithAck "q")
      end)()
      order[#order + 1] = "handler"
    end)
    assert.is_nil(client:call "e")
    assert.same({ "handler", "inner" }, order)
  end)

  it("may be started outside of any handler", function()
    local result
    local co = coroutine.create(function()
      socketio.sleep(1)
      result = table.pack(socket:emitWithAck "q")
      error "is reported"
    end)
    assert(coroutine.resume(co))
    client:answer((client:expect_call "q"), 9)
    support.wait(function() return result end)
    assert.equal(9, result[1])
    assert.equal("dead", coroutine.status(co))
    assert.matches("is reported", support.errors()[1].message)
  end)

  it("may be a generator inside of a handler", function()
    local got = {}
    socket:on("e", function()
      for value in coroutine.wrap(function()
        for i = 1, 3 do
          coroutine.yield(i)
        end
      end) do
        socketio.sleep(1)
        got[#got + 1] = value
      end
    end)
    client:emit "e"
    support.wait(function() return got[3] end)
    assert.same({ 1, 2, 3 }, got)
  end)

  it("that somebody else resumes goes on waiting", function()
    local result, returned
    local co = coroutine.create(function()
      result = table.pack(socket:emitWithAck "q")
      returned = true
    end)
    coroutine.resume(co)
    coroutine.resume(co, "not the answer")
    coroutine.resume(co)
    assert.is_nil(returned)
    client:answer((client:expect_call "q"), "the answer")
    support.wait(function() return returned end)
    assert.equal("the answer", result[1])
  end)

  it("that was closed meanwhile is left alone", function()
    local co = coroutine.create(function() socketio.sleep(1) end)
    coroutine.resume(co)
    coroutine.close(co)
    support.pass(10)
    assert.equal("dead", coroutine.status(co))
  end)

  it("that turns the loop itself is not disturbed by what it waited for", function()
    local ran = false
    local co = coroutine.create(function()
      coroutine.wrap(function() socketio.sleep(1) end)()
      socketio.setTimeout(function() ran = true end, 5)
      while not ran do
        socketio.run "once"
      end
    end)
    assert(coroutine.resume(co))
    assert.is_true(ran)
    assert.equal("dead", coroutine.status(co))
  end)
end)

describe("many handlers", function()
  it("may wait at the same time", function()
    local count, done = 5000, 0
    socket:on("e", function(i)
      socketio.sleep(1 + i % 7)
      assert(socket.connected)
      done = done + 1
    end)
    for i = 1, count do
      client:emit("e", i)
    end
    support.wait(function() return done == count end)
  end)

  it("that are never answered are collected with their socket", function()
    local alive = setmetatable({}, { __mode = "k" })
    local started = 0
    socket:on("e", function()
      alive[coroutine.running()] = true
      started = started + 1
      local big = ("x"):rep(1000) .. started
      socket:emitWithAck("q", big)
    end)
    for _ = 1, 300 do
      client:emit "e"
    end
    support.wait(function() return started == 300 end)
    client:close()
    support.wait(function() return not socket.connected end)
    socket = nil
    io = nil
    support.pass(5)
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(alive))
  end)

  it("that yield to nobody are collected", function()
    local alive = setmetatable({}, { __mode = "k" })
    socket:on("e", function()
      alive[coroutine.running()] = true
      coroutine.yield()
    end)
    socket:on("f", function() end)
    for _ = 1, 200 do
      client:emit "f"
      client:emit "e"
    end
    client:sync()
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(alive))
  end)
end)

describe("spawn", function()
  it("starts at once, with arguments, and reports errors", function()
    local got
    socketio.spawn(function(...) got = table.pack(...) end, 1, nil, 3, nil)
    assert.same({ 1, nil, 3, nil, n = 4 }, got)
    socketio.spawn(function() error "spawned" end)
    local reported = support.errors()
    assert.matches("spawned", reported[1].message)
    assert.equal("task", reported[1].context.phase)
  end)
end)
