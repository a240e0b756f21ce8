-- What every application under test shares: it listens where the tests want it, tells them what
-- happens by way of the namespace /control, and ends when they ask it to.
local socketio = require "socketio"

local control = {}

-- A function that sends the tests a report.
function control.reporter(server)
  return function(...)
    server:of("/control"):emit("report", ...)
  end
end

-- Serves until the tests ask for the end. `ready` may put more on the HTTP server.
function control.serve(server, ready)
  server:of("/control"):on("connection", function(socket)
    socket:on("shutdown", function()
      server:close()
    end)
  end)
  assert(server:listen("127.0.0.1:" .. (os.getenv "PORT" or "0")))
  if ready then
    ready(server.httpServer)
  end
  io.stdout:setvbuf "line"
  print("listening " .. server:address().port)
  socketio.run()
end

return control
