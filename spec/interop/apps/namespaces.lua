-- Namespaces, static and dynamic, and the middlewares that guard them.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server()
local report = control.reporter(io)

-- What every namespace here answers.
local function serve(socket)
  socket:on("who", function(done)
    done(socket.nsp.name, socket.id, socket.conn.id)
  end)
  socket:on("leave", function()
    socket:disconnect()
  end)
  socket:on("broadcast", function(...)
    socket.nsp:emit("broadcast", ...)
  end)
  socket:on("disconnect", function(reason)
    report("disconnect", socket.nsp.name, socket.id, reason)
  end)
  report("connection", socket.nsp.name, socket.id)
end

io:on("new_namespace", function(namespace)
  report("new namespace", namespace.name)
end)

io:on("connection", serve)
io:of("/one"):on("connection", serve)
io:of("/two"):on("connection", serve)
io:of("without-slash"):on("connection", serve)
for i = 1, 20 do
  io:of("/many" .. i):on("connection", serve)
end

-- Who may come in is a matter of the auth payload.
local guarded = io:of "/guarded"
guarded:use(function(socket, next)
  if socket.handshake.auth.token == "secret" then
    return next()
  end
  next { message = "not authorized", data = { code = 401, tried = socket.handshake.auth } }
end)
guarded:on("connection", serve)

-- The shortest refusal: a message and nothing else.
io:of("/closed"):use(function(_, next)
  next { message = "closed for today" }
end)

-- Middlewares run one after another, and may wait.
local chain = io:of "/chain"
chain:use(function(socket, next)
  socket.data.steps = { "first" }
  next()
end)
chain:use(function(socket, next)
  socketio.sleep(20)
  table.insert(socket.data.steps, "second")
  next()
end)
chain:use(function(socket, next)
  table.insert(socket.data.steps, socket.connected and "connected" or "not yet")
  socket:join "of the middleware"
  socket:emit("welcome", "from the middleware")
  next(socket.handshake.auth.refuse and { message = "refused at last" } or nil)
end)
chain:use(function(socket, next)
  table.insert(socket.data.steps, "last")
  next()
end)
chain:on("connection", function(socket)
  socket:on("steps", function(done)
    done(socket.data.steps, socket.connected, socket.rooms["of the middleware"] == true)
  end)
end)

-- A middleware that lets nobody through until somebody opens the gate.
local gate = io:of "/gate"
local waiting = {}
gate:use(function(socket, next)
  table.insert(waiting, next)
  socket.conn:on("close", function()
    report("gone", socket.id)
  end)
  report("waiting", socket.id)
end)
gate:on("connection", serve)
io:on("connection", function(socket)
  socket:on("open the gate", function(done)
    local list = waiting
    waiting = {}
    for _, next in ipairs(list) do
      next()
    end
    done()
  end)
end)

-- Namespaces made on demand, by pattern and by function.
local rooms = io:of(socketio.pattern "^/room%-%d+$")
rooms:use(function(socket, next)
  socket.data.parent = "rooms"
  next()
end)
rooms:on("connection", function(socket)
  serve(socket)
  socket:on("parent", function(done)
    done(socket.data.parent)
  end)
  socket:on("announce", function(...)
    rooms:emit("announcement", ...)
  end)
end)
io:of(function(name, auth, next)
  next(nil, name == "/private-" .. (auth.key or ""))
end):on("connection", serve)

control.serve(io)
