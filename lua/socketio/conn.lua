--- socket.conn: the connection under a client's sockets, whatever transport carries it.

local core = require("socketio.core")
local check = require("socketio.check")
local events = require("socketio.events")
local object = require("socketio.object")
local requests = require("socketio.requests")

local Conn, getters = {}, {}

--- { name = "polling" or "websocket" }
function getters:transport()
  return { name = self._handle:transport() }
end

--- "opening", "open", "closing" or "closed"
function getters:readyState()
  return self._handle:state()
end

--- Is a WebSocket about to take over from polling?
function getters:upgrading()
  return self._handle:isUpgrading()
end

--- Has a WebSocket taken over?
function getters:upgraded()
  return self._handle:transport() == "websocket" and self.request.query.transport == "polling"
end

--- Bytes queued for the client.
function getters:bufferedAmount()
  return self._handle:buffered()
end

function getters:request()
  local request = requests.wrap(self._handle:request())
  rawset(self, "request", request)
  return request
end

function getters:remoteAddress()
  return self.request.remoteAddress
end

--- Sends a message of Engine.IO: a string or a Binary. given.compress = false: it is not worth
-- compressing in the answer to a poll. fn (instead of given, too) is called when it has been sent;
-- never, when the connection ends before.
function Conn:send(data, given, fn)
  if type(data) ~= "string" and not core.isBinary(data) then
    check.fail(1, "send", "string or Binary", data)
  end
  if fn == nil and check.callable(given) then
    given, fn = nil, given
  end
  if given ~= nil and type(given) ~= "table" then
    check.fail(2, "send", "table of options", given)
  end
  if fn ~= nil then
    self:once("drain", check.fn(3, "send", fn))
  end
  self._handle:send(data, given ~= nil and given.compress == false)
  return self
end

Conn.write = Conn.send

--- Closes the connection, after what is queued was sent; at once with discard.
function Conn:close(discard)
  self._handle:close(discard)
  return self
end

-- What the core tells only of connections that somebody listens to.
local watched = {
  packet = true,
  packetCreate = true,
  drain = true,
  message = true,
  data = true,
  heartbeat = true,
  upgrading = true,
}

function Conn:_added(event)
  if watched[event] then
    self._handle:watch()
  end
end

function Conn:_fail(phase, event, message, traceback)
  self._server:_report(message, traceback, { phase = phase, event = event })
end

local meta = object.class("socketio.Conn", object.extend(Conn, events.methods), getters)

local function packet_of(type, data)
  return { type = type, data = data ~= "" and data or nil }
end

-- A packet has come. Messages of a connection without Socket.IO are told whether it is watched or
-- not: the core has a slot of its own for them.
local function on_packet(self, type, data)
  events.fire(self, "handler", "packet", packet_of(type, data))
  if type == "message" and not self._server._raw then
    events.fire(self, "handler", "data", data)
    events.fire(self, "handler", "message", data)
  elseif type == (self.protocol == 3 and "ping" or "pong") then
    events.fire(self, "handler", "heartbeat")
  end
end

local conn = {}

--- The functions that the core calls, for one server.
function conn.hooks(server)
  return {
    conn = function(handle)
      return setmetatable({
        id = handle:id(),
        protocol = handle:protocol(),
        _handle = handle,
        _server = server,
      }, meta)
    end,
    message = function(self, data)
      events.fire(self, "handler", "data", data)
      events.fire(self, "handler", "message", data)
    end,
    upgrading = function(self)
      events.fire(self, "handler", "upgrading", { name = "websocket" })
    end,
    upgrade = function(self)
      events.fire(self, "handler", "upgrade", self.transport)
    end,
    packet = on_packet,
    packetCreate = function(self, type, data)
      events.fire(self, "handler", "packetCreate", packet_of(type, data))
    end,
    drain = function(self)
      events.fire(self, "handler", "drain")
    end,
    sessionClose = function(self, reason, detail)
      events.fire(self, "handler", "close", reason, detail)
    end,
  }
end

return conn
