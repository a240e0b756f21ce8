-- The options of the reference: each is taken in every form that its documentation shows, and the
-- few that cannot have a meaning say why.
local socketio = require "socketio"

local support = require "support"

local POLLING = "/socket.io/?EIO=4&transport=polling"

after_each(support.clean)

local function refused(expected, options)
  local ok, message = pcall(socketio.Server, options)
  assert.is_false(ok, "taken: " .. expected)
  assert.equal(expected, (message:gsub("^.-: ", "", 1)))
end

describe("an application that is ported", function()
  it("starts with every option of the reference", function()
    local function decide(_, callback) callback(nil, true) end
    for name, values in pairs {
      path = { "/socket.io", "/my/path/", "/" },
      serveClient = { true, false },
      connectTimeout = { 45000, 0 },
      connectionStateRecovery = {
        {}, { maxDisconnectionDuration = 2 * 60 * 1000, skipMiddlewares = true },
      },
      cleanupEmptyChildNamespaces = { true, false },
      adapter = { socketio.adapter.memory },
      parser = { socketio.parser.default },
      pingInterval = { 25000 }, pingTimeout = { 20000 }, upgradeTimeout = { 10000 },
      maxHttpBufferSize = { 1e6, 1e8, math.huge },
      allowRequest = { decide },
      transports = { { "polling" }, { "websocket" }, { "websocket", "polling" } },
      allowUpgrades = { true, false },
      perMessageDeflate = { false, true, {
        threshold = 2048, zlibDeflateOptions = { chunkSize = 8 * 1024, level = 3, memLevel = 7 },
        zlibInflateOptions = { chunkSize = 10 * 1024 }, clientNoContextTakeover = true,
        serverNoContextTakeover = true, serverMaxWindowBits = 10, clientMaxWindowBits = 11,
        concurrencyLimit = 20,
      } },
      httpCompression = { false, true, {}, {
        threshold = 2048, chunkSize = 8 * 1024, windowBits = 14, memLevel = 7, level = 9,
        strategy = 0,
      } },
      cookie = { false, true, {
        name = "my-cookie", httpOnly = true, sameSite = "strict", maxAge = 86400, path = "/",
        domain = "a.example", secure = true, expires = os.time() + 60, priority = "high",
        partitioned = true, encode = tostring,
      } },
      cors = { false, true, { origin = "*" }, { origin = { "https://a.example" },
        methods = { "GET", "POST" }, allowedHeaders = { "my-custom-header" },
        exposedHeaders = "X-A,X-B", credentials = true, maxAge = 600, preflightContinue = false,
        optionsSuccessStatus = 200 }, { origin = decide }, decide },
      allowEIO3 = { true, false },
      initialPacket = { "hello", socketio.binary "hello" },
      addTrailingSlash = { true, false },
      destroyUpgrade = { true, false },
      destroyUpgradeTimeout = { 1, 1000 },
    } do
      for _, value in ipairs(values) do
        local io = support.server { [name] = value }
        assert.is_truthy(io:address(), name)
      end
    end
  end)

  it("is told why an option has no meaning here", function()
    refused("option 'wsEngine' has no meaning here: the server's own core speaks WebSocket, and "
      .. "takes no other", { wsEngine = {} })
    refused('bad option \'transports\' ("webtransport" needs HTTP/3, which this server does not '
      .. "speak)", { transports = { "polling", "websocket", "webtransport" } })
  end)

  it("is told the nearest name in every table of options", function()
    for expected, options in pairs {
      ["unknown option 'allowRequests' (did you mean 'allowRequest'?)"] = { allowRequests = 1 },
      ["unknown option of cors 'credential' (did you mean 'credentials'?)"] =
        { cors = { credential = true } },
      ["unknown option of cookie 'httponly' (did you mean 'httpOnly'?)"] =
        { cookie = { httponly = true } },
      ["unknown option of httpCompression 'treshold' (did you mean 'threshold'?)"] =
        { httpCompression = { treshold = 1 } },
      ["unknown option of perMessageDeflate 'treshold' (did you mean 'threshold'?)"] =
        { perMessageDeflate = { treshold = 1 } },
      ["unknown option of tls 'cert ' (did you mean 'cert'?)"] =
        { tls = { ["cert "] = "x", key = "y" } },
      ["unknown option of connectionStateRecovery 'skipMiddleware' (did you mean "
        .. "'skipMiddlewares'?)"] = { connectionStateRecovery = { skipMiddleware = true } },
    } do
      refused(expected, options)
    end
  end)

  it("is told what a value should have been, in every table of options", function()
    for expected, options in pairs {
      ["bad option 'httpCompression' (boolean or table expected, got \"gzip\")"] =
        { httpCompression = "gzip" },
      ["bad option of httpCompression 'threshold' (number of at least 0 expected, got \"1kb\")"] =
        { httpCompression = { threshold = "1kb" } },
      ["bad option of httpCompression 'windowBits' (integer from 9 to 15 expected, got number)"] =
        { httpCompression = { windowBits = 8 } },
      ["bad option of httpCompression 'level' (integer from -1 to 9 expected, got number)"] =
        { httpCompression = { level = 10 } },
      ["bad option of cookie 'maxAge' (number expected, got \"1d\")"] =
        { cookie = { maxAge = "1d" } },
      ["bad option of connectionStateRecovery 'skipMiddlewares' (boolean expected, got number)"] =
        { connectionStateRecovery = { skipMiddlewares = 1 } },
      ["bad option 'destroyUpgrade' (boolean expected, got number)"] = { destroyUpgrade = 1 },
      ["bad option 'destroyUpgradeTimeout' (number of at least 1 expected, got number)"] =
        { destroyUpgradeTimeout = 0 },
      ["bad option 'allowUpgrades' (boolean expected, got \"true\")"] = { allowUpgrades = "true" },
    } do
      refused(expected, options)
    end
  end)
end)

