--- The adapter for connection state recovery within one process: it keeps what is sent, and the
-- sessions of sockets that lost their connection, for a while.
--
-- Each event that can be sent again ends with its offset, a string that the client gives back when
-- it connects again. Packets are kept as they are sent, encoded once.

local core = require("socketio.core")
local memory = require("socketio.adapter.memory")
local queue = require("socketio.queue")
local sent = require("socketio.adapter.sent")

local EVENT = 2
local OVERHEAD = 1024 -- bytes that Lua takes to keep a packet, beside those of its message
local DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"

local SessionAware = memory:extend()

-- The option, or false: then this is no more than memory.
local function options_of(self)
  return self.nsp.server.opts.connectionStateRecovery
end

local function kept(self)
  local store = rawget(self, "_store")
  if not store then
    store = {
      packets = sent.new(),
      sessions = {}, -- by pid
      ended = queue.new(), -- of sessions, oldest first; some were restored since, and count, too
    }
    rawset(self, "_store", store)
  end
  return store
end

-- === Packets =================================================================================

local function in_base64(n)
  local text = ""
  repeat
    local digit = n % 64 + 1
    text = DIGITS:sub(digit, digit) .. text
    n = n // 64
  until n == 0
  return text
end

-- Never the same twice: the time in ms, and a count within one of them.
local function next_offset(store)
  local now = core.date()
  if not store.time or now > store.time then
    store.time, store.same = now, 0
    return in_base64(now)
  end
  store.same = store.same + 1
  return in_base64(store.time) .. "." .. in_base64(store.same)
end

local function expire_packets(store, options)
  local limit = core.date() - options.maxDisconnectionDuration
  local oldest = store.packets:first()
  while oldest and (oldest.at < limit or store.packets.bytes > options.maxBytes) do
    store.packets:pop()
    oldest = store.packets:first()
  end
end

local function keep_packet(store, offset, message, opts)
  store.packets:push({
    offset = offset,
    message = message,
    rooms = opts.rooms,
    except = opts.except,
    at = core.date(),
    size = message:size() + OVERHEAD,
  })
end

--- Sends; and keeps what may be sent again: events without acknowledgement that are not volatile.
function SessionAware:broadcast(packet, opts)
  local options = options_of(self)
  if not options or packet.type ~= EVENT or packet.id or opts.flags.volatile then
    memory.broadcast(self, packet, opts)
    return
  end
  local store = kept(self)
  local offset = next_offset(store)
  packet.data.n = packet.data.n + 1
  packet.data[packet.data.n] = offset
  local message = self:encode(packet, opts)
  if message then
    keep_packet(store, offset, message, opts)
    expire_packets(store, options)
    self:transmit(message, packet, opts)
  end
end

-- === Sessions ================================================================================

local function forget_session(store, session)
  if store.sessions[session.pid] == session then
    store.sessions[session.pid] = nil
  end
end

local function expire_sessions(store, options)
  local limit = core.date() - options.maxDisconnectionDuration
  local oldest = store.ended:first()
  while oldest and (oldest.disconnectedAt < limit or store.ended:count() > options.maxSessions) do
    forget_session(store, store.ended:pop())
    oldest = store.ended:first()
  end
end

local function expire(self)
  local store, options = kept(self), options_of(self)
  expire_sessions(store, options)
  expire_packets(store, options)
end

function SessionAware:persistSession(session)
  local store = kept(self)
  session.disconnectedAt = core.date()
  store.sessions[session.pid] = session
  store.ended:push(session)
  expire(self)
end

function SessionAware:restoreSession(pid, offset)
  local store = kept(self)
  expire(self)
  local session, place = store.sessions[pid], store.packets:place(offset)
  if not session or not place then
    return nil
  end
  forget_session(store, session) -- it can be had once
  session.place = place
  return session
end

function SessionAware:missedPackets(session)
  local missed = {}
  for i, packet in ipairs(kept(self).packets:behind(session.place, session.rooms)) do
    missed[i] = packet.message
  end
  return missed
end

return SessionAware
