-- Clients that lose their connection and come back for their state.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server {
  connectionStateRecovery = { maxDisconnectionDuration = 1000 },
}
local report = control.reporter(io)

local function names(set)
  local list = {}
  for name in pairs(set) do
    list[#list + 1] = name
  end
  table.sort(list)
  return socketio.array(list)
end

local function serve(socket)
  report("connection", socket.id, socket.recovered, names(socket.rooms), socket.data)
  socket:on("setup", function(rooms, data, done)
    socket:join(rooms)
    socket.data = data
    done()
  end)
  socket:on("emit", function(...)
    socket:emit(...)
  end)
  socket:on("ask", function(done)
    socket:timeout(5000):emit("question", 1, function(_, answer)
      done(answer)
    end)
  end)
  socket:on("leave", function()
    socket:disconnect(true)
  end)
  socket:on("disconnect", function(reason)
    report("disconnect", socket.id, reason)
  end)
end

for _, name in ipairs { "/", "/other", "/guarded" } do
  io:of(name):on("connection", serve)
end

io:of("/guarded"):use(function(socket, next)
  report("middleware", socket.id, socket.recovered)
  next()
end)

-- What the tests ask for while nobody else is there.
io:of("/control"):on("connection", function(socket)
  socket:on("emit to", function(nsp, rooms, except, event, ...)
    local args = table.pack(...)
    local done = args[args.n]
    local target = io:of(nsp):except(except)
    for _, room in ipairs(rooms) do
      target = target:to(room)
    end
    target:emit(event, table.unpack(args, 1, args.n - 1))
    done()
  end)
  socket:on("volatile", function(nsp, event, done)
    io:of(nsp).volatile:emit(event)
    done()
  end)
end)

control.serve(io)
