-- A Socket.IO client for tests, in the same Lua state as the server. It answers heartbeats,
-- collects the events that come, and gives them out one by one.
local core = require "socketio.core"

local stream = require "support.stream"

local transports = { polling = require "support.polling", websocket = require "support.websocket" }

-- === One namespace of a client
-- ====================================================================

local Namespace = {}
Namespace.__index = Namespace

local function prefix(self)
  return self.name == "/" and "" or self.name .. ","
end

local function pack(self, kind, id, data)
  self.client.transport:send_binary(core.pack { type = kind, nsp = self.name, id = id,
    data = data })
end

local function send(self, kind, id, ...)
  if self.client.packs then
    local args = core.array {}
    for i = 1, select("#", ...) do
      local value = select(i, ...)
      args[i] = value == nil and core.null or value
    end
    return pack(self, kind, id, args)
  end
  local text, attachments = core.encodeArgs(...)
  if #attachments > 0 then
    kind = ("%d%d-"):format(kind + 3, #attachments)
  end
  self.client.transport:send(("4%s%s%s%s"):format(kind, prefix(self), id or "", text))
  for _, bytes in ipairs(attachments) do
    self.client.transport:send_binary(tostring(bytes))
  end
end

-- Sends an event.
function Namespace:emit(...)
  send(self, 2, nil, ...)
end

-- Sends an event and waits for the answer.
function Namespace:call(...)
  local id = self.client.next_id
  self.client.next_id = id + 1
  send(self, 2, id, ...)
  self.client.wait(function()
    return self.acks[id]
  end, "an acknowledgement of " .. tostring((...)), 3)
  return table.unpack(self.acks[id], 1, self.acks[id].n)
end

-- Acknowledges an event that expect_call gave.
function Namespace:answer(id, ...)
  send(self, 3, id, ...)
end

local function find(self, name)
  for i, event in ipairs(self.events) do
    if event[1] == name then
      return table.remove(self.events, i)
    end
  end
end

local function expect(self, name)
  local event
  self.client.wait(function()
    event = find(self, name)
    return event
  end, ("the event %q"):format(name), 4)
  return event
end

-- Waits for the next event of that name; returns its arguments.
function Namespace:expect(name)
  local event = expect(self, name)
  return table.unpack(event, 2, event.n)
end

-- The same for an event that wants an answer: returns the id for it, then the arguments.
function Namespace:expect_call(name)
  local event = expect(self, name)
  assert(event.id, "nobody waits for an answer")
  return event.id, table.unpack(event, 2, event.n)
end

-- The names of the events that have come and were not expected.
function Namespace:pending()
  local names = {}
  for i, event in ipairs(self.events) do
    names[i] = event[1]
  end
  return names
end

-- Waits until all has come that the server has sent so far; returns the names of what was not
-- expected.
function Namespace:sync()
  local transport = self.client.transport
  local before = transport.pongs
  transport:ping()
  self.client.wait(function()
    return transport.pongs > before
  end, "a pong", 3)
  return self:pending()
end

-- Leaves the namespace.
function Namespace:leave()
  if self.client.packs then
    return pack(self, 1)
  end
  self.client.transport:send("41" .. prefix(self))
end

-- Waits until the server has sent it away.
function Namespace:expect_disconnect()
  self.client.wait(function()
    return self.left
  end, "DISCONNECT", 3)
end

-- Breaks the connection off.
function Namespace:close()
  self.client.transport:close()
end

function Namespace:expect_close()
  self.client.wait(function()
    return self.client.transport:is_closed()
  end, "the end of the connection", 3)
end

-- === The client
-- ===================================================================================

local Client = {}
Client.__index = Client

-- Enters a namespace: returns it, accepted or with error set. Does not wait with wait = false.
function Client:enter(name, auth, wait)
  local nsp = setmetatable({ client = self, name = name, events = {}, acks = {} }, Namespace)
  self.namespaces[name] = nsp
  if self.packs then
    pack(nsp, 0, nil, auth)
  else
    self.transport:send("40" .. prefix(nsp) .. (auth and core.encode(auth) or ""))
  end
  if wait ~= false then
    self.wait(function()
      return nsp.id or nsp.error
    end, "an answer to CONNECT", 3)
  end
  return nsp
end

local handlers = {} -- (nsp, data, id), where data of an event or an answer is a list with n

handlers["0"] = function(nsp, data)
  nsp.id, nsp.pid = data.sid, data.pid
  nsp.early = #nsp.events -- how many came before
end

handlers["1"] = function(nsp)
  nsp.left = true
end

handlers["2"] = function(nsp, args, id)
  args.id = id
  nsp.events[#nsp.events + 1] = args
end

handlers["3"] = function(nsp, args, id)
  assert(not nsp.acks[id], "acknowledged twice")
  nsp.acks[id] = args
end

handlers["4"] = function(nsp, data)
  nsp.error = data
end

handlers["5"], handlers["6"] = handlers["2"], handlers["3"]

local function dispatch(self, kind, rest, attachments)
  local name, after = rest:match "^(/[^,]*),(.*)$"
  local nsp = assert(self.namespaces[name or "/"], "a packet of an unknown namespace: " .. rest)
  local id, payload = (name and after or rest):match "^(%d*)(.*)$"
  local data
  if payload:sub(1, 1) == "[" then
    data = table.pack(core.decodeArgs(payload, attachments))
  elseif payload ~= "" then
    data = core.decode(payload)
  end
  handlers[kind](nsp, data, tonumber(id))
end

local function on_packed(self, bytes)
  local packet = assert(core.unpack(bytes))
  local nsp = assert(self.namespaces[packet.nsp], "a packet of an unknown namespace")
  local data = packet.data
  if getmetatable(data) == core.array_mt then
    data = { n = #data }
    for i, value in ipairs(packet.data) do
      if value ~= core.null then
        data[i] = value
      end
    end
  end
  handlers[tostring(packet.type)](nsp, data, packet.id)
end

local function on_message(self, message)
  local kind, rest = message:sub(1, 1), message:sub(2)
  if kind == "5" or kind == "6" then
    local count, after = rest:match "^(%d+)%-(.*)$"
    self.partial = { kind = kind, rest = after, missing = tonumber(count), attachments = {} }
  else
    dispatch(self, kind, rest)
  end
end

local function on_attachment(self, bytes)
  local partial = assert(self.partial, "an attachment of nothing")
  table.insert(partial.attachments, core.binary(bytes))
  if #partial.attachments == partial.missing then
    self.partial = nil
    dispatch(self, partial.kind, partial.rest, partial.attachments)
  end
end

local function on_packet(self, text, bytes)
  if bytes then
    return (self.packs and on_packed or on_attachment)(self, bytes)
  end
  local kind = text:sub(1, 1)
  if kind == "0" then
    self.open = core.decode(text:sub(2))
    self.transport.sid = self.open.sid
  elseif kind == "2" and not self.mute then
    self.transport:send("3")
  elseif kind == "4" then
    on_message(self, text:sub(2))
  elseif kind == "1" then
    self.transport:close()
  end
end

function Client:pump()
  local came = false
  for _, each in ipairs(self.transport:streams()) do
    came = each:pump() or came
  end
  if came then
    self.transport:pump()
  end
  return came
end

function Client:close()
  self.transport:close()
end

local client = {}

-- A client of where (a port or a path), which has a session but is in no namespace. options:
-- transport, query, headers, path, packs (MessagePack). wait(condition, what, level) turns the loop
-- until condition() is true.
function client.open(where, options, wait)
  local transport = assert(transports[options.transport or "websocket"])
  local self = setmetatable({ namespaces = {}, next_id = 0, packs = options.packs, wait = wait },
    Client)
  local path = ("%s/?EIO=4&transport=%s%s"):format(options.path or "/socket.io", transport.name,
    options.query and "&" .. options.query or "")
  local function dial()
    return stream.connect(where)
  end
  self.transport = transport.open(dial(), path, options.headers, function(text, bytes)
    on_packet(self, text, bytes)
  end, dial)
  return self
end

return client
