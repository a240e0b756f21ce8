-- Acknowledgements, both ways.
local socketio = require "socketio"

local support = require "support"

local io, client, socket

before_each(function()
  io = support.server()
  client, socket = support.pair(io)
end)

after_each(support.clean)

local function pack(...)
  return { n = select("#", ...), ... }
end

describe("an acknowledgement of ours", function()
  it("is the last argument, if the client asked for one", function()
    local seen
    socket:on("e", function(...) seen = pack(...) end)
    client:emit("e", 1)
    client:sync()
    assert.same({ n = 1, 1 }, seen)
    socket:on("q", function(...) select(-1, ...)(select("#", ...)) end)
    assert.equal(1, client:call "q")
    assert.equal(3, client:call("q", nil, nil))
  end)

  it("keeps the count of its values", function()
    local values = {}
    socket:on("q", function(i, done) done(table.unpack(values[i], 1, values[i].n)) end)
    values = { pack(), pack(nil), pack(1, nil, nil), pack(nil, false, ""), pack { 1,
      socketio.null } }
    for i = 1, 4 do
      assert.same(values[i], pack(client:call("q", i)))
    end
    assert.same({ 1, socketio.null }, client:call("q", 5))
  end)

  it("is sent once", function()
    local results
    socket:on("q", function(done)
      results = { pack(done "first"), pack(done "second") }
      done()
    end)
    assert.equal("first", client:call "q")
    assert.same({}, client:sync())
    assert.same({ { n = 0 }, { n = 0 } }, results)
  end)

  it("may be given later, and does nothing after a disconnect", function()
    local kept
    socket:on("q", function(done) kept = done end)
    client.client.transport:send '420["q"]'
    support.wait(function() return kept end)
    kept "late"
    support.wait(function() return client.acks[0] end)
    client.client.transport:send '421["q"]'
    client:sync()
    socket:disconnect()
    assert.has_no_error(function() kept "too late" end)
    kept(print)
  end)

  it("carries bytes", function()
    socket:on("q", function(bytes, done)
      done({ file = socketio.binary(tostring(bytes):reverse()) }, socketio.binary "")
    end)
    for _, transport in ipairs { "websocket", "polling" } do
      local other, at_server = support.pair(io, { transport = transport })
      at_server:on("q", socket:listeners "q"[1])
      local value, empty = other:call("q", socketio.binary "a\0b")
      assert.equal("b\0a", tostring(value.file))
      assert.equal("", tostring(empty))
    end
  end)

  it("is a plain function that may be passed on", function()
    socket:on("q", function(done) socketio.setTimeout(done, 1, "from a timer") end)
    assert.equal("from a timer", client:call "q")
  end)
end)

describe("an acknowledgement of the client's", function()
  it("calls back with all values", function()
    local got
    socket:emit("q", 1, function(...) got = pack(...) end)
    local id, value = client:expect_call "q"
    assert.equal(1, value)
    client:answer(id, nil, "x", nil)
    client:sync()
    assert.same({ n = 3, nil, "x", nil }, got)
  end)

  it("calls back once, and only for what was asked", function()
    local count = 0
    socket:emit("q", function() count = count + 1 end)
    local id = client:expect_call "q"
    client:answer(id + 1000)
    client:answer(id)
    client:answer(id)
    client:sync()
    assert.equal(1, count)
  end)

  it("carries bytes", function()
    local got
    socket:emit("q", socketio.binary "to", function(bytes) got = bytes end)
    local id, bytes = client:expect_call "q"
    assert.equal("to", tostring(bytes))
    client:answer(id, socketio.binary "fro")
    client:sync()
    assert.is_true(socketio.isBinary(got))
    assert.equal("fro", tostring(got))
  end)

  it("with a timeout calls back with an error first", function()
    local got
    socket:timeout(1000):emit("q", function(...) got = pack(...) end)
    client:answer((client:expect_call "q"), "a", "b")
    client:sync()
    assert.same({ n = 3, nil, "a", "b" }, got)
    socket:timeout(5):emit("q", function(...) got = pack(...) end)
    local id = client:expect_call "q"
    support.wait(function() return got.n == 1 end)
    assert.same({ n = 1, "operation has timed out" }, got)
    client:answer(id, "too late")
    client:sync()
    assert.equal(1, got.n)
    assert.is_nil(next(socket._acks))
  end)

  it("with a timeout is an error when the client has gone", function()
    local err
    socket:timeout(5):emit("q", function(e) err = e end)
    client:close()
    support.wait(function() return err end)
    assert.equal("operation has timed out", err)
  end)

  it("belongs to its namespace", function()
    local got = {}
    local chat = client.client:enter "/chat"
    local other = io:of "/chat".sockets[chat.id]
    assert.is_nil(other)
    io:of "/chat"
    chat = client.client:enter "/chat"
    other = io:of "/chat".sockets[chat.id]
    socket:emit("q", function(value) got[1] = value end)
    other:emit("q", function(value) got[2] = value end)
    local id, other_id = client:expect_call "q", chat:expect_call "q"
    chat:answer(other_id, "chat")
    client:answer(id, "main")
    client:sync()
    assert.same({ "main", "chat" }, got)
  end)

  it("is waited for by the flags of one emit alone", function()
    socket:timeout(1)
    local got
    socket:emit("first", function(err) got = err end)
    support.wait(function() return got end)
    assert.equal("operation has timed out", got)
    socket:emit("second", function(value) got = value end)
    client:answer((client:expect_call "second"), "no error first")
    client:sync()
    assert.equal("no error first", got)
  end)
end)

