-- The application of APP.md on this library. `lua5.4 app.lua PORT [deflate]`
local socketio = require "socketio"

local deflate = arg[2] == "deflate"
  and { threshold = 1024, serverNoContextTakeover = true, clientNoContextTakeover = true }
local io = socketio.Server("127.0.0.1:" .. (arg[1] or 3000), { perMessageDeflate = deflate })

io:on("connection", function(socket)
  socket:on("echo", function(payload)
    socket:emit("echo", payload)
  end)
  socket:on("ack", function(payload, ack)
    ack(payload)
  end)
  socket:on("broadcast", function(payload)
    io:emit("broadcast", payload)
  end)
  socket:on("join", function(room, ack)
    socket:join(room)
    if ack then
      ack()
    end
  end)
  socket:on("leave", function(room, ack)
    socket:leave(room)
    if ack then
      ack()
    end
  end)
  socket:on("room", function(room, payload)
    io:to(room):emit("room", payload)
  end)
end)

socketio.run()
