-- The layers below: Engine.IO by itself on one path, Socket.IO on the other, for clients that
-- write their packets themselves.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server()
local report = control.reporter(io)

io:on("connection", function(socket)
  socket:on("echo", function(...)
    socket:emit("echo", ...)
  end)
  socket:on("ask", function(...)
    local args = table.pack(...)
    local ack = args[args.n]
    ack(table.unpack(args, 1, args.n - 1))
  end)
  socket:on("disconnect", function(reason)
    report("disconnect", socket.id, reason)
  end)
end)

control.serve(io, function(httpServer)
  local engine = socketio.Engine(httpServer, { maxHttpBufferSize = 10000 })
  engine:on("connection", function(connection)
    connection:on("message", function(data)
      if data == "close" then
        connection:close()
      elseif data == "burst" then
        for i = 1, 1000 do
          connection:send("burst " .. i)
        end
      else
        connection:send(data)
      end
    end)
    connection:on("close", function(reason)
      report("engine close", connection.id, reason)
    end)
    connection:send "welcome"
  end)
end)
