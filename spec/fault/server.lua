-- luacheck: allow defined top, ignore 122 131
-- The server of the fault runs; client.lua calls these functions.
local socketio = require "socketio"

io.stderr = { write = function() end } -- there is much to report

local server = socketio.Server {
  onError = function() end,
  connectTimeout = 60000,
  httpCompression = false,
  cors = { origin = function(origin) return origin ~= "http://bad" end },
}
assert(server:listen "127.0.0.1:0")

server:use(function(socket, next)
  if socket.handshake.auth.wait then
    socketio.sleep(1)
  end
  next(socket.handshake.auth.refuse and { message = "no", data = { 1 } })
end)

server:on("connection", function(socket)
  socket:on("echo", function(value, done)
    socket.data.value = value
    if done then
      done(value, { list = { 1, "two", 3.5 } })
    else
      socket:emit("echo", value)
    end
  end)
  socket:on("wait", function(done)
    socketio.sleep(1)
    done(#server:fetchSockets())
  end)
  socket:on("join", function(room, done)
    socket:join { room, room .. "2" }
    done(socket.rooms[room])
  end)
  socket:on("disconnect", function(reason)
    socket.broadcast:emit("left", reason)
  end)
end)

server:of(socketio.pattern "^/d"):on("connection", function(socket)
  socket:emit("welcome", socket.nsp.name)
end)

server.httpServer:on("request", function(req, res)
  local value = req:json()
  res:set("X-A", "b"):write "["
  res:finish(tostring(value and value.text) .. "]")
end)

function port()
  return server:address().port
end

function step()
  return socketio.step() and 1 or 0
end

function broadcast()
  server:to "room":except "nobody":emit("news", { 1, 2 }, socketio.binary "bytes")
  server:timeout(5):emit("asked", function() end)
  server:emit("all", ("x"):rep(2000))
end

function listening()
  return server:address() and 1 or 0
end
