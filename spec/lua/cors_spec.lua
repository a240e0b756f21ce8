-- The option cors in each of its forms: what is sent, and what a function may decide.
local socketio = require "socketio"

local support = require "support"

local POLLING = "/socket.io/?EIO=4&transport=polling"

local A, B = "http://a.example", "http://b.example"

after_each(support.clean)

local function ask(cors, method, path, origin)
  local io = support.server { cors = cors }
  return support.request(io, method or "GET", path or POLLING,
    { headers = { Origin = origin or A } })
end

local function allowed(cors, origin)
  local answer = ask(cors, nil, nil, origin)
  assert.equal(200, answer.status)
  return answer.headers["access-control-allow-origin"], answer.headers.vary
end

local function options_error(options)
  local ok, message = pcall(socketio.Server, options)
  assert.is_false(ok)
  return (message:gsub("^.-: ", "", 1))
end

describe("the option cors", function()
  it("may be false, true or a table", function()
    assert.is_nil(allowed(false))
    assert.equal("*", allowed(true))
    assert.equal("*", allowed {})
    assert.is_nil(allowed { origin = false })
    assert.is_nil(allowed { origin = "" })
    assert.equal(400, ask({ origin = false }, "OPTIONS").status)
    assert.equal(204, ask({}, "OPTIONS").status)
  end)

  it("may list strings, patterns and booleans", function()
    assert.equal(A, allowed { origin = { B, A } })
    assert.is_nil(allowed { origin = {} })
    assert.is_nil(allowed { origin = { false, B } })
    assert.equal(A, allowed { origin = { true } })
    assert.equal(A, allowed { origin = socketio.array { A } })
    assert.equal(B, allowed({ origin = socketio.pattern "^http://%a%.example$" }, B))
    assert.same({ B, "Origin" }, { allowed({ origin = { B } }, B) })
  end)

  it("says what else is allowed", function()
    local answer = ask({
      origin = A, methods = { "GET", "PUT" }, allowedHeaders = "X-A", exposedHeaders = { "X-B" },
      credentials = true, maxAge = 5, optionsSuccessStatus = 200,
    }, "OPTIONS")
    assert.equal(200, answer.status)
    for name, value in pairs {
      ["allow-origin"] = A, ["allow-methods"] = "GET,PUT", ["allow-headers"] = "X-A",
      ["expose-headers"] = "X-B", ["allow-credentials"] = "true", ["max-age"] = "5",
    } do
      assert.equal(value, answer.headers["access-control-" .. name])
    end
    assert.equal("0", answer.headers["content-length"])
  end)

  it("preflightContinue leaves preflights to the engine", function()
    local answer = ask({ preflightContinue = true }, "OPTIONS")
    assert.equal(400, answer.status)
    assert.equal("*", answer.headers["access-control-allow-origin"])
    assert.matches("Bad handshake method", answer.body)
  end)

  it("is checked", function()
    for _, case in ipairs {
      { "all", "bad option 'cors' (table, function or boolean expected, got \"all\")" },
      { { orgin = "*" }, "unknown option of cors 'orgin' (did you mean 'origin'?)" },
      { { origin = { 1 } }, "bad option of cors 'origin' (string, pattern, list of these, "
        .. "function or boolean expected, got table)" },
      { { origin = { a = 1 } }, "bad option of cors 'origin' (string, pattern, list of these, "
        .. "function or boolean expected, got table)" },
      { { methods = 1 },
        "bad option of cors 'methods' (string or list of strings expected, got number)" },
      { { exposedHeaders = { "a\r\nb" } },
        "bad option of cors 'exposedHeaders' (string or list of strings expected, got table)" },
      { { maxAge = -1 },
        "bad option of cors 'maxAge' (number of at least 0 expected, got number)" },
      { { optionsSuccessStatus = 100 }, "bad option of cors 'optionsSuccessStatus' "
        .. "(integer from 200 to 599 expected, got number)" },
      { { preflightContinue = "no" },
        "bad option of cors 'preflightContinue' (boolean expected, got \"no\")" },
    } do
      assert.equal(case[2], options_error { cors = case[1] })
    end
  end)

  it("applies to the client files, too", function()
    for _, cors in ipairs {
      { origin = A },
      { origin = function(origin) return origin end },
      function(_, callback) callback(nil, { origin = A }) end,
    } do
      local answer = ask(cors, "GET", "/socket.io/socket.io.js")
      assert.equal(A, answer.headers["access-control-allow-origin"])
      answer = ask(cors, "OPTIONS", "/socket.io/socket.io.js")
      assert.equal(204, answer.status)
      assert.equal(A, answer.headers["access-control-allow-origin"])
    end
  end)
end)

