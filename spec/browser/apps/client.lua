-- A page's own server, one of another origin that allows the page's, and one that does not. The
-- page is empty: the tests load the client from its server and connect.
io.stdout:setvbuf "line"
local socketio = require "socketio"

local function serve(options)
  local server = assert(socketio.Server(options):listen "127.0.0.1:0")
  server:on("connection", function(socket)
    socket:on("echo", function(value, acknowledge)
      acknowledge(value, socket.conn.transport.name, socket.handshake.headers.origin)
    end)
  end)
  return server, server:address().port
end

local home, port = serve {}
home.httpServer:on("request", function(_, res)
  res:send '<!doctype html><title>bare</title><link rel="icon" href="data:,">'
end)

local _, open = serve { cors = { origin = "http://127.0.0.1:" .. port } }
local _, closed = serve {}

print(("listening %d %d %d"):format(port, open, closed))
socketio.run()
