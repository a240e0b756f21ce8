-- The table of limits: that it tells the truth, and the limits that are the Lua half's own.
local socketio = require "socketio"
local core = require "socketio.core"
local support = require "support"

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- === The table
-- ======================================================================================

-- The rows of docs/limits.md: what is limited, its default, the option, the tests with their files.
local function rows()
  local all = {}
  for line in read("docs/limits.md"):gmatch "[^\n]+" do
    local what, default, option, _, tests =
      line:match "^| (.-) | (.-) | (.-) ?| (.-) ?| (.-) |$"
    if what and what ~= "limit" and not what:find "^%-" then
      all[#all + 1] = { what = what, default = default, option = option, tests = tests }
    end
  end
  return all
end

-- The constants of src/base/limits.h.
local function constants()
  local all = {}
  for name, value in read("src/base/limits.h"):gmatch "SIO_([A-Z0-9_]+)%s*=%s*(%d+)" do
    all[name] = tonumber(value)
  end
  return all
end

-- Which row tells of which constant.
local ROW_OF = {
  CLIENT_WORK = "of one connection in a turn",
  TURN_WORK = "of all connections in a turn",
  TLS_HANDSHAKE_TIMEOUT = "TLS: accepting",
  MAX_HEADER_SIZE = "head of a request",
  MAX_HEADERS = "header lines",
  HEADERS_TIMEOUT = "first byte of a head",
  REQUEST_TIMEOUT = "end of the head",
  KEEP_ALIVE_TIMEOUT = "between two requests",
  MAX_ANSWERS = "bytes of answers",
  PACKED_CACHE = "compressed files",
  MAX_REQUEST_BODY = "body of a request",
  DRAIN_LIMIT = "bytes of a body",
  MAX_SESSION_ID = "id made by",
  MAX_HTTP_BUFFER_SIZE = "body of a POST",
  WS_MAX_FRAGMENTS = "frames of a WebSocket",
  WS_CLOSE_TIMEOUT = "a close frame",
  PING_INTERVAL = "from one ping",
  PING_TIMEOUT = "a ping to its pong",
  UPGRADE_TIMEOUT = "opening of a WebSocket",
  POLL_CLOSE_TIMEOUT = "a closing session",
  MAX_BACKPRESSURE = "bytes queued",
  CONNECT_TIMEOUT = "joining a namespace",
  MAX_ATTACHMENTS = "attachments of a packet",
  MAX_NAMESPACES = "namespaces joined",
  MAX_NAME = "name of a namespace",
  MAX_DEPTH = "levels of a payload",
  MAX_ARGUMENTS = "arguments of an event",
  MAX_RECOVERY_BYTES = "what connection state recovery keeps",
  MAX_RECOVERY_SESSIONS = "sessions that it keeps",
}

-- Told in other words, or nothing that a client can bring about.
local NO_ROW = { MAX_ACK_DIGITS = true, MAX_QUEUED_ANSWER = true, PACK_MAX = true }

local function row_of(start)
  for _, row in ipairs(rows()) do
    if row.what:sub(1, #start) == start then
      return row
    end
  end
  error("no row begins with: " .. start)
end

describe("docs/limits.md", function()
  it("has a row for every limit, with its default", function()
    for name, value in pairs(constants()) do
      if not NO_ROW[name] then
        assert(ROW_OF[name], "no row is known of SIO_" .. name)
        assert.equal(("%d"):format(value), row_of(ROW_OF[name]).default, name)
      end
    end
  end)

  it("has the defaults that options have", function()
    local compared = 0
    for _, row in ipairs(rows()) do
      local value = core.limits[row.option:match "^`(%w+)`$"]
      if value then
        assert.equal(("%d"):format(value), row.default, row.what)
        compared = compared + 1
      end
    end
    assert.is_true(compared >= 12)
    assert.equal("none", row_of("sessions").default)
    local options = socketio.Server().opts
    assert.is_nil(options.maxConnections)
    assert.is_nil(options.maxConnectionsPerIp)
    assert.equal(core.limits.maxBackpressure, options.maxBackpressure)
  end)

  it("names tests that exist", function()
    local named = 0
    for _, row in ipairs(rows()) do
      local path, text
      for link, title in row.tests:gmatch "%[?[^%]`]*%]?%(?([^)`]*)%)? ?`([^`]+)`" do
        path = link:match "^%.%./(.+)$" or path
        text = read(path)
        assert(text:find(title, 1, true), row.what .. ": " .. path .. " has no " .. title)
        named = named + 1
      end
      assert(path, "no test is named of: " .. row.what)
    end
    assert.is_true(named > 30)
  end)
end)

-- === Limits of the Lua half
-- =============================================================================

-- One less than the limit, the limit, and one more.
local function edge(limit, check)
  for n = limit - 1, limit + 1 do
    check(n, n <= limit)
  end
end

describe("limits", function()
  after_each(support.clean)

  it("of an id made by generateId", function()
    local io = support.server()
    edge(64, function(n, fits)
      io.engine.generateId = function()
        return ("x"):rep(n)
      end
      local answer = support.request(io, "GET", "/socket.io/?EIO=4&transport=polling")
      assert.equal(fits and 200 or 400, answer.status)
    end)
  end)

  it("of the body of a request beside Socket.IO", function()
    local http = support.adopt(socketio.createServer())
    local length, problem
    http:on("request", function(req, res)
      local text, err = req:text()
      length, problem = text and #text, err
      res:send ""
    end)
    assert(http:listen "127.0.0.1:0")
    edge(core.limits.maxRequestBody, function(n, fits)
      support.request(http, "POST", "/", { body = ("x"):rep(n) })
      assert.equal(fits and n or nil, length)
      assert.equal(not fits and "the body is too large" or nil, problem)
    end)
  end)
end)
