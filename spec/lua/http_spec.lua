-- HTTP beside Socket.IO: createServer, requests and answers, static files.
local socketio = require "socketio"

local support = require "support"

local http, errors

local function serve(handler)
  http:on("request", handler)
end

local function get(path, headers)
  return support.request(http, "GET", path or "/", { headers = headers })
end

local function post(body, headers)
  return support.request(http, "POST", "/", { body = body, headers = headers })
end

before_each(function()
  http, errors = support.http()
end)

after_each(support.clean)

describe("a request", function()
  it("tells what was asked", function()
    local req
    serve(function(asked, res)
      req = asked
      res:send()
    end)
    support.request(http, "PUT", "/a%20b/c?x=1&y=%26&x=2", {
      headers = { ["X-Two"] = "1", Cookie = "a=b" },
    })
    assert.equal("PUT", req.method)
    assert.equal("/a%20b/c?x=1&y=%26&x=2", req.url)
    assert.equal("/a%20b/c", req.path)
    assert.same({ x = "2", y = "&" }, req.query)
    assert.equal("1", req.headers["x-two"])
    assert.equal("a=b", req.headers.cookie)
    assert.equal("localhost", req.headers.host)
    assert.equal("127.0.0.1", req.remoteAddress)
    assert.is_false(req.secure)
    assert.is_nil(req.nonsense)
  end)

  it("has a body, when it is asked for", function()
    serve(function(req, res)
      res:send(("<%s>"):format(req:text()))
    end)
    assert.equal("<hello>", post("hello").body)
    assert.equal("<>", get().body)
    assert.equal(1000002, #post(("x"):rep(1000000)).body)
  end)

  it("has it as JSON", function()
    serve(function(req, res)
      local value, err = req:json()
      res:json { value = value, err = err }
    end)
    assert.equal('{"value":[1,{"a":null}]}', post('[1,{"a":null}]').body)
    assert.matches('^{"err":"malformed JSON at byte 2: .*"}$', post("[").body)
    assert.matches('"err":"malformed JSON', post("").body)
  end)

  it("gives its body to callbacks, and to all who ask", function()
    serve(function(req, res)
      local seen = {}
      req:text(function(err, text)
        seen[#seen + 1] = text
        assert(not err)
      end)
      req.json(function(err, value)
        seen[#seen + 1] = value
        assert(not err)
      end)
      local text, value = req:text(), req.json()
      table.move({ text, value }, 1, 2, #seen + 1, seen)
      res:json(seen)
    end)
    assert.equal('["7",7,"7",7]', post("7").body)
  end)

  it("whose body is too large says so, however it comes", function()
    local problem
    serve(function(req, res)
      local text, err = req:text()
      problem = err
      res:status(text and 200 or 413):send(err)
    end)
    assert.equal(413, post(("x"):rep(1000001)).status)
    assert.equal("the body is too large", problem)
    problem = nil
    local at = support.dial(http)
    at:send "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ = 1, 11 do
      at:send("186a0\r\n" .. ("x"):rep(100000) .. "\r\n")
      support.turn()
    end
    assert.equal(413, support.answer(at).status)
    assert.equal("the body is too large", problem)
  end)

  it("whose client goes in the middle of the body is told", function()
    local problem
    serve(function(req)
      problem = select(2, req:text())
    end)
    local at = support.dial(http)
    at:send "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"
    support.pass(20)
    at:close()
    support.wait(function() return problem end)
    assert.equal("the client has gone", problem)
  end)
end)

describe("an answer", function()
  it("is text, bytes or JSON, with its type", function()
    local answers = {
      ["/text"] = function(res) res:send "é" end,
      ["/number"] = function(res) res:send(7) end,
      ["/bytes"] = function(res) res:send(socketio.binary "\0\xff") end,
      ["/json"] = function(res) res:json { a = socketio.array {} } end,
      ["/own"] = function(res) res:set("Content-Type", "text/css"):send "a{}" end,
      ["/nothing"] = function(res) res:status(204):send() end,
    }
    serve(function(req, res) answers[req.path](res) end)
    local function type_and_body(path)
      local got = get(path)
      return got.headers["content-type"], got.body
    end
    assert.same({ "text/html; charset=utf-8", "é" }, { type_and_body "/text" })
    assert.same({ "text/html; charset=utf-8", "7" }, { type_and_body "/number" })
    assert.same({ "application/octet-stream", "\0\xff" }, { type_and_body "/bytes" })
    assert.same({ "application/json; charset=utf-8", '{"a":[]}' }, { type_and_body "/json" })
    assert.same({ "text/css", "a{}" }, { type_and_body "/own" })
    assert.equal(204, get("/nothing").status)
  end)

  it("has the status and the headers that were set", function()
    serve(function(_, res)
      res:status(201):set("X-A", 1):set("x-a", "2"):set("X-B", "b"):set("X-B", nil):send "made"
    end)
    local got = get()
    assert.equal(201, got.status)
    assert.equal("2", got.headers["x-a"])
    assert.is_nil(got.headers["x-b"])
    assert.matches("GMT$", got.headers.date)
  end)

  it("cannot be split by a header", function()
    local refused = 0
    serve(function(_, res)
      local bad = {
        { "X-A", "a\r\nSet-Cookie: b" }, { "X-A", "a\nb" }, { "X-A", "a\0" },
        { "X A", "b" }, { "X:", "b" }, { "", "b" }, { "X\r\nY", "b" },
        { "Transfer-Encoding", "chunked" },
      }
      for _, header in ipairs(bad) do
        local ok, message = pcall(res.set, res, header[1], header[2])
        assert(not ok and message:find("cannot be sent", 1, true), message)
        refused = refused + 1
      end
      res:send "ok"
    end)
    local got = get()
    assert.equal("ok", got.body)
    assert.equal(8, refused)
    assert.is_nil(got.headers["set-cookie"])
    assert.is_nil(got.headers["x-a"])
  end)

  it("may come in pieces", function()
    serve(function(_, res)
      res:status(202):set("Content-Type", "text/plain"):write "one,"
      socketio.sleep(5)
      res:write "two,":write ""
      socketio.sleep(5)
      assert(not res.finished)
      res:finish "three"
      assert(res.finished)
    end)
    local got = get()
    assert.equal(202, got.status)
    assert.equal("one,two,three", got.body)
    assert.equal("chunked", got.headers["transfer-encoding"])
    assert.equal(3, got.pieces)
  end)

  it("may end without a piece", function()
    serve(function(req, res)
      if req.path == "/one" then res:finish "one" else res:finish() end
    end)
    assert.equal("one", get("/one").body)
    assert.equal("", get("/none").body)
  end)

  it("is given once: what follows does nothing", function()
    serve(function(_, res)
      res:send("first"):send("second"):json({}):finish("x"):write("y")
      res:set("X-Late", 1):status(500):sendFile "/etc/hostname"
    end)
    local at = support.dial(http)
    for _ = 1, 2 do
      at:send(support.request_text("GET", "/"))
      local got = support.answer(at)
      assert.equal(200, got.status)
      assert.equal("first", got.body)
    end
  end)

  it("may be given much later, or to nobody", function()
    local kept
    serve(function(_, res) kept = res end)
    local at = support.dial(http)
    at:send(support.request_text("GET", "/"))
    support.wait(function() return kept end)
    assert.is_false(kept.finished)
    at:close()
    support.wait(function() return kept.finished end)
    assert.equal(kept, kept:send("too late"))
  end)

  it("has no body for HEAD", function()
    serve(function(_, res) res:send "body" end)
    local got = support.request(http, "HEAD", "/")
    assert.equal("4", got.headers["content-length"])
    assert.equal("", got.body)
  end)

  it("keeps requests of one connection in order", function()
    serve(function(req, res)
      if req.path == "/slow" then socketio.sleep(20) end
      res:send(req.path)
    end)
    local at = support.dial(http)
    at:send(support.request_text("GET", "/slow") .. support.request_text("GET", "/fast"))
    assert.equal("/slow", support.answer(at).body)
    assert.equal("/fast", support.answer(at).body)
  end)
end)

describe("a handler that raises", function()
  it("before it answered answers 500", function()
    serve(function(_, res)
      res:status(201):set("Content-Type", "application/json")
      error "no secret for clients"
    end)
    local got = get()
    assert.equal(500, got.status)
    assert.equal("text/plain; charset=utf-8", got.headers["content-type"])
    assert.equal("Internal Server Error", got.body)
    assert.equal(1, #errors)
    assert.matches("no secret for clients", errors[1].traceback)
    assert.equal("request", errors[1].context.phase)
    assert.equal("request", errors[1].context.event)
  end)

  it("after it waited answers 500, too", function()
    serve(function(req)
      assert(req:text())
      socketio.sleep(1)
      error "late"
    end)
    assert.equal(500, post("x").status)
    assert.equal(1, #errors)
  end)

  it("in a callback or a timer of its own answers 500, too", function()
    serve(function(req)
      if req.path == "/timer" then
        socketio.setTimeout(function() error "in a timer" end, 1)
      else
        req:text(function() error "in a callback" end)
      end
    end)
    assert.equal(500, get("/timer").status)
    assert.equal(500, get("/callback").status)
    assert.equal(2, #errors)
  end)

  it("in the middle of an answer cuts it off", function()
    serve(function(_, res)
      res:write "a piece"
      socketio.sleep(5)
      error "in the middle"
    end)
    local at = support.dial(http)
    at:send(support.request_text("GET", "/"))
    support.wait(function() return at.closed end)
    assert.matches("a piece", at.input)
    assert.not_matches("\r\n0\r\n", at.input)
    assert.equal(1, #errors)
  end)

  it("after it answered changes nothing", function()
    serve(function(_, res)
      res:send "fine"
      error "after"
    end)
    assert.equal("fine", get().body)
    assert.equal(1, #errors)
  end)

  it("is reported by the Socket.IO server beside it", function()
    local io = support.server()
    io.httpServer:on("request", function() error "beside" end)
    assert.equal(500, support.request(io, "GET", "/x").status)
    local reported = support.errors()
    assert.equal(1, #reported)
    assert.equal("request", reported[1].context.phase)
    local attached = support.adopt(socketio.createServer())
    io:attach(attached)
    attached:on("request", function() error "attached" end)
    assert(attached:listen "127.0.0.1:0")
    assert.equal(500, support.request(attached, "GET", "/").status)
    assert.matches("attached", support.errors()[1].message)
  end)
end)

describe("without a handler", function()
  it("the answer is 404", function()
    assert.equal(404, get().status)
    local function handler(_, res) res:send "here" end
    serve(handler)
    assert.equal(200, get().status)
    http:off("request", handler)
    assert.equal(404, get().status)
    serve(handler)
    assert.equal(200, get().status)
  end)

  it("the answer of a Socket.IO server is 404 beside its path", function()
    local io = support.server()
    assert.equal(404, support.request(io, "GET", "/").status)
    assert.equal(404, support.request(io, "GET", "/socket.iox/").status)
    assert.equal(400, support.request(io, "GET", "/socket.io/").status)
  end)
end)

describe("static files", function()
  local folder

  local function put(name, text)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder .. " " .. folder .. "/public"))
    put("secret.txt", "secret")
    put("public/index.html", "<p>")
    put("public/style.css", "a{}")
    put("public/data.bin", "0123456789")
    http:static("/", folder .. "/public")
  end)

  after_each(function()
    os.execute("rm -r " .. folder)
  end)

  it("have types", function()
    assert.equal("<p>", get("/").body)
    assert.equal("text/html; charset=utf-8", get("/").headers["content-type"])
    assert.equal("text/css; charset=utf-8", get("/style.css").headers["content-type"])
    assert.equal("application/octet-stream", get("/data.bin").headers["content-type"])
    assert.equal(404, get("/nothing.html").status)
  end)

  it("have an ETag, and are not sent again", function()
    local first = get("/style.css")
    local again = get("/style.css", { ["If-None-Match"] = first.headers.etag })
    assert.equal(304, again.status)
    assert.equal("", again.body)
    assert.equal(200, get("/style.css", { ["If-None-Match"] = '"other"' }).status)
  end)

  it("are sent in parts", function()
    local part = get("/data.bin", { Range = "bytes=2-4" })
    assert.equal(206, part.status)
    assert.equal("234", part.body)
    assert.equal("bytes 2-4/10", part.headers["content-range"])
    assert.equal("89", get("/data.bin", { Range = "bytes=-2" }).body)
    assert.equal(416, get("/data.bin", { Range = "bytes=20-" }).status)
  end)

  it("are only those of the folder", function()
    assert(os.execute(("ln -s %s/secret.txt %s/public/link.txt"):format(folder, folder)))
    for _, path in ipairs {
      "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/x/../../secret.txt",
      "//../secret.txt", "/.%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..\\secret.txt",
      "/link.txt/..", "/data.bin%00.txt",
    } do
      local got = get(path)
      assert.is_true(got.status == 404 or got.status == 400, path .. ": " .. got.status)
      assert.not_matches("secret", got.body)
    end
  end)

  it("come before the handler, which gets the rest", function()
    serve(function(_, res) res:send "handler" end)
    assert.equal("a{}", get("/style.css").body)
    assert.equal("handler", get("/api").body)
  end)

  it("may lie below a path", function()
    http:static("/docs", folder)
    assert.equal("secret", get("/docs/secret.txt").body)
    assert.equal("a{}", get("/docs/public/style.css").body)
  end)

  it("are sent by hand, too", function()
    serve(function(req, res)
      res:sendFile(folder .. (req.path == "/yes" and "/secret.txt" or "/none.txt"))
    end)
    local got = get("/yes")
    assert.equal("secret", got.body)
    assert.equal("text/plain; charset=utf-8", got.headers["content-type"])
    assert.is_string(got.headers.etag)
    assert.equal(404, get("/no").status)
  end)
end)

describe("Socket.IO and HTTP", function()
  it("share a server that was made before", function()
    serve(function(_, res) res:send "page" end)
    local io = socketio.Server()
    assert.equal(io, io:attach(http))
    assert.equal(http, io.httpServer)
    io:on("connection", function(socket)
      socket:on("echo", function(value, done) done(value) end)
    end)
    for _, transport in ipairs { "polling", "websocket" } do
      assert.equal(7, support.connect(http, { transport = transport }):call("echo", 7))
    end
    assert.equal("page", get("/").body)
  end)

  it("share it between two of them, by path", function()
    local one = socketio.Server(http, { path = "/one" })
    local two = socketio.Server { path = "/two" }
    two:listen(http)
    local a = support.connect(http, { path = "/one" })
    local b = support.connect(http, { path = "/two" })
    one:emit("who", "one")
    two:emit("who", "two")
    assert.equal("one", a:expect "who")
    assert.equal("two", b:expect "who")
  end)

  it("share any number of servers", function()
    local io = support.server()
    io:attach(http)
    local third = support.adopt(socketio.createServer())
    assert(io:attach(third):listen "127.0.0.1:0")
    assert(third:listen "127.0.0.1:0")
    local clients = {}
    for i, server in ipairs { io, http, third } do
      clients[i] = support.connect(server)
    end
    io:emit("to all", 1)
    for _, client in ipairs(clients) do
      assert.equal(1, client:expect "to all")
    end
  end)

  it("are attached once, however often that is said", function()
    local io = socketio.Server(http)
    io:attach(http)
    io:attach(http)
    local client = support.connect(http)
    io:emit "once"
    client:expect "once"
    assert.same({}, client:sync())
  end)
end)
