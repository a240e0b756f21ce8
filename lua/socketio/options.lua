--- The options of a server: known names, types, defaults, and the flat tables that the core reads.

local check = require("socketio.check")
local cookie = require("socketio.cookie")
local core = require("socketio.core")
local origins = require("socketio.origins")
local memory = require("socketio.adapter.memory")
local parser = require("socketio.parser")
local pattern = require("socketio.pattern")
local session_aware = require("socketio.adapter.session_aware")

local options = {}

-- === Kinds of values =========================================================================

local function boolean(value)
  return type(value) == "boolean", "boolean"
end

local function some_text(value)
  return type(value) == "string", "string"
end

local function number(least)
  return function(value)
    return type(value) == "number" and value == value and value >= least,
      ("number of at least %g"):format(least)
  end
end

local function integer(least, most)
  return function(value)
    return type(value) == "number" and value % 1 == 0 and value >= least and value <= most,
      ("integer from %d to %d"):format(least, most)
  end
end

local function one_of(...)
  local names = { ... }
  return function(value)
    for _, name in ipairs(names) do
      if value == name then
        return true
      end
    end
    return false, '"' .. table.concat(names, '" or "') .. '"'
  end
end

local function path(value)
  return type(value) == "string" and value:sub(1, 1) == "/", 'path that begins with "/"'
end

local function transports(value)
  if type(value) ~= "table" or #value == 0 then
    return false, "list of transports"
  end
  for _, name in ipairs(value) do
    if name ~= "polling" and name ~= "websocket" then
      return false, 'list of "polling" and "websocket"'
    end
  end
  return true
end

local function compression(value)
  if type(value) == "boolean" then
    return true
  end
  return type(value) == "table" and (value.threshold == nil or type(value.threshold) == "number"),
    "boolean or { threshold = bytes }"
end

local function cors(value)
  return value == false or type(value) == "table", "table or false"
end

local function callable(value)
  return check.callable(value), "function"
end

local function adapter(value)
  return check.callable(value), "kind of adapter, such as socketio.adapter.memory"
end

local function boolean_or_table(value)
  return type(value) == "boolean" or type(value) == "table", "boolean or table"
end

local function packet(value)
  return type(value) == "string" or core.isBinary(value), "string or Binary"
end

local function origin_list(value)
  if type(value) == "string" or pattern.is(value) then
    return true
  end
  local ok = type(value) == "table" and #value > 0
  for _, one in ipairs(ok and value or {}) do
    ok = ok and (type(one) == "string" or pattern.is(one))
  end
  return ok, "string, pattern, or list of these"
end

local complete -- below

local tls_known = {
  cert = { nil, some_text },
  key = { nil, some_text },
  passphrase = { nil, some_text },
  ca = { nil, some_text },
  minVersion = { "TLSv1.2", one_of("TLSv1.2", "TLSv1.3") },
}

local function tls(value)
  if type(value) == "table" then
    complete(value, tls_known, "option of tls")
  end
  return value == false or type(value) == "table" and value.cert and value.key ~= nil,
    "table with cert and key, or false"
end

-- === The options =============================================================================

local limits = core.limits -- the defaults that src/base/limits.h names

-- Name to { default, kind }, or to { default, refuse = why nothing else is taken }. http: also an
-- option of createServer.
local known = {
  path = { "/socket.io", path },
  serveClient = { true, boolean },
  connectTimeout = { limits.connectTimeout, number(0) },
  cleanupEmptyChildNamespaces = { false, boolean },
  pingInterval = { limits.pingInterval, number(1) },
  pingTimeout = { limits.pingTimeout, number(1) },
  upgradeTimeout = { limits.upgradeTimeout, number(1) },
  maxHttpBufferSize = { limits.maxHttpBufferSize, number(1) },
  transports = { { "polling", "websocket" }, transports },
  allowUpgrades = { true, boolean },
  allowEIO3 = { false, boolean },
  httpCompression = { { threshold = 1024 }, compression },
  perMessageDeflate = { false, boolean_or_table },
  cors = { false, cors },
  adapter = { nil, adapter },
  parser = { parser.choices.default, parser.kind },
  onError = { nil, callable },
  allowRequest = { nil, callable },
  cookie = { false, boolean_or_table },
  initialPacket = { nil, packet },
  origins = { nil, origin_list },
  addTrailingSlash = { true, boolean },
  maxConnections = { nil, number(1) },
  maxConnectionsPerIp = { nil, number(1) },
  maxBackpressure = { limits.maxBackpressure, number(1) },
  backpressurePolicy = { "close", one_of("close", "dropVolatile") },
  maxAttachments = { limits.maxAttachments, number(0) },
  maxNamespaces = { limits.maxNamespaces, number(1) },
  headersTimeout = { limits.headersTimeout, number(1), http = true },
  requestTimeout = { limits.requestTimeout, number(1), http = true },
  maxHeaderSize = { limits.maxHeaderSize, number(256), http = true },
  tls = { false, tls, http = true },
  connectionStateRecovery = { false, boolean_or_table },
  destroyUpgrade = {
    true, refuse = "has no meaning here: an upgrade that nobody takes is answered with 404",
  },
  destroyUpgradeTimeout = {
    1000, refuse = "has no meaning here: an upgrade that nobody takes is answered with 404 at once",
  },
}

