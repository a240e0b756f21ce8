-- The option tls: what it takes, what is said when it cannot be used, loading anew. Certificates
-- are made by the program openssl; spec/interop/tls.test.mjs talks TLS.
local socketio = require "socketio"

local support = require "support"

local folder

local function file(name)
  return folder .. "/" .. name .. ".pem"
end

local function openssl(arguments)
  assert(os.execute("openssl " .. arguments .. " 2>/dev/null"))
end

local function certify(name)
  openssl(("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=%s "
    .. "-keyout %s -out %s"):format(name, file(name .. "-key"), file(name)))
end

local function text(path)
  local handle <close> = assert(io.open(path))
  return handle:read "a"
end

local function pair(name)
  return { cert = file(name), key = file(name .. "-key") }
end

setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder))
  certify "one"
  certify "two"
  openssl(("pkcs8 -topk8 -v2 aes-256-cbc -passout pass:sesame -in %s -out %s"):format(
    file "one-key", file "locked-key"))
end)

teardown(function()
  os.execute("rm -r " .. folder)
end)

after_each(support.clean)

local function refused(expected, fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok)
  assert.matches(expected, message, 1, true)
end

describe("the option tls", function()
  it("takes files or text, with a passphrase if there is one", function()
    local server = support.adopt(socketio.createServer { tls = pair "one" })
    assert.equal(server, server:listen "127.0.0.1:0")
    assert(server:listen("127.0.0.1:0", {
      tls = { cert = text(file "two"), key = text(file "two-key") },
    }))
    assert(server:listen("127.0.0.1:0", {
      tls = { cert = file "one", key = file "locked-key", passphrase = "sesame", ca = file "two",
        minVersion = "TLSv1.3" },
    }))
    assert(server:listen("127.0.0.1:0", { tls = false }))
    assert.equal(404, support.request(server, "GET", "/").status) -- the newest is plain
  end)

  it("is an option of Server and of its listen", function()
    local server = support.adopt(socketio.Server("127.0.0.1:0", { tls = pair "one" }))
    assert.is_true(server:address().port > 0)
    assert(server:listen("127.0.0.1:0", { tls = false }))
    assert.is_nil(support.connect(server).error)
    server = support.adopt(socketio.Server())
    assert(server:listen("127.0.0.1:0", { tls = pair "one" }))
    assert(server:listen "127.0.0.1:0")
    assert.is_nil(support.connect(server).error)
  end)

  it("is checked", function()
    refused("bad option 'tls' (table with cert and key, or false expected, got boolean)",
      socketio.Server, { tls = true })
    refused("bad option 'tls' (table with cert and key, or false expected, got table)",
      socketio.Server, { tls = { cert = file "one" } })
    refused("unknown option of tls 'certificate' (did you mean", socketio.createServer,
      { tls = { certificate = file "one", key = file "one-key" } })
    refused("bad option of tls 'cert' (string expected, got number)", socketio.Server,
      { tls = { cert = 1, key = "k" } })
    refused([[bad option of tls 'minVersion' ("TLSv1.2" or "TLSv1.3" expected, got "TLSv1.1")]],
      socketio.Server, { tls = { cert = "c", key = "k", minVersion = "TLSv1.1" } })
    local server = socketio.createServer()
    refused("bad argument #2 to 'listen' (table of options expected, got string)", server.listen,
      "127.0.0.1:0", "tls")
    refused("unknown option 'tlsl' (did you mean 'tls'?)", server.listen, "127.0.0.1:0",
      { tlsl = {} })
  end)
end)

describe("what cannot be used", function()
  local missing = { cert = "/nowhere/cert.pem", key = "/nowhere/key.pem" }
  local expected = "cannot read the certificate /nowhere/cert.pem (tls.cert): no such file or "
    .. "directory"

  it("is told by listen", function()
    local server = socketio.Server()
    local result, message, code = server:listen("127.0.0.1:0", { tls = missing })
    assert.is_nil(result)
    assert.matches("cannot listen on 127.0.0.1:0: " .. expected, message, 1, true)
    assert.equal("ENOENT", code)
    assert.is_nil(server:address())
    result, message, code = server:listen("127.0.0.1:0", {
      tls = { cert = file "one", key = file "two-key" },
    })
    assert.is_nil(result)
    assert.matches(file "two-key" .. " (tls.key) does not belong to", message, 1, true)
    assert.equal("ETLS", code)
    assert(support.adopt(server):listen "127.0.0.1:0")
  end)

  it("is raised by createServer and Server", function()
    refused(expected, socketio.createServer, { tls = missing })
    refused(expected, socketio.Server, "127.0.0.1:0", { tls = missing })
  end)

  it("is a key without its passphrase", function()
    local locked = { cert = file "one", key = file "locked-key" }
    refused("is encrypted: give its tls.passphrase", socketio.createServer, { tls = locked })
    locked.passphrase = "guess"
    refused("tls.passphrase does not open the private key", socketio.createServer, { tls = locked })
  end)
end)

describe("reloadTls", function()
  it("reads again, or takes others", function()
    local server = support.adopt(socketio.Server("127.0.0.1:0", { tls = pair "one" }))
    assert.equal(server.httpServer, server.httpServer:reloadTls())
    assert.equal(server.httpServer, server.httpServer:reloadTls(pair "two"))
    assert.equal(server.httpServer, server.httpServer:reloadTls())
  end)

  it("tells what is wrong, and changes nothing then", function()
    local server = support.adopt(socketio.createServer { tls = pair "one" })
    local result, message, code = server:reloadTls { cert = "/nowhere", key = file "one-key" }
    assert.is_nil(result)
    assert.matches("cannot read the certificate /nowhere (tls.cert)", message, 1, true)
    assert.equal("ENOENT", code)
    assert.equal(server, server:reloadTls())
    refused("bad option 'tls'", server.reloadTls, {})
  end)

  it("needs TLS", function()
    refused("a server without TLS has nothing to reload", socketio.createServer().reloadTls)
  end)
end)
