-- Short times for everything that waits for a client.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server {
  pingInterval = 300,
  pingTimeout = 2000,
  connectTimeout = 500,
  upgradeTimeout = 500,
}
local report = control.reporter(io)

io:on("connection", function(socket)
  socket:on("echo", function(value, done)
    done(value)
  end)
  socket:on("disconnect", function(reason)
    report("disconnect", socket.id, reason)
  end)
end)

control.serve(io)
