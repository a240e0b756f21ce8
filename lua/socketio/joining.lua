--- How a client joins a namespace: what it had before a lost connection is found again, middlewares
-- are asked, then it is accepted or refused.

local chain = require("socketio.chain")
local events = require("socketio.events")
local socket_of = require("socketio.socket")
local tasks = require("socketio.tasks")

local joining = {}

local UNTOLD = "internal error"

-- Sends the error given to next; returns why not, if that cannot be. What encodes it may be the
-- application's, and raise.
local function try_to_send(handle, method, ...)
  local ok, problem = pcall(handle[method], handle, ...)
  return problem and tostring(problem) or not ok and UNTOLD or nil
end

-- Tells the client as much as can be told. Clients of Socket.IO 2 are sent the data, or else the
-- message alone.
local function send_refusal(handle, err, is_old)
  local message, data = err, nil
  if type(err) == "table" and err.message ~= nil then
    message, data = err.message, err.data
  end
  message = tostring(message)
  local method = is_old and "refuseOld" or "refuse"
  local why
  if is_old then
    why = try_to_send(handle, method, data or message)
  else
    why = try_to_send(handle, method, message, data)
  end
  if why and try_to_send(handle, method, message) then
    try_to_send(handle, method, UNTOLD)
  end
  return why
end

local function refuse(nsp, socket, err)
  local problem = send_refusal(socket._handle, err, socket.conn.protocol == 3)
  if problem then
    socket:_fail("middleware", nil, problem, problem)
  end
  nsp._joining[socket.id] = nil
  nsp:_clean_up()
end

-- False if the client has gone meanwhile.
local function accept(nsp, socket)
  nsp._joining[socket.id] = nil
  nsp.sockets[socket.id] = socket
  if not socket._handle:accept(socket._pid) then
    nsp:_left(socket)
    return false
  end
  events.fire(nsp, "handler", "connect", socket)
  events.fire(nsp, "handler", "connection", socket)
  return true
end

-- === Connection state recovery ===============================================================

local function recovery_of(nsp)
  return nsp.server.opts.connectionStateRecovery
end

-- A task whose error is reported, and answered by calling failed.
local function attempt(nsp, fn, failed)
  local scope = {
    _fail = function(_, phase, event, message, traceback)
      nsp:_fail(phase, event, message, traceback)
      failed()
    end,
  }
  tasks.run(scope, "middleware", "connection", fn)
end

-- The session was taken back for nothing: the client may ask for it again.
local function keep(nsp, session)
  attempt(nsp, function()
    nsp.adapter:persistSession({
      sid = session.sid, pid = session.pid, rooms = session.rooms, data = session.data,
    })
  end, function() end)
end

-- The session that the client asks for, under whose id its socket is now; or nil. May wait.
local function find_session(nsp, handle, auth)
  local session = nsp.adapter:restoreSession(auth.pid, auth.offset)
  if not session or handle:restore(session.sid) then
    return session
  end
  keep(nsp, session)
end

local function take_back(nsp, socket, session)
  socket.recovered = true
  socket.data = session.data
  socket._pid = session.pid
  nsp.adapter:addAll(socket.id, session.rooms)
end

-- What it missed comes before its CONNECT, so that no event of later overtakes it.
local function accept_recovered(nsp, socket, session, failed)
  attempt(nsp, function()
    for _, message in ipairs(nsp.adapter:missedPackets(session)) do
      socket._handle:deliver(message)
    end
    if not accept(nsp, socket) then
      keep(nsp, session)
    end
  end, failed)
end

-- === Joining =================================================================================

local join

-- Recovery has failed midway: it joins as anybody else, under an id that nobody had.
local function join_anew(nsp, handle, auth)
  handle:leaveAll()
  handle:restore(nsp.server._core:id())
  join(nsp, handle, auth)
end

-- Asks the middlewares.
local function ask(nsp, handle, auth, session, socket, uses)
  chain.run(socket, uses, nil, socket, function(err)
    if err ~= nil then
      refuse(nsp, socket, err)
      if session then
        keep(nsp, session)
      end
    elseif session then
      accept_recovered(nsp, socket, session, function()
        join_anew(nsp, handle, auth)
      end)
    else
      accept(nsp, socket)
    end
  end)
end

-- session is what was found of an earlier connection, or nil.
function join(nsp, handle, auth, session)
  if handle:state() ~= "connecting" then -- the client has gone while its session was looked for
    nsp:_clean_up()
    return
  end
  local socket, uses = socket_of.new(nsp, handle, auth), nsp._uses
  nsp._joining[socket.id] = socket
  local recovery = recovery_of(nsp)
  if session then
    take_back(nsp, socket, session)
    uses = recovery.skipMiddlewares and {} or uses
  elseif recovery and socket.conn.protocol ~= 3 then
    socket._pid = nsp.server._core:id()
  end
  if session or #uses > 0 then
    ask(nsp, handle, auth, session, socket, uses)
  else
    accept(nsp, socket)
  end
end

--- A client wants to join nsp; handle is that of its socket, auth what it sent along, or nil.
function joining.start(nsp, handle, auth)
  local asks = recovery_of(nsp) and auth
  if not asks or type(auth.pid) ~= "string" or type(auth.offset) ~= "string" then
    join(nsp, handle, auth)
    return
  end
  attempt(nsp, function()
    join(nsp, handle, auth, find_session(nsp, handle, auth))
  end, function()
    join_anew(nsp, handle, auth)
  end)
end

return joining
