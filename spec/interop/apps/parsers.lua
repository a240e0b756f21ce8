-- What packets carry, by the parser that the argument names.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server { parser = socketio.parser[arg[1]], allowEIO3 = true }
local report = control.reporter(io)

io:on("connection", function(socket)
  socket:on("echo", function(...)
    socket:emit("echo", ...)
  end)

  socket:on("echo by ack", function(...)
    local args = table.pack(...)
    args[args.n](table.unpack(args, 1, args.n - 1))
  end)

  socket:on("question", function(...)
    socket:emit("question", ..., function(...)
      socket:emit("answer", ...)
    end)
  end)

  socket:on("join", function(room, ack)
    socket:join(room)
    ack()
  end)

  socket:on("to room", function(room, ...)
    io:to(room):emit("to room", ...)
  end)

  socket:on("to others", function(...)
    socket.broadcast:emit("to others", ...)
  end)

  socket:on("to all", function(...)
    io:timeout(10000):emit("to all", ..., function(_, answers)
      socket:emit("answers", answers)
    end)
  end)

  socket:on("numbers", function()
    socket:emit("numbers", math.maxinteger, math.mininteger, 2 ^ 53 | 0, 1.0, -0.0, 2.0 ^ 70, 0.5)
  end)

  socket:on("send me away", function(close)
    socket:disconnect(close)
  end)

  socket:on("error", function(message)
    report("error", socket.id, message)
  end)

  socket:on("disconnect", function(reason)
    report("disconnect", socket.id, reason)
  end)
end)

io:of("/auth"):on("connection", function(socket)
  socket:emit("auth", socket.handshake.auth)
end)

io:of("/no"):use(function(socket, next)
  next { message = "no", data = socket.handshake.auth }
end)

io:of(socketio.pattern "^/room%-%d+$"):on("connection", function(socket)
  socket.nsp:emit("welcome", socket.nsp.name)
end)

control.serve(io)