describe("a broadcast with acknowledgements", function()
  local others

  before_each(function()
    others = { client, (support.connect(io)), (support.connect(io)) }
  end)

  local function answer_all(name, from, to)
    for i = from or 1, to or #others do
      others[i]:answer((others[i]:expect_call(name)), i)
    end
  end

  it("collects the first value of each", function()
    local got
    io:timeout(1000):emit("q", 7, function(err, answers) got = { err, answers } end)
    for i, other in ipairs(others) do
      local id, value = other:expect_call "q"
      assert.equal(7, value)
      other:answer(id, i, "ignored")
    end
    support.wait(function() return got end)
    assert.is_nil(got[1])
    table.sort(got[2])
    assert.same({ 1, 2, 3 }, got[2])
    assert.equal(socketio.array_mt, getmetatable(got[2]))
  end)

  it("holds null for an answer without a value", function()
    local got
    io:to(socket.id):timeout(1000):emit("q", function(_, answers) got = answers end)
    client:answer((client:expect_call "q"))
    client:sync()
    assert.same({ socketio.null }, got)
  end)

  it("to nobody is answered at once", function()
    local got
    io:to "nobody":timeout(1000):emit("q", function(err, answers) got = { err, answers } end)
    assert.same({ nil, {} }, got)
    assert.same({}, support.task(function() return io:to "nobody":emitWithAck "q" end))
  end)

  it("ends with an error and what came when the time is over", function()
    local got
    io:timeout(30):emit("q", function(err, answers) got = { err, answers } end)
    answer_all("q", 2, 3)
    support.wait(function() return got end)
    assert.equal("operation has timed out", got[1])
    table.sort(got[2])
    assert.same({ 2, 3 }, got[2])
    answer_all("q", 1, 1)
    client:sync()
    assert.equal(2, #got[2])
  end)

  it("is waited for in a coroutine", function()
    local answers, err
    socketio.spawn(function() answers, err = io:timeout(1000):emitWithAck "q" end)
    answer_all "q"
    support.wait(function() return answers end)
    assert.is_nil(err)
    assert.equal(3, #answers)
    local partial
    socketio.spawn(function()
      answers, err, partial = io.sockets:timeout(20):emitWithAck "late"
    end)
    answer_all("late", 3, 3)
    support.wait(function() return err end)
    assert.is_nil(answers)
    assert.equal("operation has timed out", err)
    assert.same({ 3 }, partial)
  end)

  it("does not wait for clients that leave", function()
    local answers
    socketio.spawn(function() answers = io:emitWithAck "q" end)
    answer_all("q", 1, 2)
    others[3]:close()
    support.wait(function() return answers end)
    assert.equal(2, #answers)
    socketio.spawn(function() answers = io:emitWithAck "alone" end)
    answers = nil
    others[1]:close()
    others[2]:close()
    support.wait(function() return answers end)
    assert.same({}, answers)
  end)

  it("does not wait for who is sent away while it is sent", function()
    local answers
    socket:onAnyOutgoing(function() socket:disconnect() end)
    io:emit("q", function(_, list) answers = list end)
    answer_all("q", 2)
    support.wait(function() return answers end)
    assert.same(2, #answers)
  end)

  it("goes to the others when a socket asks", function()
    local got
    socket.broadcast:timeout(1000):emit("q", function(_, answers) got = answers end)
    answer_all("q", 2)
    support.wait(function() return got end)
    table.sort(got)
    assert.same({ 2, 3 }, got)
    assert.same({}, client:sync())
  end)

  it("leaves nothing behind", function()
    local count = 0
    for _ = 1, 3 do
      io:timeout(1):emit("q", function() count = count + 1 end)
    end
    support.wait(function() return count == 3 end)
    for _, each in pairs(io.sockets.sockets) do
      assert.is_nil(next(each._acks or {}))
      assert.is_nil(next(each._gone or {}))
    end
  end)
end)
