-- Two servers that keep what clients have when their connections break, "patient" for long and
-- "brief" for a moment. The tests act on them by POST with a JSON body.
io.stdout:setvbuf "line"
local socketio = require "socketio"

local listening = {}

local function sorted(set)
  local list = socketio.array {}
  for name in pairs(set) do
    table.insert(list, name)
  end
  table.sort(list)
  return list
end

local function serve(name, duration)
  local server = assert(socketio.Server({
    connectionStateRecovery = { maxDisconnectionDuration = duration },
    pingInterval = 300,
    pingTimeout = 2500,
  }):listen "127.0.0.1:0")
  local ends = socketio.array {}

  server:on("connection", function(socket)
    socket:on("settle", function(rooms, data, done)
      socket:join(rooms)
      socket.data.kept = data
      done()
    end)
    socket:on("state", function(done)
      done { rooms = sorted(socket.rooms), data = socket.data.kept, recovered = socket.recovered }
    end)
    socket:on("disconnect", function(reason)
      table.insert(ends, reason)
    end)
  end)

  local acts = {
    cut = function()
      for _, socket in pairs(server:of("/").sockets) do
        socket.conn:close()
      end
    end,
    tell = function(room, text)
      local bytes = socketio.binary(text)
      server:to(room):emit("told", text, bytes, { again = bytes })
    end,
    ["tell all but"] = function(room, text)
      server:except(room):emit("told", text)
    end,
    ["tell now or never"] = function(room, text)
      server:to(room).volatile:emit("told", text, { volatile = true })
    end,
    ends = function()
      return ends
    end,
  }
  server.httpServer:on("request", function(req, res)
    if req.method == "POST" then
      local args = req:json()
      res:json(acts[table.remove(args, 1)](table.unpack(args)) or socketio.null)
    else
      res:send '<!doctype html><title>bare</title><link rel="icon" href="data:,">'
    end
  end)
  table.insert(listening, name .. "=" .. server:address().port)
end

serve("patient", 60000)
serve("brief", 1)
print("listening " .. table.concat(listening, " "))
socketio.run()
