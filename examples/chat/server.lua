-- A chat: nicknames, rooms, private messages. Usage: lua5.4 server.lua [port]
io.stdout:setvbuf "line"
local socketio = require "socketio"
local io = socketio.Server()
local rooms = { ["#lobby"] = {}, ["#lua"] = {}, ["#games"] = {}, ["#music"] = {} } -- last messages
local users = {} -- "@nickname" in lower case to { key, socket }
local last_id = os.time() * 1000 -- of a message; a server started again goes on above it

local function clean(text, limit) -- trimmed; nil if it is no text, empty, or too long
  text = type(text) == "string" and #text <= 4 * limit and text:match "^%s*(.*%S)"
  return text and (utf8.len(text) or math.huge) <= limit and text or nil
end

local function announce(socket, room, change) -- "joined" or "left"
  socket:to(room):emit(change, room, socket.data.nick)
  local people = {}
  for name in pairs(rooms) do
    people[name] = socketio.array {}
    for i, member in ipairs(io:in_(name):fetchSockets()) do
      people[name][i] = member.data.nick
    end
  end
  io:emit("people", people)
end

local function reaches(socket, to) -- a room that it is in, or somebody who is here
  return socket.rooms[to] or socket.data.nick and users[to] and users[to].socket
end

local handlers = {} -- by event; each returns what acknowledges it, or nil and what is wrong

function handlers.enter(socket, nick, key) -- who knows the key gets the nickname back
  nick, key = clean(nick, 20), clean(key, 64)
  if not nick or nick:find "%c" then return nil, "A nickname has 1 to 20 letters." end
  if not key or socket.data.nick then return nil, "You cannot enter twice, or without a key." end
  local id = "@" .. nick:lower()
  local before, user = users[id], { key = key, socket = socket }
  if before and before.key ~= key then return nil, nick .. " is taken." end
  users[id], socket.data.nick = user, nick
  if before and before.socket then before.socket:disconnect(true) end
  socket:join(id)
  socket:on("disconnect", function()
    user.socket = nil
    socketio.sleep(60000) -- so long the nickname waits for its owner to come back
    if users[id] == user then users[id] = nil end
  end)
  return nick
end

function handlers.join(socket, room)
  if not rooms[room] or not socket.data.nick then return nil, "There is no such room." end
  if not socket.rooms[room] then
    socket:join(room)
    announce(socket, room, "joined")
  end
  return socketio.array(rooms[room])
end

function handlers.leave(socket, room)
  if rooms[room] and socket.rooms[room] then
    socket:leave(room)
    announce(socket, room, "left")
  end
end

function handlers.message(socket, to, text)
  text = clean(text, 500)
  if not text or not reaches(socket, to) then return nil, "This cannot be delivered." end
  last_id = last_id + 1
  local message = { id = last_id, time = os.time(), from = socket.data.nick, to = to, text = text }
  local history = rooms[to] or {}
  history[#history + 1] = message
  if #history > 50 then table.remove(history, 1) end
  io:to { to, socket.id }:emit("message", message)
  return true
end

function handlers.typing(socket, to)
  if reaches(socket, to) then socket.volatile:to(to):emit("typing", to, socket.data.nick) end
end

io:on("connection", function(socket)
  for event, handler in pairs(handlers) do
    socket:on(event, function(...)
      local answer, problem = handler(socket, ...)
      local acknowledge = select(-1, false, ...)
      if type(acknowledge) ~= "function" then return end
      acknowledge(problem and { error = problem } or answer)
    end)
  end
  socket:on("disconnecting", function()
    for room in pairs(rooms) do handlers.leave(socket, room) end
  end)
end)

assert(io:listen(arg[1] or 3000))
io.httpServer:static("/", (arg[0]:match "^.*/" or "") .. "public")
print(("listening on http://localhost:%d (Socket.IO 4, Ctrl-C stops)"):format(io:address().port))
socketio.run()