describe("the path", function()
  local function statuses(options, paths)
    local io, got = support.server(options), {}
    for i, path in ipairs(paths) do
      got[i] = support.request(io, "GET", path .. "?EIO=4&transport=polling").status
    end
    return got
  end

  it("may have parts, slashes at its end, or none at all", function()
    assert.same({ 200, 404, 404 }, statuses({ path = "/a/b" }, { "/a/b/", "/a/b", "/a/" }))
    assert.same({ 200, 404 }, statuses({ path = "/a/" }, { "/a/", "/a" }))
    assert.same({ 200, 200 }, statuses({ path = "/" }, { "/", "/anything" }))
  end)

  it("has more behind it, as in the reference", function()
    assert.same({ 200, 200, 404 }, statuses({}, { "/socket.io/", "/socket.io/more", "/socket.io" }))
  end)

  it("needs no slash with addTrailingSlash = false", function()
    assert.same({ 200, 200, 200, 404 }, statuses({ addTrailingSlash = false },
      { "/socket.io", "/socket.io/", "/socket.io/more", "/socket.iofoo" }))
    assert.same({ 200, 200 }, statuses({ addTrailingSlash = false, path = "/a/" },
      { "/a", "/a/" }))
  end)
end)

describe("httpCompression", function()
  local function poll(options, accepted, size)
    local io = support.server { httpCompression = options,
      initialPacket = ("x"):rep(size or 2000) }
    return support.request(io, "GET", POLLING, { headers = { ["Accept-Encoding"] = accepted } })
  end

  local function coding(...)
    return poll(...).headers["content-encoding"] or false
  end

  it("is for answers of 1024 bytes and more, unless another length is given", function()
    assert.equal("gzip", coding(nil, "gzip", 1024))
    assert.is_false(coding(nil, "gzip", 500))
    assert.equal("gzip", coding({ threshold = 500 }, "gzip", 500))
    assert.is_false(coding({ threshold = 1e9 }, "gzip", 50000))
    assert.is_false(coding({ threshold = math.huge }, "gzip", 50000))
  end)

  it("is for all with true, and with a table that names no length", function()
    assert.equal("gzip", coding(true, "gzip", 0))
    assert.equal("gzip", coding({}, "gzip", 0))
    assert.equal("gzip", coding({ level = 1 }, "gzip", 0))
    assert.is_false(coding(false, "gzip", 50000))
  end)

  it("follows what the client accepts", function()
    for accepted, wanted in pairs {
      ["gzip"] = "gzip", ["deflate"] = "deflate", ["deflate, gzip"] = "deflate",
      ["gzip, deflate"] = "gzip", ["*"] = "gzip", ["gzip;q=0.1, deflate;q=0.2"] = "deflate",
      ["gzip;q=0, *"] = "deflate", ["*;q=0"] = false, ["br"] = false, ["br, gzip"] = "gzip",
      ["identity"] = false, ["identity, gzip;q=0.5"] = false, [""] = false,
    } do
      assert.equal(wanted, coding(nil, accepted), accepted)
    end
    assert.is_false(poll(nil, nil).headers["content-encoding"] or false)
  end)

  it("compresses as hard as it is told", function()
    local text = {}
    for i = 1, 3000 do text[i] = tostring((i % 600 * 7919) % 4001) end
    local io = {}
    local sizes = {}
    for name, options in pairs {
      none = { level = 0 }, best = { level = 9 }, small = { windowBits = 9, memLevel = 1 },
      huffman = { strategy = 2 },
    } do
      io[name] = support.server { httpCompression = options,
        initialPacket = table.concat(text, ",") }
      sizes[name] = #support.request(io[name], "GET", POLLING,
        { headers = { ["Accept-Encoding"] = "gzip" } }).body
    end
    assert.is_true(sizes.none > 13000)
    assert.is_true(sizes.best < sizes.small)
    assert.is_true(sizes.best < sizes.huffman)
    assert.is_true(sizes.huffman < sizes.none)
  end)
end)

describe("options beside the constructor", function()
  it("are not taken by those that could not follow them", function()
    local function refuses(expected, fn, ...)
      local ok, message = pcall(fn, ...)
      assert.is_false(ok)
      assert.matches(expected, message, 1, true)
    end
    local http = support.adopt(socketio.createServer())
    local io = socketio.Server()
    refuses("option 'headersTimeout' belongs to the HTTP server: give it to createServer",
      io.attach, http, { headersTimeout = 5 })
    refuses("unknown option 'pth'", io.attach, http, { pth = "/x" })
    refuses("bad argument #2 to 'attach' (table of options expected, got string)", io.attach, http,
      "/path")
    assert.equal(io, io:attach(http, { path = "/late" }))
    assert.equal("/late", io:path())
    refuses("options cannot be changed once the server is listening", io.attach, http,
      { path = "/later" })
    io = support.adopt(socketio.Server())
    assert(io:listen("127.0.0.1:0", { maxHeaderSize = 300, path = "/p" }))
    assert.equal(431, support.request(io, "GET", "/", { headers = { X = ("x"):rep(400) } }).status)
    assert(io:listen("127.0.0.1:0", { tls = false }))
    refuses("options cannot be changed once the server is listening", io.listen, "127.0.0.1:0",
      { maxHeaderSize = 400 })
    local engine = socketio.Engine()
    io = socketio.Server()
    io:bind(engine)
    refuses("options cannot be changed once", io.listen, "127.0.0.1:0", { path = "/x" })
    refuses("options cannot be changed once", engine.listen, "127.0.0.1:0", { path = "/x" })
  end)
end)
