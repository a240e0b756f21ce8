-- How connections end, and what each side is told.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server()
local report = control.reporter(io)

-- The details of a disconnection as text, if there are any.
local function text(details)
  if details == nil then
    return nil
  end
  return type(details) == "table" and details.message or tostring(details)
end

local function serve(socket)
  socket:on("leave", function()
    socket:disconnect()
  end)
  socket:on("leave and close", function()
    socket:disconnect(true)
  end)
  socket:on("drop", function()
    socket.conn:close()
  end)
  socket:on("say goodbye", function()
    socket:emit("goodbye", "first")
    socket:emit("goodbye", "last")
    socket:disconnect(true)
    socket:emit("goodbye", "too late")
    report("still usable", socket.id, socket.connected)
  end)
  socket:on("id", function(done)
    done(socket.id, socket.conn.id)
  end)
  -- Ends the whole server while clients are connected.
  socket:on("close server", function()
    io:close()
  end)

  local order = {}
  socket:on("disconnecting", function(reason)
    table.insert(order, "disconnecting")
    report("disconnecting", socket.id, reason, socket.connected)
  end)
  socket:on("disconnect", function(reason, details)
    table.insert(order, "disconnect")
    report("disconnect", socket.id, reason, text(details), socket.connected, order)
    -- When the server shuts down no report can leave any more.
    if reason == "server shutting down" then
      print(reason)
    end
  end)
  socket:on("error", function(err)
    report("error", socket.id, text(err))
  end)
end

io:on("connection", serve)
io:of("/other"):on("connection", serve)

control.serve(io)
