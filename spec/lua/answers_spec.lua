-- Answers of an application: their status and headers, pieces and a client that is slow, files sent
-- by hand, and what the connection does with them.
local socketio = require "socketio"

local support = require "support"

local http, errors

local function serve(handler)
  http:on("request", handler)
end

local function get(path, headers, method)
  return support.request(http, method or "GET", path or "/", { headers = headers })
end

local function write_file(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  finally(function() os.remove(path) end)
  return path
end

before_each(function()
  http, errors = support.http()
end)

after_each(support.clean)

describe("a method of an answer", function()
  it("returns the answer, also when it is over", function()
    local checked = 0
    serve(function(_, res)
      for _ = 1, 2 do
        for _, call in ipairs {
          { "status", 200 }, { "set", "X-A", "b" }, { "write", "a" }, { "finish", "b" },
          { "send", "c" }, { "json", {} }, { "sendFile", "/nonexistent" },
        } do
          assert(res == res[call[1]](res, table.unpack(call, 2)), call[1])
          checked = checked + 1
        end
      end
    end)
    assert.equal("ab", get().body)
    assert.equal(14, checked)
    assert.same({}, errors)
  end)

  it("works as in JavaScript, and taken off its object", function()
    serve(function(_, res)
      local send = res.send
      res.status(201).set("X-A", 1)
      send "bound"
    end)
    local got = get()
    assert.same({ 201, "1", "bound" }, { got.status, got.headers["x-a"], got.body })
  end)

  it("refuses what it cannot take, and names it", function()
    local messages = {}
    serve(function(_, res)
      for _, call in ipairs {
        { "status", 99 }, { "status", 199 }, { "status", 1000 }, { "status", 200.5 },
        { "status", "200" }, { "status" }, { "set", 5, "a" }, { "send", {} }, { "send", true },
        { "write", 5 }, { "write" }, { "finish", {} }, { "sendFile", 5 }, { "json", print },
      } do
        local ok, message = pcall(res[call[1]], table.unpack(call, 2))
        messages[#messages + 1] = not ok and message:gsub("^.-: ", "", 1) or "taken: " .. call[1]
      end
      res:send "fine"
    end)
    assert.equal("fine", get().body)
    assert.same({
      "bad argument #1 to 'status' (status code expected, got number)",
      "bad argument #1 to 'status' (status code expected, got number)",
      "bad argument #1 to 'status' (status code expected, got number)",
      "bad argument #1 to 'status' (status code expected, got number)",
      "bad argument #1 to 'status' (status code expected, got string)",
      "bad argument #1 to 'status' (status code expected, got nil)",
      "bad argument #1 to 'set' (header name expected, got number)",
      "bad argument #1 to 'send' (string expected, got table)",
      "bad argument #1 to 'send' (string expected, got boolean)",
      "bad argument #1 to 'write' (string expected, got number)",
      "bad argument #1 to 'write' (string expected, got nil)",
      "bad argument #1 to 'finish' (string expected, got table)",
      "bad argument #1 to 'sendFile' (path expected, got number)",
    }, table.move(messages, 1, #messages - 1, 1, {}))
    assert.matches("cannot encode a function", messages[#messages])
  end)

  it("takes every status that an answer can have", function()
    serve(function(req, res) res:status(tonumber(req.query.status)):send "text" end)
    for _, status in ipairs { 200, 204, 299, 304, 404, 418, 599, 999 } do
      local got = get("/?status=" .. status)
      assert.equal(status, got.status)
      assert.equal((status == 204 or status == 304) and "" or "text", got.body)
    end
  end)

  it("takes a status from the field, and checks that, too", function()
    serve(function(req, res)
      res.statusCode = tonumber(req.query.status) or req.query.status
      if req.path == "/write" then res:write "a":finish() else res:send "a" end
    end)
    assert.equal(503, get("/?status=503").status)
    assert.equal(503, get("/write?status=503").status)
    for _, path in ipairs { "/?status=7", "/write?status=7", "/?status=ok" } do
      assert.equal(500, get(path).status)
      assert.matches("status code expected", table.remove(errors).message)
    end
  end)

  it("sends as many header lines as a list has, and no bytes that control a terminal", function()
    serve(function(_, res)
      res:set("Set-Cookie", { "a=1", "b=2" }):set("X-Tab", "a\tb"):set("X-Utf8", "é")
      for _, value in ipairs { "\27[2J", "a\127", "a\rb", { "fine", "a\nb" } } do
        local ok, message = pcall(res.set, "X-Bad", value)
        assert(not ok and message:find('header "X-Bad" cannot be sent', 1, true), message)
      end
      res:set("X-Bad", nil):send()
    end)
    local headers = get().headers
    assert.equal("a=1, b=2", headers["set-cookie"])
    assert.same({ "a\tb", "é" }, { headers["x-tab"], headers["x-utf8"] })
    assert.is_nil(headers["x-bad"])
  end)
end)

describe("the body of a request", function()
  it("is the field body, too, which waits", function()
    serve(function(req, res) res:send(("<%s|%s>"):format(req.body, req.body)) end)
    local at = support.dial(http)
    at:send "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"
    support.pass(20)
    at:send "llo"
    assert.equal("<hello|hello>", support.answer(at).body)
    assert.equal("<|>", get().body)
  end)

  it("is nil where it cannot be had", function()
    local kept
    local io = support.server()
    io:on("connection", function(socket) kept = { socket.request.body } end)
    support.connect(io)
    assert.same({}, kept)
    local req
    serve(function(asked) req = asked end)
    local at = support.dial(http)
    at:send(support.request_text("POST", "/", { body = "x" }))
    support.wait(function() return req end)
    assert.is_nil(req.body) -- in no coroutine
    local got
    req:text(function(_, text) got = text end)
    support.wait(function() return got end)
    assert.equal("x", req.body)
  end)

  it("that is asked for after the answer is an error, not a wait without end", function()
    local result
    serve(function(req, res)
      res:send "early"
      result = table.pack(req:text())
    end)
    assert.equal("early", support.request(http, "POST", "/", { body = "late" }).body)
    assert.same({ nil, "the request is over" }, { result[1], result[2] })
  end)
end)

describe("an answer in pieces", function()
  local PIECE = ("x"):rep(16384)

  it("waits for a client that is slow, and holds little for it", function()
    local pieces, done = 0, false
    serve(function(_, res)
      for _ = 1, 1000 do
        res:write(PIECE)
        pieces = pieces + 1
      end
      res:finish()
      done = true
    end)
    local at = support.dial(http)
    at.deaf = true
    at:send(support.request_text("GET", "/"))
    support.wait(function() return pieces > 0 end)
    repeat -- until it does not go on by itself
      local before = pieces
      support.pass(50)
    until pieces == before
    assert.is_true(pieces < 900, pieces .. " pieces were written for a client that reads nothing")
    at.deaf = false
    local got = 0
    support.wait(function()
      got = got + #at.input
      at.input = ""
      return done
    end)
    assert.is_true(got > pieces * #PIECE)
  end)

  it("holds up nobody else meanwhile", function()
    local waiting
    serve(function(req, res)
      if req.path == "/fast" then
        res:send "fast"
        return
      end
      waiting = true
      for _ = 1, 1000 do res:write(PIECE) end
      waiting = false
      res:finish()
    end)
    local at = support.dial(http)
    at.deaf = true
    at:send(support.request_text("GET", "/"))
    support.wait(function() return waiting end)
    support.pass(50)
    assert.equal("fast", get("/fast").body)
    assert.is_true(waiting)
  end)

  it("goes on when the client has gone, into the void", function()
    local finished, count = nil, 0
    serve(function(_, res)
      while not res.finished do
        res:write(PIECE)
        count = count + 1
      end
      finished = true
      assert(res == res:write "more":finish())
    end)
    local at = support.dial(http)
    at.deaf = true
    at:send(support.request_text("GET", "/"))
    support.wait(function() return count > 4 end)
    support.pass(20)
    at:close()
    support.wait(function() return finished end)
    assert.same({}, errors)
  end)

  it("wakes all who wait, of several writers", function()
    local ended = 0
    serve(function(_, res)
      for _ = 1, 3 do
        socketio.spawn(function()
          for _ = 1, 100 do res:write(PIECE) end
          ended = ended + 1
          if ended == 3 then res:finish() end
        end)
      end
    end)
    local at, got = support.dial(http), 0
    at:send(support.request_text("GET", "/"))
    support.wait(function()
      got = got + #at.input
      local is_end = at.input:sub(-5) == "0\r\n\r\n"
      at.input = ""
      return is_end
    end)
    assert.is_true(got > 300 * #PIECE)
    assert.equal(3, ended)
  end)

  it("does not wait outside a coroutine", function()
    local kept
    serve(function(_, res) kept = res end)
    local at = support.dial(http)
    at:send(support.request_text("GET", "/"))
    support.wait(function() return kept end)
    for _ = 1, 100 do kept:write(PIECE) end
    kept:finish()
    assert.equal(100 * #PIECE, #support.answer(at).body)
  end)

  it("has the length that was promised, and no more", function()
    local message
    serve(function(_, res)
      res:set("Content-Length", 5):write "12345"
      message = select(2, pcall(res.write, "6"))
      res:finish()
    end)
    local got = get()
    assert.equal("12345", got.body)
    assert.is_nil(got.headers["transfer-encoding"])
    assert.matches("more is written than Content%-Length says", message)
  end)

  it("has no body with a status that has none", function()
    serve(function(req, res)
      res:status(tonumber(req.query.status)):set("Content-Length", 5):write "12345":finish()
    end)
    local at = support.dial(http)
    for _, status in ipairs { 204, 304, 200 } do
      at:send(support.request_text("GET", "/?status=" .. status))
      local got = support.answer(at)
      assert.same({ status, status == 200 and "12345" or "", status ~= 204 and "5" or nil },
        { got.status, got.body, got.headers["content-length"] })
    end
    assert.same({}, errors)
  end)

  it("ends with the connection for HTTP/1.0, and has no body for HEAD", function()
    serve(function(_, res) res:write "one,":finish "two" end)
    local at = support.dial(http)
    at:send "GET / HTTP/1.0\r\n\r\n"
    support.wait(function() return at.closed end)
    assert.matches("\r\n\r\none,two$", at.input)
    assert.not_matches("[Cc]hunked", at.input)
    local got = get("/", nil, "HEAD")
    assert.same({ 200, "" }, { got.status, got.body })
  end)
end)

describe("a connection", function()
  it("serves requests that come together in order, whoever is slow", function()
    serve(function(req, res)
      if req.path == "/1" then socketio.sleep(20) end
      if req.path == "/2" then res:write "2":finish() else res:send(req:text()) end
    end)
    local at = support.dial(http)
    at:send(support.request_text("POST", "/1", { body = "1" }) .. support.request_text("GET", "/2")
      .. support.request_text("POST", "/3", { body = "3" }))
    local bodies = {}
    for i = 1, 3 do bodies[i] = support.answer(at).body end
    assert.same({ "1", "2", "3" }, bodies)
  end)

  it("is told to continue when somebody wants the body", function()
    serve(function(req, res)
      if req.path == "/yes" then res:send(req:text()) else res:status(403):send "no" end
    end)
    local head = "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    local at = support.dial(http)
    at:send(head:format "/yes")
    support.wait(function() return at.input == "HTTP/1.1 100 Continue\r\n\r\n" end)
    at.input = ""
    at:send "ok"
    assert.equal("ok", support.answer(at).body)
    at = support.dial(http)
    at:send(head:format "/no")
    local got = support.answer(at)
    assert.same({ 403, "close" }, { got.status, got.headers.connection })
  end)

  it("closes after its answer when that says so, or the client", function()
    serve(function(req, res)
      if req.path == "/close" then res:set("Connection", "close") end
      res:send(req.path)
    end)
    for request, keeps in pairs {
      ["GET / HTTP/1.1\r\nHost: a\r\n\r\n"] = true,
      ["GET /close HTTP/1.1\r\nHost: a\r\n\r\n"] = false,
      ["GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"] = false,
      ["GET / HTTP/1.0\r\n\r\n"] = false,
      ["GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"] = true,
    } do
      local at = support.dial(http)
      at:send(request)
      local got = support.answer(at)
      assert.equal(keeps and "keep-alive" or "close", got.headers.connection)
      if keeps then
        at:send(request)
        assert.equal(200, support.answer(at).status)
      else
        support.wait(function() return at.closed end)
      end
    end
  end)

  it("that is idle goes at once when the server closes, a busy one after its answer", function()
    local kept
    serve(function(req, res)
      if req.path == "/slow" then kept = res else res:send "idle now" end
    end)
    local idle, busy, half = support.dial(http), support.dial(http), support.dial(http)
    idle:send(support.request_text("GET", "/"))
    assert.equal("keep-alive", support.answer(idle).headers.connection)
    busy:send(support.request_text("GET", "/slow"))
    half:send "GET / HTTP/1.1\r\nHo"
    support.wait(function() return kept end)
    local closed
    http:close(function() closed = true end)
    support.wait(function() return idle.closed and half.closed end)
    assert.is_nil(closed)
    kept:send "at last"
    local got = support.answer(busy)
    assert.same({ "at last", "close" }, { got.body, got.headers.connection })
    support.wait(function() return closed end)
  end)
end)

describe("a file sent by hand", function()
  it("has a range, conditions and a type, by its name", function()
    local path = write_file "0123456789"
    os.rename(path, path .. ".css")
    finally(function() os.remove(path .. ".css") end)
    serve(function(_, res) res:sendFile(path .. ".css") end)
    local whole = get()
    assert.same({ 200, "text/css; charset=utf-8", "0123456789", "bytes" }, {
      whole.status, whole.headers["content-type"], whole.body, whole.headers["accept-ranges"],
    })
    local part = get("/", { Range = "bytes=-3" })
    assert.same({ 206, "789", "bytes 7-9/10" },
      { part.status, part.body, part.headers["content-range"] })
    assert.equal(304, get("/", { ["If-None-Match"] = whole.headers.etag }).status)
    assert.equal(412, get("/", { ["If-Match"] = '"other"' }).status)
    assert.equal(416, get("/", { Range = "bytes=10-" }).status)
    assert.same({ "10", "" }, { get("/", nil, "HEAD").headers["content-length"],
      get("/", nil, "HEAD").body })
    local post = get("/", { Range = "bytes=0-1" }, "POST")
    assert.same({ 200, "0123456789" }, { post.status, post.body })
  end)

  it("may be the page of an error, and have headers of the application's", function()
    local path = write_file "<h1>no</h1>"
    serve(function(_, res)
      res:status(404):set("Content-Type", "text/html"):set("Cache-Control", "no-store")
        :set("ETag", '"mine"'):sendFile(path)
    end)
    local got = get("/", { Range = "bytes=0-1", ["If-None-Match"] = "*" })
    assert.same({ 404, "<h1>no</h1>", "text/html", "no-store", '"mine"' }, {
      got.status, got.body, got.headers["content-type"], got.headers["cache-control"],
      got.headers.etag,
    })
  end)

  it("is nothing with a status that has no body", function()
    local path = write_file(("x"):rep(200000))
    serve(function(req, res) res:status(tonumber(req.query.status)):sendFile(path) end)
    local at = support.dial(http)
    for _, status in ipairs { 204, 304, 200 } do
      at:send(support.request_text("GET", "/?status=" .. status))
      local got = support.answer(at)
      assert.equal(status, got.status)
      assert.equal(status == 200 and 200000 or 0, #got.body)
      assert.is_true(status ~= 204 or got.headers["content-length"] == nil)
    end
  end)

  it("that is none is 404", function()
    serve(function(req, res) res:sendFile(req.query.path) end)
    for _, path in ipairs { "/nonexistent/x", "/tmp", "", "/dev/null", "a\0b" } do
      assert.equal(404, get("/?path=" .. path:gsub("%z", "%%00")).status, path)
    end
    assert.same({}, errors)
  end)

  it("is large, and sent as the client takes it", function()
    local text = ("0123456789abcdef"):rep(200000)
    local path = write_file(text)
    serve(function(_, res)
      res:sendFile(path)
      assert(res.finished)
    end)
    assert.is_true(text == get().body)
    local at = support.dial(http)
    at.deaf = true
    at:send(support.request_text("GET", "/"))
    support.pass(50)
    at:close()
    assert.equal(206, get("/", { Range = "bytes=5-" }).status)
  end)
end)

describe("listeners to requests", function()
  it("may be several, and listen once", function()
    local seen = {}
    http:once("request", function() seen[#seen + 1] = "once" end)
    serve(function() seen[#seen + 1] = "first" end)
    serve(function(_, res) seen[#seen + 1] = "second" res:send "ok" end)
    assert.equal("ok", get().body)
    assert.equal("ok", get().body)
    assert.same({ "once", "first", "second", "first", "second" }, seen)
  end)

  it("that fail in pieces or afterwards are reported with their phase", function()
    local io = support.server()
    io.httpServer:on("request", function(req, res)
      if req.path == "/pieces" then res:write "a" end
      error "in a request"
    end)
    local at = support.dial(io)
    at:send(support.request_text("GET", "/pieces"))
    support.wait(function() return at.closed end)
    assert.equal(500, support.request(io, "GET", "/").status)
    local reported = support.errors()
    assert.equal(2, #reported)
    for _, each in ipairs(reported) do
      assert.matches("in a request", each.message)
      assert.same({ "request", "request" }, { each.context.phase, each.context.event })
    end
  end)
end)

describe("an HTTP server", function()
  it("listens on several addresses, of several kinds", function()
    serve(function(req, res) res:send(("<%s>"):format(req.remoteAddress)) end)
    local first = http:address().port
    local path = os.tmpname()
    os.remove(path)
    assert.equal(http, http:listen("unix:" .. path))
    assert.same({ address = path, family = "unix", port = 0 }, http:address())
    assert.equal(http, http:listen "127.0.0.1:0")
    local second = http:address()
    assert.same({ "127.0.0.1", "IPv4" }, { second.address, second.family })
    assert.not_equal(first, second.port)
    assert.equal("<127.0.0.1>", support.request(first, "GET", "/").body)
    assert.equal("<127.0.0.1>", support.request(second.port, "GET", "/").body)
    assert.equal("<>", support.request(path, "GET", "/").body)
    local closed
    http:close(function() closed = true end)
    support.wait(function() return closed end)
    assert.is_nil(http:address())
    assert.is_nil(io.open(path))
  end)

  it("serves folders in the order they were given, and the newest handler last", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute(("mkdir -p %s/a %s/b && echo -n a > %s/a/x.txt && echo -n b > %s/b/x.txt && "
      .. "echo -n y > %s/b/y.txt"):format(folder, folder, folder, folder, folder)))
    finally(function() os.execute("rm -r " .. folder) end)
    serve(function(_, res) res:send "handler" end)
    assert.equal(http, http:static("/", folder .. "/a"))
    http.static("/", folder .. "/b")
    http:static("/sub/", folder .. "/b")
    assert.same({ "a", "y", "b", "handler" }, { get("/x.txt").body, get("/y.txt").body,
      get("/sub/x.txt").body, get("/z.txt").body })
    assert.has_error(function() http:static("sub", folder) end)
    assert.has_error(function() http:static("/", folder .. "/none") end)
    assert.has_error(function() http:static("/", folder .. "/a/x.txt") end)
  end)
end)
