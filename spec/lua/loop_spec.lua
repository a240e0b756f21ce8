-- Timers, and the ways to turn the loop.
local socketio = require "socketio"

local support = require "support"

after_each(support.clean)

describe("timers", function()
  it("fire in the order of their times, then of their start", function()
    local order, started = {}, 0
    -- Far enough apart that a slow machine, between two calls, does not turn the order round.
    for _, ms in ipairs { 400, 1, 400, 200, 0 } do
      socketio.setTimeout(function(...) order[#order + 1] = table.concat({ ... }, " ") end, ms,
        ms, started)
      started = started + 1
    end
    support.wait(function() return #order == 5 end)
    assert.same({ "1 1", "0 4", "200 3", "400 0", "400 2" }, order)
  end)

  it("get their arguments, nil included", function()
    local got
    socketio.setTimeout(function(...) got = table.pack(...) end, 1, nil, 2, nil)
    support.wait(function() return got end)
    assert.same({ n = 3, nil, 2, nil }, got)
  end)

  it("fire at once without a time, but not before", function()
    local fired = false
    socketio.setTimeout(function() fired = true end)
    assert.is_false(fired)
    support.wait(function() return fired end)
  end)

  it("wait as long as they should", function()
    local start, ended = socketio.now(), nil
    socketio.setTimeout(function() ended = socketio.now() end, 30)
    support.wait(function() return ended end)
    assert.is_true(ended - start >= 29, ended - start)
  end)

  it("repeat until they are cleared, from inside, too", function()
    local count, timer = 0, nil
    timer = socketio.setInterval(function(step)
      count = count + step
      if count == 6 then
        socketio.clearInterval(timer)
      end
    end, 1, 2)
    support.wait(function() return count == 6 end)
    support.pass(10)
    assert.equal(6, count)
  end)

  it("that are cleared do not fire", function()
    local fired = 0
    local function fire() fired = fired + 1 end
    local first, second
    first = socketio.setTimeout(function()
      socketio.clearTimeout(second)
      socketio.clearTimeout(first)
    end, 1)
    second = socketio.setTimeout(fire, 1)
    socketio.clearTimeout(socketio.setTimeout(fire, 1))
    socketio.clearInterval(socketio.setTimeout(fire, 1))
    socketio.clearTimeout(nil)
    support.pass(10)
    assert.equal(0, fired)
    socketio.clearTimeout(first)
    socketio.clearTimeout(first)
  end)

  it("need not be kept", function()
    local fired
    socketio.setTimeout(function() fired = true end, 5)
    collectgarbage()
    collectgarbage()
    support.wait(function() return fired end)
  end)

  it("are collected when they have fired", function()
    local kept = setmetatable({}, { __mode = "k" })
    for _ = 1, 10 do
      local object = {}
      kept[object] = true
      socketio.setTimeout(function() object.fired = true end, 1)
    end
    support.wait(function()
      collectgarbage()
      return next(kept) == nil
    end)
  end)

  it("may wait, while the next interval comes", function()
    local running, most = 0, 0
    local timer = socketio.setInterval(function()
      running = running + 1
      most = math.max(most, running)
      socketio.sleep(20)
      running = running - 1
    end, 1)
    support.wait(function() return most >= 3 end)
    socketio.clearInterval(timer)
    support.wait(function() return running == 0 end)
  end)
end)

describe("run", function()
  it("returns when nothing is left", function()
    local fired
    socketio.setTimeout(function() fired = true end, 1)
    assert.is_false(socketio.run())
    assert.is_true(fired)
    assert.is_false(socketio.run())
  end)

  it("goes on for as long as a server listens, until it is stopped", function()
    local io = support.server()
    socketio.setTimeout(socketio.stop, 5)
    assert.is_true(io:run())
    socketio.setTimeout(function() io:close() end, 1)
    assert.is_false(socketio.run "default")
  end)

  it("waits for one turn with once", function()
    local fired = 0
    socketio.setTimeout(function() fired = fired + 1 end, 5)
    socketio.setTimeout(function() fired = fired + 1 end, 50)
    assert.is_true(socketio.run "once")
    support.wait(function() return fired > 0 end)
    assert.equal(1, fired)
    socketio.run()
    assert.equal(2, fired)
  end)

  it("never waits with nowait", function()
    local fired
    socketio.setTimeout(function() fired = true end, 20)
    assert.is_true(socketio.run "nowait")
    assert.is_nil(fired)
    socketio.run()
    assert.is_true(fired)
    assert.is_false(socketio.run "nowait")
  end)

  it("cannot be called inside of itself", function()
    local messages = {}
    socketio.setTimeout(function()
      for i, fn in ipairs { socketio.run, socketio.step, socketio.poll } do
        messages[i] = select(2, pcall(fn))
      end
    end, 1)
    socketio.run()
    assert.equal(3, #messages)
    for _, message in ipairs(messages) do
      assert.matches("the event loop is running already", message)
    end
  end)

  it("may be called again after it was stopped from a handler", function()
    local count = 0
    local timer = socketio.setInterval(function()
      count = count + 1
      socketio.stop()
    end, 1)
    socketio.run()
    socketio.run()
    assert.equal(2, count)
    socketio.clearInterval(timer)
  end)
end)

describe("poll", function()
  it("handles what is ready and does not wait", function()
    local fired
    socketio.setTimeout(function() fired = true end, 500)
    assert.is_true(socketio.poll())
    assert.is_nil(fired)
    support.wait(function()
      socketio.poll(1)
      return fired
    end)
    assert.is_false(socketio.poll(5))
  end)

  it("serves clients frame by frame, within its budget", function()
    local io = support.server()
    local client, socket = support.pair(io)
    local count = 0
    socket:on("e", function() count = count + 1 end)
    for _ = 1, 500 do
      client:emit "e"
    end
    local clock = require "socket".gettime
    local longest, deadline = 0, clock() + 10
    while count < 500 and clock() < deadline do
      local start = clock()
      io:poll(2)
      longest = math.max(longest, clock() - start)
    end
    assert.equal(500, count)
    assert.is_true(longest < 1, longest)
  end)
end)

describe("another loop", function()
  it("is told when a turn is wanted", function()
    assert.equal("integer", math.type(socketio.fd()))
    assert.is_true(socketio.fd() > 2)
    assert.equal(-1, socketio.timeout())
    local timer = socketio.setTimeout(function() end, 1000)
    local timeout = socketio.timeout()
    assert.is_true(timeout > 900 and timeout <= 1000, timeout)
    socketio.clearTimeout(timer)
    assert.is_false(socketio.step())
    assert.equal(-1, socketio.timeout())
  end)

  it("is told of what was sent between turns", function()
    local io = support.server()
    local client, socket = support.pair(io)
    local function send_and_ask(sender)
      support.wait(function() return socketio.timeout() ~= 0 end)
      sender:emit("x", 1)
      assert.equal(0, socketio.timeout())
      assert.same({ 1 }, { client:expect "x" })
    end
    send_and_ask(socket)
    send_and_ask(io)
  end)

  it("drives ours through a descriptor", function()
    local select, clock = require "socket".select, require "socket".gettime
    local io = support.server()
    local client, socket = support.pair(io)
    socket:on("echo", function(value)
      socketio.sleep(5)
      socket:emit("echo", value)
    end)
    client:emit("echo", 1)
    local ours, got = { getfd = socketio.fd }, nil
    local deadline = clock() + 5
    while not got and clock() < deadline do
      local ms = socketio.timeout()
      select({ ours, client.client.transport.stream }, nil, ms < 0 and 1 or ms / 1000)
      socketio.step()
      client.client:pump()
      got = client.events[1]
    end
    assert.is_true(clock() < deadline)
    assert.same({ n = 2, "echo", 1 }, got)
  end)

  it("may be luv's", function()
    local uv = require "luv"
    local io = support.server()
    local client, socket = support.pair(io)
    socket:on("echo", function(value, done) done(value) end)
    local poll, timer = uv.new_poll(socketio.fd()), uv.new_timer()
    local function turn()
      socketio.step()
      client.client:pump()
      local ms = socketio.timeout()
      timer:start(ms < 0 and 1000 or ms, 0, turn)
      if client.acks[1] then
        uv.stop()
      end
    end
    poll:start("r", turn)
    timer:start(0, 0, turn)
    client.client.transport:send '421["echo",5]'
    local watch = uv.new_timer()
    watch:start(1, 1, turn)
    uv.run()
    for _, handle in ipairs { poll, timer, watch } do
      handle:close()
    end
    uv.run()
    assert.same({ n = 1, 5 }, client.acks[1])
  end)
end)
