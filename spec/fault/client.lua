-- luacheck: allow defined top, globals call, ignore 131
-- The client of the fault runs: raw packets, and turns of the server between them. call(name) runs
-- a function of server.lua. A scenario may fail at any point, for the server has no memory; verify
-- must not.
local has_socket, socket = pcall(require, "socket")
has_socket_library = has_socket
if not has_socket then
  return
end

local answer = require "support.answer"
local polling = require "support.polling"
local stream = require "support.stream"
local websocket = require "support.websocket"

local TURNS = 25 -- without anything new, until a scenario gives up

local port, clients, steady

-- === Turning
-- ======================================================================================

local function pump()
  local came = false
  for _, client in ipairs(clients) do
    local some = false
    for _, each in pairs(client.streams()) do
      some = each:pump() or some
    end
    if some then
      client.handle()
    end
    came = came or some
  end
  return came
end

-- Turns until condition(); false when nothing happens any more.
local function wait(condition)
  local idle = 0
  while not condition() do
    call "step"
    idle = pump() and 0 or idle + 1
    if idle > TURNS then
      return false
    elseif idle > 5 then
      socket.sleep(0.0005)
    end
  end
  return true
end

-- === Clients
-- ======================================================================================

local function dial()
  return stream.connect(port)
end

local function add(client)
  clients[#clients + 1] = client
  return client
end

-- A client whose packets are kept: text as it came, bytes as true.
local function open(transport)
  local packets = {}
  local path = "/socket.io/?EIO=4&transport=" .. transport.name
  local headers = { Origin = "http://good", Cookie = "a=b" }
  local side = transport.open(dial(), path, headers, function(text)
    packets[#packets + 1] = text or true
    local sid = text and text:match '^0{.-"sid":"([^"]+)"'
    if sid then
      packets.sid = sid
    end
  end, dial)
  -- Polling needs the id of its session before it goes on.
  local function handle()
    if transport == polling and not side.sid then
      local body = side.stream.input:match "\r\n\r\n(.*)$"
      side.sid = body and body:match '"sid":"([^"]+)"'
      if not side.sid and not side.stream.closed then
        return
      end
      side.sid = side.sid or ""
    end
    side:pump()
  end
  return add {
    packets = packets,
    side = side,
    streams = function() return side:streams() end,
    handle = handle,
    close = function() side:close() end,
  }
end

-- Waits for a packet that begins with text; it is taken out.
local function expect(client, text)
  local found
  wait(function()
    for i, packet in ipairs(client.packets) do
      if packet == text or (type(packet) == "string" and packet:sub(1, #text) == text) then
        found = table.remove(client.packets, i)
        return true
      end
    end
    return client.side:is_closed()
  end)
  return found
end

-- Enters the main namespace; nil when it does not come about.
local function enter(transport, auth)
  local client = open(transport)
  if not expect(client, "0{") then
    return nil
  end
  client.side:send("40" .. (auth or ""))
  return expect(client, "40{") and client
end

local function request(method, path, options)
  local at, got = dial(), nil
  add {
    streams = function() return { at } end,
    handle = function() got = got or answer.take(at, method) end,
    close = function() at:close() end,
  }
  at:send(answer.request(method, path, options))
  wait(function() return got or at.closed end)
  return got
end

-- === Scenarios
-- ====================================================================================

local scenarios = {}

function scenarios.polling()
  local client = enter(polling)
  if client then
    client.side:send '421["echo","x"]'
    expect(client, '431["x"')
    client.side:send "1"
  end
end

function scenarios.websocket()
  local client = enter(websocket, '{"token":[1,2]}')
  if client then
    client.side:ping()
    client.side:send '421["echo","x"]'
    expect(client, '431["x"')
    client:close()
  end
end

function scenarios.echo()
  local client = steady[1]
  client.side:send '451-["echo",{"_placeholder":true,"num":0}]'
  client.side:send_binary "bytes"
  expect(client, "451-")
  client.side:send '427["wait"]'
  expect(client, "437[")
  client.side:send '428["join","r"]'
  expect(client, "438[")
end

function scenarios.broadcast()
  for _, client in ipairs(steady) do
    client.side:send '421["join","room"]'
    expect(client, "431[")
  end
  call "broadcast"
  for _, client in ipairs(steady) do
    expect(client, '42["all"')
  end
  socket.sleep(0.006)
  wait(function() return false end)
end

function scenarios.upgrade()
  local client = enter(polling)
  if not client then
    return
  end
  local packets = {}
  local path = "/socket.io/?EIO=4&transport=websocket&sid=" .. client.packets.sid
  local side = websocket.open(dial(), path, {}, function(text)
    packets[#packets + 1] = text or true
  end)
  local upgraded = add {
    packets = packets,
    side = side,
    streams = function() return side:streams() end,
    handle = function() side:pump() end,
    close = function() side:close() end,
  }
  client.side.polls = false
  side:send "2probe"
  if expect(upgraded, "3probe") then
    side:send "5"
    side:send '421["echo","x"]'
    expect(upgraded, "431[")
  end
  side:close()
end

function scenarios.namespace()
  local client = steady[1]
  client.side:send '40/d1,{"a":1}'
  expect(client, '42/d1,["welcome"')
  client.side:send "40/none,"
  expect(client, "44/none,")
  client.side:send "41/d1,"
  wait(function() return false end)
end

function scenarios.request()
  request("POST", "/api", { body = '{"text":"hello"}' })
  request("GET", "/socket.io/?EIO=4&transport=nonsense")
  request("OPTIONS", "/socket.io/", { headers = { Origin = "http://good" } })
end

function scenarios.leave()
  steady[1].side:send "41"
  wait(function() return false end)
  steady[2]:close()
  steady[3].side.stream:reset()
  wait(function() return false end)
end

function scenarios.middleware()
  enter(websocket, '{"refuse":true}')
  enter(websocket, '{"wait":true}')
end

-- === For faults.c
-- =================================================================================

function prepare(name)
  port, clients, steady = call "port", {}, {}
  if name == "echo" or name == "broadcast" or name == "namespace" or name == "leave" then
    for i, transport in ipairs { websocket, websocket, websocket,
      name == "broadcast" and polling or nil } do
      steady[i] = assert(enter(transport))
    end
  end
end

function run(name)
  scenarios[name]()
end

-- The server has memory again: it must serve as if nothing had been.
function verify()
  assert(call "listening" == 1, "it does not listen any more")
  for _, client in ipairs(clients) do
    client.close()
  end
  clients = {}
  wait(function() return false end)
  for _, transport in ipairs { websocket, polling } do
    local client = assert(enter(transport), "no connection by " .. transport.name)
    client.side:send '421["echo","y"]'
    assert(expect(client, '431["y",{"list":[1,"two",3.5]}]'), "no echo by " .. transport.name)
    client.side:send '422["wait"]'
    assert(expect(client, "432["), "no answer after waiting by " .. transport.name)
  end
  local got = assert(request("POST", "/", { body = '{"text":"z"}' }), "no answer to a request")
  assert(got.status == 200 and got.body == "[z]", "a wrong answer to a request")
  for _, client in ipairs(clients) do
    client.close()
  end
  clients = {}
end
