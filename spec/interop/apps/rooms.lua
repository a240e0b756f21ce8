-- Rooms: who is in them, what reaches whom, and doing things to all who are in one.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server()
local report = control.reporter(io)

local function names(set)
  local list = socketio.array {}
  for name in pairs(set) do
    table.insert(list, name)
  end
  table.sort(list)
  return list
end

-- The operator that `spec` describes: where it starts, which rooms, which exceptions.
local function operator(socket, spec)
  local target = io
  if spec.from == "socket" then
    target = socket
  elseif spec.from == "broadcast" then
    target = socket.broadcast
  end
  for _, room in ipairs(spec.to or {}) do
    target = target:to(room)
  end
  if spec.within then
    target = target:in_(spec.within)
  end
  for _, room in ipairs(spec.except or {}) do
    target = target:except(room)
  end
  return target
end

io:on("connection", function(socket)
  socket:on("join", function(rooms, done)
    socket:join(rooms)
    done(names(socket.rooms))
  end)
  socket:on("leave", function(room, done)
    socket:leave(room)
    done(names(socket.rooms))
  end)
  socket:on("rooms", function(done)
    done(names(socket.rooms), socket.rooms[socket.id] == true)
  end)
  socket:on("set", function(data, done)
    socket.data.name = data
    done()
  end)

  socket:on("emit", function(spec, ...)
    operator(socket, spec):emit(...)
  end)
  -- The operators are values: none of these changes the one it was made from.
  socket:on("reuse", function(a, b)
    local both = io:to(a)
    local narrowed = both:except(b)
    both:to(b):emit("reused", "both")
    narrowed:emit("reused", "narrowed")
    both:emit("reused", "first")
  end)

  socket:on("sockets join", function(spec, rooms, done)
    operator(socket, spec):socketsJoin(rooms)
    done()
  end)
  socket:on("sockets leave", function(spec, rooms, done)
    operator(socket, spec):socketsLeave(rooms)
    done()
  end)
  socket:on("disconnect sockets", function(spec, close)
    operator(socket, spec):disconnectSockets(close)
  end)
  socket:on("fetch", function(spec, done)
    local list = socketio.array {}
    for i, found in ipairs(operator(socket, spec):fetchSockets()) do
      list[i] = {
        id = found.id,
        rooms = names(found.rooms),
        name = found.data.name,
        transport = found.handshake.query.transport,
      }
    end
    done(list)
  end)
  socket:on("tell fetched", function(spec, event, done)
    for _, found in ipairs(operator(socket, spec):fetchSockets()) do
      found:emit(event, 1)
    end
    done()
  end)
  socket:on("ids", function(spec, done)
    done(names(operator(socket, spec):allSockets()))
  end)
  socket:on("adapter", function(room, done)
    local adapter = io:of("/").adapter
    done(names(adapter.rooms[room] or {}), names(adapter.sids[socket.id]))
  end)
  socket:on("rooms after leaving", function(room, done)
    socket:leave(room)
    done(io:of("/").adapter.rooms[room] == nil)
  end)

  socket:on("disconnecting", function(reason)
    report("disconnecting", socket.id, names(socket.rooms), reason)
  end)
  socket:on("disconnect", function(reason)
    report("disconnect", socket.id, names(socket.rooms), reason)
    socket:join "too late"
    report("joined", socket.id, names(socket.rooms))
  end)
end)

for _, name in ipairs { "create-room", "join-room", "leave-room", "delete-room" } do
  io:of("/").adapter:on(name, function(room, id)
    report(name, room, id)
  end)
end

control.serve(io)
