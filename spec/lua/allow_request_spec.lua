-- The option allowRequest: letting in and refusing, at once or later.
local socketio = require "socketio"

local support = require "support"

local POLLING = "/socket.io/?EIO=4&transport=polling"
local WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"

after_each(support.clean)

local function get(io, path)
  return support.request(io, "GET", path or POLLING)
end

local UPGRADE = {
  Upgrade = "websocket",
  Connection = "Upgrade",
  ["Sec-WebSocket-Version"] = "13",
  ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ==",
}

local function upgrade(io)
  return support.request(io, "GET", WEBSOCKET, { headers = UPGRADE })
end

-- Collects what connection_error tells.
local function failures_of(io)
  local list = {}
  io.engine:on("connection_error", function(failure)
    list[#list + 1] = failure
  end)
  return list
end

local function refused(code, message)
  return ('{"code":%d,"message":"%s"}'):format(code, message)
end

describe("allowRequest", function()
  local function server(fn)
    return support.server { allowRequest = fn }
  end

  it("lets in, now or later, and is asked about handshakes only", function()
    local asked = 0
    local io = server(function(req, callback)
      asked = asked + 1
      if req.query.later then
        socketio.sleep(5)
      end
      callback(nil, true)
    end)
    local sid = get(io).body:match '^0{"sid":"(.-)"'
    assert.equal("ok", support.request(io, "POST", POLLING .. "&sid=" .. sid,
      { body = "40" }).body)
    support.connect(io, { query = "later=1" })
    assert.equal(2, asked)
  end)

  it("refuses, in its own words or ours", function()
    local words
    local io = server(function(_, callback)
      callback(words, false)
      callback(nil, true)
    end)
    local failures = failures_of(io)
    for _, case in ipairs {
      { nil, "Forbidden" },
      { 'not "you"', 'not \\"you\\"' },
      { { message = "a table's" }, "a table's" },
    } do
      words = case[1]
      local answer = get(io)
      assert.equal(403, answer.status)
      assert.equal(refused(4, case[2]), answer.body)
      answer = upgrade(io)
      assert.equal(400, answer.status)
      assert.equal((case[2]:gsub("\\", "")), answer.body)
      assert.equal("Forbidden", failures[1].message)
      assert.same({ message = words }, failures[1].context)
      failures[1], failures[2] = nil, nil
    end
  end)

  it("refuses by an error, which is reported", function()
    local io = server(function()
      error("broken")
    end)
    local failures = failures_of(io)
    local answer = get(io)
    assert.equal(403, answer.status)
    assert.equal(refused(4, "Forbidden"), answer.body) -- what broke is not the client's business
    assert.matches("broken", support.errors()[1].message)
    assert.matches("broken", failures[1].context.message)
    assert.equal("Forbidden", upgrade(io).body)
    assert.equal(1, #support.errors())
  end)

  it("refuses by an error after it has waited", function()
    local io = server(function()
      socketio.sleep(2)
      error "late"
    end)
    assert.equal(403, get(io).status)
    assert.equal(400, upgrade(io).status)
    assert.equal(2, #support.errors())
  end)

  it("is told once: what comes after its answer changes nothing", function()
    local io = server(function(_, callback)
      callback(nil, true)
      callback("no", false)
      callback(nil, true)
      error "afterwards"
    end)
    local failures = failures_of(io)
    assert.equal(200, get(io).status)
    assert.is_nil(support.connect(io).error)
    assert.equal(2, io.engine.clientsCount)
    assert.equal(0, #failures)
    assert.equal(2, #support.errors())
  end)

  it("may answer from a timer, by each transport", function()
    local io = server(function(_, callback)
      socketio.setTimeout(callback, 2, nil, true)
    end)
    assert.equal(200, get(io).status)
    assert.is_nil(support.connect(io).error)
    io = server(function(_, callback)
      socketio.setTimeout(callback, 2, "not now", false)
    end)
    assert.equal(refused(4, "not now"), get(io).body)
    assert.equal("not now", upgrade(io).body)
  end)

  it("may answer when the client has gone", function()
    local answers = {}
    local io = server(function(_, callback)
      answers[#answers + 1] = callback
    end)
    for _, headers in ipairs { {}, {}, UPGRADE, UPGRADE } do
      local at, count = support.dial(io), #answers
      at:send(support.request_text("GET", headers == UPGRADE and WEBSOCKET or POLLING,
        { headers = headers }))
      support.wait(function() return #answers > count end)
      at:close()
    end
    support.pass(20)
    for i, answer in ipairs(answers) do
      answer(i % 2 == 0 and "no" or nil, i % 2 == 1)
    end
    assert.equal(0, io.engine.clientsCount)
    assert.is_nil(support.errors()[1])
  end)

  it("may be asked when the server closes, and answer then", function()
    local answer
    local io = server(function(_, callback)
      answer = callback
    end)
    local at = support.dial(io)
    at:send(support.request_text("GET", POLLING))
    support.wait(function() return answer end)
    local closed
    io:close(function() closed = true end)
    answer(nil, true)
    assert.equal(503, support.answer(at).status)
    support.wait(function() return closed end)
  end)
end)
