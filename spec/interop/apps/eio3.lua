-- Clients of Socket.IO 2 beside those of today.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server { allowEIO3 = true, pingInterval = 300, pingTimeout = 3000 }
local report = control.reporter(io)

local function serve(socket)
  socket:on("who", function(done)
    done(socket.id, socket.nsp.name, socket.conn.protocol, socket.handshake.auth)
  end)
  socket:on("echo", function(...)
    socket:emit("echo", ...)
  end)
  socket:on("ask", function(value, done)
    done(value)
  end)
  socket:on("ask me", function(value)
    socket:emit("question", value, function(answer)
      socket:emit("answered", answer)
    end)
  end)
  socket:on("join", function(room, done)
    socket:join(room)
    done()
  end)
  socket:on("tell", function(room, ...)
    io:to(room):emit("told", ...)
  end)
  socket:on("leave me", function(close)
    socket:disconnect(close)
  end)
  socket:on("disconnect", function(reason)
    report("disconnect", socket.id, reason)
  end)
end

io:on("connection", serve)
io:of("/one"):on("connection", serve)
io:of(socketio.pattern "^/made%-%d+$"):on("connection", serve)
io:of("/refuses"):use(function(_, next)
  next { message = "no", data = { code = 1 } }
end)
io:of("/refuses-briefly"):use(function(_, next)
  next "no"
end)
io.engine:on("connection", function(conn)
  conn:on("close", function(reason)
    report("close", conn.id, reason)
  end)
end)

control.serve(io)
