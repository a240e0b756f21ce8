--- The options of a server: known names, types, defaults, and the flat tables that the core reads.

local compression = require("socketio.compression")
local cookie = require("socketio.cookie")
local core = require("socketio.core")
local cors = require("socketio.cors")
local kinds = require("socketio.kinds")
local memory = require("socketio.adapter.memory")
local parser = require("socketio.parser")
local pattern = require("socketio.pattern")
local session_aware = require("socketio.adapter.session_aware")

local options = {}

-- === Kinds of values =========================================================================

local boolean, callable, number = kinds.boolean, kinds.callable, kinds.number
local one_of = kinds.one_of

local function path(value)
  return type(value) == "string" and value:sub(1, 1) == "/", 'path that begins with "/"'
end

local function transports(value)
  if type(value) ~= "table" or #value == 0 then
    return false, "list of transports"
  end
  for _, name in ipairs(value) do
    if name == "webtransport" then
      return false, nil, '"webtransport" needs HTTP/3, which this server does not speak'
    elseif name ~= "polling" and name ~= "websocket" then
      return false, 'list of "polling" and "websocket"'
    end
  end
  return true
end

local function adapter(value)
  return (callable(value)), "kind of adapter, such as socketio.adapter.memory"
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

local tls_known = {
  cert = { nil, kinds.string },
  key = { nil, kinds.string },
  passphrase = { nil, kinds.string },
  ca = { nil, kinds.string },
  minVersion = { "TLSv1.2", one_of("TLSv1.2", "TLSv1.3") },
}

local function tls(value)
  if type(value) == "table" then
    kinds.complete(value, tls_known, "option of tls")
  end
  return value == false or type(value) == "table" and value.cert and value.key ~= nil,
    "table with cert and key, or false"
end

-- === The options =============================================================================

local limits = core.limits -- the defaults that src/base/limits.h names

-- Specs of kinds.lua. http: also an option of createServer.
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
  httpCompression = { { threshold = 1024 }, compression.is_http },
  perMessageDeflate = { false, kinds.boolean_or_table },
  cors = { false, cors.is },
  adapter = { nil, adapter },
  parser = { parser.choices.default, parser.kind },
  onError = { nil, callable },
  allowRequest = { nil, callable },
  cookie = { false, kinds.boolean_or_table },
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
  connectionStateRecovery = { false, kinds.boolean_or_table },
  destroyUpgrade = { true, boolean },
  destroyUpgradeTimeout = { 1000, number(1) },
  wsEngine = {
    nil, refuse = "has no meaning here: the server's own core speaks WebSocket, and takes no other",
  },
}

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
  local all = kinds.complete(given, known, "option")
  local recovery = all.connectionStateRecovery
  if recovery then
    recovery = kinds.complete(recovery == true and {} or recovery, recovery_known,
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
  local all = kinds.complete(given, engine, "option")
  for name in pairs(above) do
    all[name] = known[name][1]
  end
  all.serveClient = false
  return all
end

--- The same for createServer.
function options.http(given)
  return kinds.complete(given, http, "option")
end

--- What the table given to a server's listen or attach says: the options of the HTTP server, and
-- the others, unchecked.
function options.split(given)
  local of_http, others = {}, {}
  for name, value in pairs(given or {}) do
    if http[name] then
      of_http[name] = value
    else
      others[name] = value
    end
  end
  return of_http, others
end

--- The same for the listen of an HTTP server.
function options.listen(given)
  return kinds.complete(given, { tls = { nil, tls } }, "option")
end

--- From the checked option tls, the table that the core reads.
function options.tls(given)
  local all = kinds.complete(given, tls_known, "option of tls")
  return {
    cert = all.cert,
    key = all.key,
    passphrase = all.passphrase,
    ca = all.ca,
    only13 = all.minVersion == "TLSv1.3",
  }
end

-- === For the core ============================================================================

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
  local all = kinds.complete(given == true and {} or given, cookie.known, "option of cookie")
  return all.name, cookie.attributes(all)
end

--- From checked options, the table that the core reads, and the function for its slot origin.
function options.core(all)
  local cors_table, origin = cors.fixed(all.cors)
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
    httpCompression = compression.http(all.httpCompression),
    perMessageDeflate = compression.messages(all.perMessageDeflate),
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