local function distance(a, b)
  local row = {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local corner = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(row[j] + 1, row[j - 1] + 1, corner + cost)
      corner, row[j] = row[j], best
    end
  end
  return row[#b]
end

local function nearest(name, specs)
  local best, least
  for candidate in pairs(specs) do
    local d = distance(name:lower(), candidate:lower())
    if not least or d < least or (d == least and candidate < best) then
      best, least = candidate, d
    end
  end
  return best
end

local function check_one(name, value, specs, what)
  local spec = specs[name]
  if not spec then
    check.raise(("unknown %s '%s' (did you mean '%s'?)"):format(what, tostring(name),
      nearest(tostring(name), specs)))
  end
  if spec.refuse then
    if value ~= spec[1] then
      check.raise(("%s '%s' %s"):format(what, name, spec.refuse))
    end
    return
  end
  local ok, expected = spec[2](value)
  if not ok then
    check.raise(("bad %s '%s' (%s expected, got %s)"):format(what, name, expected,
      type(value) == "string" and ("%q"):format(value) or check.kind(value)))
  end
end

-- Checks given against specs, completes it with the defaults.
function complete(given, specs, what)
  for name, value in pairs(given) do
    check_one(name, value, specs, what)
  end
  local all = {}
  for name, spec in pairs(specs) do
    all[name] = given[name]
    if all[name] == nil then
      all[name] = spec[1]
    end
  end
  return all
end

local http = {}
for name, spec in pairs(known) do
  if spec.http then
    http[name] = spec
  end
end

local recovery_known = {
  maxDisconnectionDuration = { 120000, number(0) },
  skipMiddlewares = { true, boolean },
  maxBytes = { limits.maxRecoveryBytes, number(0) },
  maxSessions = { limits.maxRecoverySessions, number(0) },
}

--- Checks a server's options; returns them all, defaults included. Raises for an unknown name or a
-- bad value.
function options.server(given)
  local all = complete(given, known, "option")
  local recovery = all.connectionStateRecovery
  if recovery then
    recovery = complete(recovery == true and {} or recovery, recovery_known,
      "option of connectionStateRecovery")
    all.connectionStateRecovery = recovery
  end
  all.adapter = all.adapter or (recovery and session_aware or memory)
  return all
end

-- What only Socket.IO has a use for.
local above = {
  serveClient = true,
  connectTimeout = true,
  cleanupEmptyChildNamespaces = true,
  connectionStateRecovery = true,
  adapter = true,
  parser = true,
  maxAttachments = true,
  maxNamespaces = true,
}

local engine = {}
for name, spec in pairs(known) do
  if not above[name] then
    engine[name] = spec
  end
end
engine.path = { "/engine.io", path }

--- The same for socketio.Engine. Those of Socket.IO are what they are by default.
function options.engine(given)
  local all = complete(given, engine, "option")
  for name in pairs(above) do
    all[name] = known[name][1]
  end
  all.serveClient = false
  return all
end

--- The same for createServer and listen.
function options.http(given)
  return complete(given, http, "option")
end

--- The same for the listen of an HTTP server.
function options.listen(given)
  return complete(given, { tls = { nil, tls } }, "option")
end

--- From the checked option tls, the table that the core reads.
function options.tls(given)
  local all = complete(given, tls_known, "option of tls")
  return {
    cert = all.cert,
    key = all.key,
    passphrase = all.passphrase,
    ca = all.ca,
    only13 = all.minVersion == "TLSv1.3",
  }
end

-- === CORS ====================================================================================

local function anything()
  return true, ""
end

local function text_list(value)
  return type(value) == "string" or type(value) == "table", "string or list of strings"
end

local cors_known = {
  origin = { "*", anything },
  methods = { "GET,HEAD,PUT,PATCH,POST,DELETE", text_list },
  allowedHeaders = { nil, text_list },
  exposedHeaders = { nil, text_list },
  credentials = { false, boolean },
  maxAge = { nil, number(0) },
  preflightContinue = { false, boolean },
  optionsSuccessStatus = { 204, number(200) },
}

local function joined(value)
  return type(value) == "table" and table.concat(value, ",") or value
end

-- Asks a function (origin, callback) that answers by its result or by calling back at once.
local function ask(fn, origin)
  local answered, answer = false, nil
  local result = fn(origin, function(err, allow)
    answered, answer = true, err == nil and allow
  end)
  if answered then
    return answer
  end
  return result
end

-- The function that decides on origins, or nil when a fixed answer is sent.
local function decider(origin)
  if type(origin) == "string" or origin == false then
    return nil
  end
  if check.callable(origin) then
    return function(asked)
      local allowed = ask(origin, asked)
      return origins.allow(allowed == "*" or allowed, asked)
    end
  end
  if origin == true or type(origin) == "table" then
    return function(asked)
      return origins.allow(origin, asked)
    end
  end
  check.raise(("bad option 'cors.origin' (string, pattern, list, function or boolean expected, "
    .. "got %s)"):format(check.kind(origin)))
end

-- The table that the core reads (src/lua/options.c), and the function for its slot origin.
local function core_cors(given)
  if not given then
    return false, nil
  end
  local all = complete(given, cors_known, "option of cors")
  return {
    fixed = type(all.origin) == "string" and all.origin or nil,
    none = all.origin == false,
    methods = joined(all.methods),
    allowedHeaders = joined(all.allowedHeaders),
    exposedHeaders = joined(all.exposedHeaders) or "",
    credentials = all.credentials,
    preflightContinue = all.preflightContinue,
    optionsSuccessStatus = all.optionsSuccessStatus,
    maxAge = all.maxAge or -1,
  }, decider(all.origin)
end

-- === Compression of WebSocket messages =======================================================

local function window_bits(value)
  return type(value) == "boolean" or (integer(8, 15)(value)), "boolean or integer from 8 to 15"
end

local function map(value)
  return type(value) == "table", "table"
end

local NO_THREADS = "has no meaning here: messages are compressed in the loop's own thread"
local NO_CHUNKS = "has no meaning here: a message is compressed and expanded as a whole"

local deflate_known = {
  threshold = { 1024, number(0) },
  serverNoContextTakeover = { nil, boolean },
  clientNoContextTakeover = { nil, boolean },
  serverMaxWindowBits = { nil, window_bits },
  clientMaxWindowBits = { nil, window_bits },
  zlibDeflateOptions = { {}, map },
  zlibInflateOptions = { {}, map },
  concurrencyLimit = { 10, refuse = NO_THREADS },
}

local zlib_deflate_known = {
  level = { -1, integer(-1, 9) },
  memLevel = { 8, integer(1, 9) },
  strategy = { 0, integer(0, 4) },
  chunkSize = { 16384, refuse = NO_CHUNKS },
}

local zlib_inflate_known = {
  chunkSize = { 16384, refuse = NO_CHUNKS },
}

-- The table that the core reads, or false.
local function core_deflate(given)
  if not given then
    return false
  end
  local what = "option of perMessageDeflate"
  local all = complete(given == true and {} or given, deflate_known, what)
  local zlib = complete(all.zlibDeflateOptions, zlib_deflate_known, what .. ".zlibDeflateOptions")
  complete(all.zlibInflateOptions, zlib_inflate_known, what .. ".zlibInflateOptions")
  return {
    threshold = all.threshold,
    serverNoContextTakeover = all.serverNoContextTakeover,
    clientNoContextTakeover = all.clientNoContextTakeover,
    serverMaxWindowBits = all.serverMaxWindowBits,
    clientMaxWindowBits = all.clientMaxWindowBits,
    level = zlib.level,
    memLevel = zlib.memLevel,
    strategy = zlib.strategy,
  }
end

-- === For the core ============================================================================

local function threshold(value)
  if value == false then
    return -1
  end
  return type(value) == "table" and value.threshold or 0
end

local function has(list, name)
  for _, one in ipairs(list) do
    if one == name then
      return true
    end
  end
  return false
end

--- The path as requests begin with it: "/socket.io/".
function options.prefix(text, slash)
  return (text:gsub("/+$", "")) .. (slash and "/" or "")
end

-- The name of the cookie and what follows its value; nothing when there is none.
local function core_cookie(given)
  if not given then
    return nil
  end
  local all = complete(given == true and {} or given, cookie.known, "option of cookie")
  return all.name, cookie.attributes(all)
end

--- From checked options, the table that the core reads, and the function for its slot origin.
function options.core(all)
  local cors_table, origin = core_cors(all.cors)
  local cookie_name, cookie_attributes = core_cookie(all.cookie)
  return {
    path = options.prefix(all.path, all.addTrailingSlash),
    codec = parser.codec(all.parser),
    polling = has(all.transports, "polling"),
    websocket = has(all.transports, "websocket"),
    allowUpgrades = all.allowUpgrades,
    allowEIO3 = all.allowEIO3,
    pingInterval = all.pingInterval,
    pingTimeout = all.pingTimeout,
    upgradeTimeout = all.upgradeTimeout,
    maxHttpBufferSize = all.maxHttpBufferSize,
    maxBackpressure = all.maxBackpressure,
    closeSlow = all.backpressurePolicy == "close",
    compressionThreshold = threshold(all.httpCompression),
    perMessageDeflate = core_deflate(all.perMessageDeflate),
    connectTimeout = all.connectTimeout,
    maxAttachments = all.maxAttachments,
    maxNamespaces = all.maxNamespaces,
    serveClient = all.serveClient,
    maxConnections = all.maxConnections or 0,
    maxConnectionsPerIp = all.maxConnectionsPerIp or 0,
    cookieName = cookie_name,
    cookieAttributes = cookie_attributes,
    initialPacket = all.initialPacket,
    cors = cors_table,
  }, origin
end

return options
