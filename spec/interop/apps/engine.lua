-- The layers below: Engine.IO by itself on some paths, Socket.IO on its own, for clients that write
-- their packets themselves.
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

local function serve(httpServer, options)
  local engine = socketio.Engine(httpServer, options)
  local cookie
  engine:use(function(req, _, next)
    cookie = req.headers.cookie
    next()
  end)
  engine:on("connection", function(connection)
    local commands = {
      close = function()
        connection:close()
      end,
      burst = function()
        for i = 1, 1000 do
          connection:send("burst " .. i)
        end
      end,
      ["who am I"] = function()
        local headers = connection.request.headers
        connection:send(table.concat({
          connection.transport.name,
          connection.protocol,
          headers["x-token"] or "-",
        }, " "))
      end,
      ["which cookie"] = function()
        connection:send(cookie or "none")
      end,
    }
    connection:on("message", function(data)
      local act = commands[data]
      if act then
        act()
      else
        connection:send(data)
      end
    end)
    connection:on("close", function(reason)
      report("engine close", connection.id, reason)
    end)
    connection:send "welcome"
  end)
end

control.serve(io, function(httpServer)
  serve(httpServer, {
    allowEIO3 = true,
    maxHttpBufferSize = 50000,
    pingInterval = 300,
    pingTimeout = 2000,
  })
  serve(httpServer, {
    path = "/polled",
    addTrailingSlash = false,
    allowEIO3 = true,
    transports = { "polling" },
    cookie = true,
  })
  serve(httpServer, { path = "/deflated", allowEIO3 = true, perMessageDeflate = { threshold = 0 } })
end)
