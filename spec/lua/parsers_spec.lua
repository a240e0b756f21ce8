-- The option parser: MessagePack, lua-cjson, and an application's own.
local socketio = require "socketio"
local core = require "socketio.core"

local support = require "support"

after_each(support.clean)

local null, array, binary = socketio.null, socketio.array, socketio.binary

-- A server whose sockets echo, and tell what their errors and ends were.
local function echo_server(parser, options)
  local all = { parser = parser }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  local io = support.server(all)
  local told = {}
  io:on("connection", function(socket)
    socket:on("echo", function(...) socket:emit("echo", ...) end)
    socket:on("ask", function(...)
      local args = table.pack(...)
      args[args.n](table.unpack(args, 1, args.n - 1))
    end)
    socket:on("error", function(message) told[#told + 1] = message end)
    socket:on("disconnect", function(reason) told[#told + 1] = reason end)
  end)
  return io, told
end

local function echo(client, ...)
  client:emit("echo", ...)
  return client:expect "echo"
end

describe("the option parser", function()
  it("is the reference's default one unless something else is asked for", function()
    assert.equal(socketio.parser.default, socketio.Server().opts.parser)
    local io = socketio.Server { parser = socketio.parser.msgpack }
    assert.equal(socketio.parser.msgpack, io.opts.parser)
  end)

  it("is one of the parsers or a table with two functions", function()
    local expected = "bad option 'parser' (socketio.parser.default, socketio.parser.msgpack, "
      .. "socketio.parser.cjson, or a table with the functions encode and decode expected, got "
    for _, case in ipairs {
      { "msgpack", '"msgpack")' }, { 1, "number)" }, { {}, "table)" }, { true, "boolean)" },
      { { encode = print }, "table)" }, { { encode = print, decode = "x" }, "table)" },
    } do
      local ok, message = pcall(socketio.Server, { parser = case[1] })
      assert.is_false(ok)
      assert.is_truthy(message:find(expected .. case[2], 1, true), message)
    end
    local own = { encode = print, decode = setmetatable({}, { __call = print }) }
    assert.equal(own, socketio.Server({ parser = own }).opts.parser)
  end)

  it("belongs to Socket.IO, not to an engine", function()
    local ok, message = pcall(socketio.Engine, { parser = socketio.parser.msgpack })
    assert.is_false(ok)
    assert.matches("unknown option 'parser'", message)
  end)

  it("comes along, as the limits do, when a server is bound to an engine", function()
    local engine = socketio.Engine("127.0.0.1:0", { path = "/socket.io" })
    support.adopt(engine)
    local io = socketio.Server { parser = socketio.parser.msgpack, maxNamespaces = 1 }
    io:of "/two"
    io:bind(engine)
    io:on("connection", function(socket)
      socket:on("echo", function(...) socket:emit("echo", ...) end)
    end)
    local client = support.connect(engine, { packs = true })
    assert.equal(1.5, echo(client, 1.5))
    client.client:enter("/two", nil, false)
    client:expect_close()
  end)

  it("for lua-cjson says what is missing", function()
    local code, out = support.program [[
      package.preload.cjson = function() error "not there" end
      local socketio = require "socketio"
      assert(socketio.Server { parser = socketio.parser.default })
      print(select(2, pcall(socketio.Server, { parser = socketio.parser.cjson })))
    ]]
    assert.equal(0, code)
    assert.matches("option 'parser': socketio.parser.cjson needs lua%-cjson, which is not there",
      out)
  end)
end)

for _, transport in ipairs { "websocket", "polling" } do
  describe("MessagePack by " .. transport, function()
    local options = { transport = transport, packs = true }

    it("carries values of every kind both ways", function()
      local client = support.connect(echo_server(socketio.parser.msgpack), options)
      local values = {
        0, -1, 127, 128, -32, -33, 2 ^ 31 | 0, -2 ^ 40 | 0, math.maxinteger, math.mininteger, 1.5,
        2.0 ^ 70, math.huge, "", "é", ("x"):rep(70000), true, false, array {}, {}, array { 1 },
        array { null, array { null } }, { a = { b = array { { c = null } } } },
        binary "\0\1\255", { deep = array { binary "" } },
      }
      local got = table.pack(echo(client, table.unpack(values)))
      assert.equal(#values, got.n)
      for i, value in ipairs(values) do
        assert.same(value, got[i])
        assert.equal(math.type(value), math.type(got[i]))
      end
    end)

    it("keeps the count of arguments", function()
      local client = support.connect(echo_server(socketio.parser.msgpack), options)
      assert.same({ n = 3, nil, 1, nil }, table.pack(echo(client, nil, 1, nil)))
      assert.same({ n = 0 }, table.pack(echo(client)))
      assert.same({ n = 2 }, table.pack(client:call("ask", nil, nil)))
      assert.same({ n = 0 }, table.pack(client:call "ask"))
    end)

    it("acknowledges both ways", function()
      local io = echo_server(socketio.parser.msgpack)
      local client, socket = support.pair(io, options)
      assert.same({ n = 2, 1, binary "b" }, table.pack(client:call("ask", 1, binary "b")))
      local answer
      socket:timeout(5000):emit("q", binary "?", function(...) answer = table.pack(...) end)
      local id, question = client:expect_call "q"
      assert.equal(binary "?", question)
      client:answer(id, { binary "!" }, nil)
      support.wait(function() return answer end)
      assert.same({ n = 3, nil, { binary "!" }, nil }, answer)
    end)
  end)
end

describe("MessagePack", function()
  local options = { packs = true }

  it("has a CONNECT with auth, and a refusal with data", function()
    local io = support.server { parser = socketio.parser.msgpack }
    local auth
    io:use(function(socket, next)
      auth = socket.handshake.auth
      next()
    end)
    io:of("/no"):use(function(_, next)
      next { message = "no", data = { list = array {}, bytes = binary "b", n = 1.5 } }
    end)
    local client = support.connect(io, { packs = true, auth = { token = "t", bytes = binary "x" } })
    assert.same({ token = "t", bytes = binary "x" }, auth)
    assert.equal(20, #client.id)
    assert.is_nil(client.pid)
    local refused = client.client:enter "/no"
    assert.same({ message = "no", data = { list = array {}, bytes = binary "b", n = 1.5 } },
      refused.error)
    assert.same({ message = "Invalid namespace" }, client.client:enter("/unknown").error)
    auth = nil
    support.connect(io, options)
    assert.same({}, auth)
  end)

  it("refuses with less what cannot be sent", function()
    local io = support.server { parser = socketio.parser.msgpack }
    io:use(function(_, next) next { message = "no", data = { print } } end)
    assert.same({ message = "no" }, support.connect(io, options).error)
    assert.equal("cannot encode a function at error.data[1]", support.errors()[1].message)
  end)

  it("knows namespaces, rooms and broadcasts", function()
    local io = support.server { parser = socketio.parser.msgpack }
    io:of(socketio.pattern "^/room%-")
    local one, first = support.pair(io, options)
    local two = support.connect(io, options)
    first:join "r"
    io:to("r"):emit("to r", binary "1")
    io:except("r"):emit("not to r", { binary "2" })
    io:emit("to all", nil, 3)
    assert.equal(binary "1", one:expect "to r")
    assert.same({ binary "2" }, two:expect "not to r")
    assert.same({ n = 2, nil, 3 }, table.pack(one:expect "to all"))
    assert.same({ n = 2, nil, 3 }, table.pack(two:expect "to all"))
    assert.same({}, one:sync())
    local answers
    io:timeout(5000):emit("who", function(_, list) answers = list end)
    one:answer((one:expect_call "who"), "one")
    two:answer((two:expect_call "who"), "two")
    support.wait(function() return answers end)
    table.sort(answers)
    assert.same({ "one", "two" }, answers)
    local child = one.client:enter "/room-1"
    io:of("/room-1"):emit("here", 1)
    assert.equal(1, child:expect "here")
  end)

  it("tells of the end both ways", function()
    local io, told = echo_server(socketio.parser.msgpack)
    local client = support.connect(io, options)
    client:leave()
    support.wait(function() return told[1] end)
    assert.equal("client namespace disconnect", told[1])
    local _, socket = support.pair(io, options)
    local other = support.connect(io, options)
    socket:disconnect()
    io:in_(other.id):disconnectSockets()
    other:expect_disconnect()
  end)

  it("gives dates as JSON does, undefined as nothing", function()
    local io = support.server { parser = socketio.parser.msgpack }
    local client, socket = support.pair(io, options)
    local got
    socket:on("e", function(...) got = table.pack(...) end)
    -- ["e", new Date(0), undefined, { d: new Date(0), u: undefined }, [undefined], ArrayBuffer]
    client.client.transport:send_binary("\x83\xa4type\2\xa3nsp\xa1/\xa4data\x96\xa1e"
      .. "\xd7\0\0\0\0\0\0\0\0\0" .. "\xd4\0\0" .. "\x82\xa1d\xd7\0\0\0\0\0\0\0\0\0\xa1u\xd4\0\0"
      .. "\x91\xd4\0\0" .. "\xc7\2\0ab")
    support.wait(function() return got end)
    assert.same({ n = 5, "1970-01-01T00:00:00.000Z", nil, { d = "1970-01-01T00:00:00.000Z" },
      array { null }, binary "ab" }, got)
  end)

  it("says where a value is that it cannot send, and sends nothing", function()
    local io = support.server { parser = socketio.parser.msgpack }
    local client, socket = support.pair(io, options)
    local cyclic = {}
    cyclic[1] = cyclic
    for _, case in ipairs {
      { coroutine.create(print), "cannot encode a thread at args[1]" },
      { { user = { name = print } }, "cannot encode a function at args[1].user.name" },
      { cyclic, "cannot encode a cycle at args[1][1]" },
      { "\xff", "cannot encode a string that is not valid UTF-8 at args[1]; "
        .. "socketio.binary(s) sends bytes" },
      { { [{}] = 1 }, "cannot encode a table as a key at args[1]" },
    } do
      for _, emitter in ipairs { socket, io, socket.volatile, io:to(client.id) } do
        local ok, message = pcall(emitter.emit, "e", case[1], 1)
        assert.is_false(ok)
        assert.is_truthy(message:find(case[2], 1, true), message)
      end
    end
    socket:emit("after", { toJSON = function() return { 1 } end })
    assert.same({ 1 }, client:expect "after")
    assert.same({}, client:sync())
  end)

  it("does not count bytes in line as attachments", function()
    local io = echo_server(socketio.parser.msgpack, { maxAttachments = 0 })
    local client = support.connect(io, options)
    local many = array {}
    for i = 1, 50 do
      many[i] = binary(("x"):rep(i))
    end
    assert.same(many, echo(client, many))
  end)

  it("recovers a connection's state", function()
    local io = support.server {
      parser = socketio.parser.msgpack, connectionStateRecovery = {},
    }
    local client, socket = support.pair(io, options)
    socket:emit("first", 1)
    local _, offset = client:expect "first"
    client:close()
    support.wait(function() return not io.sockets.sockets[client.id] end)
    io:emit("missed", binary "b")
    local again = support.connect(io, { packs = true,
      auth = { pid = client.pid, offset = offset } })
    assert.equal(client.id, again.id)
    assert.equal(client.pid, again.pid)
    assert.equal(binary "b", (again:expect "missed"))
    assert.is_true(io.sockets.sockets[client.id].recovered)
  end)

  local function packet(data)
    return "\x83\xa4type\2\xa3nsp\xa1/\xa4data" .. data
  end

  for what, case in pairs {
    ["of text"] = { text = '42["echo"]', "got plaintext data where packets are binary" },
    ["without bytes"] = { "", "malformed MessagePack" },
    ["that is cut off"] = { packet "\x92\xa4echo", "malformed MessagePack" },
    ["with bytes behind"] = { packet "\x91\xa4echo" .. "\0", "trailing bytes" },
    ["that claims what is not there"] = { packet "\xdd\xff\xff\xff\xff\xa4echo",
      "malformed MessagePack" },
    ["of an unknown type"] = { "\x83\xa4type\5\xa3nsp\xa1/\xa4data\x91\xa4echo",
      "invalid packet type" },
    ["without a namespace"] = { "\x82\xa4type\2\xa4data\x91\xa4echo", "invalid namespace" },
    ["whose data is no list"] = { packet "\x81\xa1x\1", "invalid payload" },
    ["whose id is nil"] = { "\x84\xa4type\2\xa3nsp\xa1/\xa4data\x91\xa4echo\xa2id\xc0",
      "invalid packet id" },
    ["without an event"] = { packet "\x90", "invalid payload" },
    ["whose event is no name"] = { packet "\x91\xc0", "invalid payload" },
    ["whose event is reserved"] = { packet "\x91\xaadisconnect", "invalid payload" },
    ["of 4097 arguments"] = { packet("\xdc\x10\x01\xa4echo" .. ("\1"):rep(4096)),
      "too many arguments" },
    ["of 129 levels"] = { packet("\x92\xa4echo" .. ("\x91"):rep(128) .. "\x90"), "too deep" },
    ["that is not UTF-8"] = { packet "\x92\xa4echo\xa1\xff", "invalid UTF-8" },
    ["whose key is a list"] = { packet "\x92\xa4echo\x81\x90\1", "malformed key" },
  } do
    it("closes the connection for a packet " .. what, function()
      local io, told = echo_server(socketio.parser.msgpack)
      local client = support.connect(io, options)
      if case.text then
        client.client.transport:send(case.text)
      else
        client.client.transport:send_binary(case[1])
      end
      client:expect_close()
      assert.same({ case[1] == nil and "" or case[case.text and 1 or 2], "forced close" }, told)
    end)
  end

  it("takes as many arguments and levels as promised", function()
    local client, socket = support.pair(echo_server(socketio.parser.msgpack), options)
    socket:on("deep", function(value)
      local depth = 0
      while value do
        depth, value = depth + 1, value[1]
      end
      socket:emit("deep", depth)
    end)
    client.client.transport:send_binary(packet("\x92\xa4deep" .. ("\x91"):rep(127) .. "\x90"))
    assert.equal(128, (client:expect "deep"))
    client.client.transport:send_binary(packet("\xdc\x10\0\xa4echo" .. ("\1"):rep(4095)))
    assert.equal(4095, select("#", client:expect "echo"))
  end)
end)

describe("pack and unpack", function()
  it("are each other's inverse", function()
    for _, value in ipairs { 1, 1.5, "x", true, array { 1, {} }, { a = null }, binary "b" } do
      assert.same(value, core.unpack(core.pack(value)))
    end
  end)

  it("say what is wrong", function()
    assert.same({ nil, "byte 2: malformed MessagePack" }, { core.unpack "\x91\xc1" })
    assert.same({ nil, "byte 2: trailing bytes" }, { core.unpack "\1\1" })
    assert.has_error(function() core.pack { a = print } end,
      "cannot encode a function at value.a")
  end)
end)

describe("lua-cjson", function()
  local parser = socketio.parser.cjson

  it("carries values both ways, numbers as floats", function()
    local io = echo_server(parser)
    local client, socket = support.pair(io)
    local got
    socket:on("values", function(...) got = table.pack(...) end)
    client:emit("values", 1, 1.5, "é", true, false, { a = { 1, { b = 2 } } }, nil)
    support.wait(function() return got end)
    assert.same({ n = 7, 1, 1.5, "é", true, false, { a = { 1, { b = 2 } } }, nil }, got)
    assert.equal("float", math.type(got[1]))
    assert.same({ 1, "x", { a = false } }, { echo(client, 1, "x", { a = false }) })
  end)

  it("has lua-cjson's limits", function()
    local client = support.connect(echo_server(parser))
    assert.same(1234567890123500, (echo(client, 1234567890123456))) -- 14 digits
    assert.is_nil(getmetatable((echo(client, array {})))) -- and so an object
  end)

  it("keeps the count of arguments, and null", function()
    local io = echo_server(parser)
    local client, socket = support.pair(io)
    local inner
    socket:on("inner", function(t) inner = t end)
    assert.same({ n = 3, nil, 1, nil }, table.pack(echo(client, nil, 1, nil)))
    assert.same({ n = 0 }, table.pack(client:call "ask"))
    assert.same({ n = 2, nil, false }, table.pack(client:call("ask", nil, false)))
    client:emit("inner", { a = null, b = array { null } })
    support.wait(function() return inner end)
    assert.same({ a = null, b = { null } }, inner)
    assert.equal(null, inner.a)
  end)

  it("carries attachments both ways, at any place", function()
    local client = support.connect(echo_server(parser))
    assert.equal(binary "b", (echo(client, binary "b")))
    local tree = { a = { { binary "1" }, "text", { x = binary "" } }, b = binary "1" }
    assert.same({ n = 2, tree, binary "2" }, table.pack(echo(client, tree, binary "2")))
    assert.same({ n = 1, { binary "c" } }, table.pack(client:call("ask", { binary "c" })))
  end)

  it("does not change what it sends", function()
    local io = echo_server(parser)
    local client, socket = support.pair(io)
    local bytes = binary "b"
    local inner = { bytes }
    local value = { inner = inner, other = {} }
    socket:emit("e", value)
    assert.same({ { inner = { bytes }, other = {} } }, { client:expect "e" })
    assert.equal(inner, value.inner)
    assert.equal(bytes, inner[1])
  end)

  it("leaves placeholders alone where there are no attachments", function()
    local client = support.connect(echo_server(parser))
    assert.same({ _placeholder = true, num = 0 }, (echo(client, { _placeholder = true, num = 0 })))
  end)

  it("says what it cannot send, and sends nothing", function()
    local io = echo_server(parser)
    local client, socket = support.pair(io)
    local cyclic = {}
    cyclic.self = cyclic
    for _, case in ipairs {
      { { print }, "type not supported" },
      { { [1] = 1, [100] = 2 }, "excessively sparse array" },
      { 0 / 0, "NaN" },
      { cyclic, "more than 128 levels" },
    } do
      local ok, message = pcall(socket.emit, "e", case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
    end
    assert.same({}, client:sync())
  end)

  it("closes the connection for what is malformed", function()
    for _, text in ipairs {
      '42["echo",]', '42["echo"', '42["echo",fals]', "42[]", "42[null]", '42["disconnect"]',
      '42["echo",' .. ("["):rep(1001) .. ("]"):rep(1001) .. "]",
    } do
      local io, told = echo_server(parser)
      local client = support.connect(io)
      client.client.transport:send(text)
      client:expect_close()
      assert.same({ "invalid payload", "forced close" }, told)
    end
  end)

  it("closes the connection for a placeholder without its attachment", function()
    for _, num in ipairs { "1", "-1", "0.5", '"0"', "null", "[0]", "1e999" } do
      local io, told = echo_server(parser)
      local client = support.connect(io)
      client.client.transport:send(('451-["echo",{"_placeholder":true,"num":%s}]'):format(num))
      client.client.transport:send_binary "b"
      client:expect_close()
      assert.same({ "invalid payload", "forced close" }, told)
    end
  end)

  it("closes the connection for more than 4096 arguments", function()
    local io, told = echo_server(parser)
    local client = support.connect(io)
    client.client.transport:send('42["echo"' .. (",1"):rep(4095) .. "]")
    assert.equal(4095, select("#", client:expect "echo"))
    client.client.transport:send('42["echo"' .. (",1"):rep(4096) .. "]")
    client:expect_close()
    assert.same({ "too many arguments", "forced close" }, told)
  end)

  it("leaves auth and refusals to the library", function()
    local io = support.server { parser = parser }
    local auth
    io:use(function(socket, next)
      auth = socket.handshake.auth
      next { message = "no", data = { list = array {} } }
    end)
    local client = support.connect(io, { auth = { n = 1 } })
    assert.equal("integer", math.type(auth.n))
    assert.same({ message = "no", data = { list = array {} } }, client.error)
  end)
end)

describe("a parser of one's own", function()
  -- Writes all as text, and notes what it was asked for.
  local function own(overrides)
    local parser = { seen = {} }
    function parser.encode(args)
      parser.seen[#parser.seen + 1] = args
      local texts = {}
      for i = 1, args.n do
        texts[i] = core.encode(tostring(args[i]))
      end
      return "[" .. table.concat(texts, ",") .. "]"
    end
    function parser.decode(text, attachments)
      local args = { core.decodeArgs(text, #attachments > 0 and attachments or nil) }
      for i, value in ipairs(args) do
        args[i] = tostring(value)
      end
      return args
    end
    for name, fn in pairs(overrides or {}) do
      parser[name] = fn
    end
    return parser
  end

  it("writes and reads the arguments", function()
    local parser = own()
    local client = support.connect(echo_server(parser))
    assert.same({ "1", "true", "bytes" }, { echo(client, 1, true, binary "bytes") })
    assert.same({ n = 4, "echo", "1", "true", "bytes" }, parser.seen[1])
    assert.same({ n = 1, "2" }, table.pack(client:call("ask", 2)))
    assert.same({ n = 1, "2" }, parser.seen[2])
  end)

  it("is gone with its server, whom a finaliser may still ask", function()
    local code, out = support.program [[
      local socketio = require "socketio"
      do
        local parser = { encode = function() return "[]" end, decode = print }
        local emit = socketio.Server({ parser = parser }).sockets.emit
        setmetatable({}, { __gc = function() print(pcall(emit, "x", 1)) end })
      end
      collectgarbage()
      collectgarbage()
      print "alive"
    ]]
    assert.equal(0, code)
    assert.matches("this server is gone\nalive\n$", out)
  end)

  it("may send attachments", function()
    local client, socket = support.pair(echo_server(own {
      encode = function() return '["e",{"_placeholder":true,"num":0}]', { binary "b" } end,
    }))
    socket:emit "e"
    assert.equal(binary "b", (client:expect "e"))
  end)

  it("refuses to send by nil and a message, or by an error", function()
    for message, encode in pairs {
      ["not this"] = function() return nil, "not this" end,
      ["an error"] = function() error("an error", 0) end,
      ["the parser must encode to a string"] = function() end,
      ["the parser must encode arguments as an array of JSON"] = function() return "{}" end,
      ["the parser's attachments must be a list of Binary"] = function() return "[]", { 1 } end,
    } do
      local client, socket = support.pair(echo_server(own { encode = encode }))
      local ok, got = pcall(socket.emit, "e", 1)
      assert.is_false(ok)
      assert.is_truthy(got:find(message, 1, true), got)
      assert.same({}, client:sync())
    end
  end)

  it("refuses what came by nil or an error", function()
    for _, decode in ipairs {
      function() return nil end, function() error "no" end, function() return "a string" end,
    } do
      local io, told = echo_server(own { decode = decode })
      local client = support.connect(io)
      client:emit "echo"
      client:expect_close()
      assert.same({ "invalid payload", "forced close" }, told)
    end
  end)
end)