describe("a function that decides on origins", function()
  it("answers at once or later, by its result or by calling back", function()
    for _, wait in ipairs { function() end, socketio.sleep } do
      for _, case in ipairs {
        { true, A, "Origin" },
        { A, A, "Origin" },
        { B, B, "Origin" }, -- a fixed one is named to everybody
        { "*", "*" },
        { { B, A }, A, "Origin" },
        { { B }, nil, "Origin" },
        { socketio.pattern "example", A, "Origin" },
        { false, nil, "Origin" },
      } do
        local expected = { case[2], case[3] }
        assert.same(expected, { allowed { origin = function(origin)
          assert.equal(A, origin)
          wait(1)
          return case[1]
        end } })
        assert.same(expected, { allowed { origin = function(_, callback)
          wait(1)
          callback(nil, case[1])
          callback("too late")
        end } })
      end
    end
  end)

  it("answers preflights", function()
    local answer = ask({ credentials = true, origin = function()
      socketio.sleep(1)
      return true
    end }, "OPTIONS")
    assert.equal(204, answer.status)
    assert.equal(A, answer.headers["access-control-allow-origin"])
    assert.equal("true", answer.headers["access-control-allow-credentials"])
  end)

  it("refuses by an error", function()
    assert.equal(400, ask({ origin = function(_, callback) callback("no") end }).status)
    assert.equal(400, ask({ origin = function() error "broken" end }).status)
    assert.matches("broken", support.errors()[1].message)
  end)

  it("refuses by an answer that is none, which is reported", function()
    local later
    for _, origin in ipairs {
      function() return 5 end,
      function(_, callback) callback(nil, { 5 }) end,
      function(_, callback) later = socketio.setTimeout(function() callback(nil, 5) end, 1) end,
    } do
      assert.equal(400, ask({ origin = origin }).status)
      assert.matches("bad answer for cors.origin", support.errors()[1].message)
    end
    assert.is_userdata(later)
  end)

  it("may never answer, to a client that goes", function()
    local asked
    local io = support.server { cors = { origin = function(_, callback) asked = callback end } }
    local at = support.dial(io)
    at:send(support.request_text("GET", POLLING))
    support.wait(function() return asked end)
    at:close()
    support.pass(20)
    asked(nil, true)
    assert.equal(0, io.engine.clientsCount)
  end)
end)

describe("cors as a function", function()
  it("decides on all options, for each request", function()
    local function cors(req, callback)
      if req.query.later then
        socketio.sleep(1)
      end
      callback(nil, { origin = { A }, credentials = req.headers.origin == A })
    end
    for _, more in ipairs { "", "&later=1" } do
      local answer = ask(cors, "GET", POLLING .. more)
      assert.equal(A, answer.headers["access-control-allow-origin"])
      assert.equal("true", answer.headers["access-control-allow-credentials"])
      answer = ask(cors, "GET", POLLING .. more, B)
      assert.is_nil(answer.headers["access-control-allow-origin"])
      assert.is_nil(answer.headers["access-control-allow-credentials"])
    end
  end)

  it("answers by its result, and may leave the origin to another", function()
    assert.equal(A, allowed(function()
      return { origin = function(origin, callback) callback(nil, origin) end }
    end))
    assert.equal("*", allowed(function() return {} end))
    assert.is_nil(allowed(function(_, callback) callback(nil, false) end))
  end)

  it("refuses by an error, and by what is no table of options", function()
    assert.equal(400, ask(function(_, callback) callback("no") end).status)
    for message, cors in pairs {
      broken = function() error "broken" end,
      ["unknown option of cors 'orgin'"] = function() return { orgin = "*" } end,
    } do
      assert.equal(400, ask(cors).status)
      assert.matches(message, support.errors()[1].message, 1, true)
    end
  end)

  it("is asked about WebSockets, too", function()
    local asked = {}
    local io = support.server { cors = function(req)
      asked[#asked + 1] = req.query.transport
      return { origin = true }
    end }
    support.connect(io)
    assert.same({ "websocket" }, asked)
  end)
end)
