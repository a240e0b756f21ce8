-- Two TLS ports beside the plain one of control.lua: the second demands certificates of its clients.
-- The argument is the folder with the PEM files.
local socketio = require "socketio"
local control = require "control"

local folder = (...)
local function pem(name)
  return folder .. "/" .. name .. ".pem"
end

local server = socketio.Server()

server:on("connection", function(socket)
  socket:on("echo", function(...)
    select(-1, ...)((...))
  end)
  socket:on("secure", function(done)
    done(socket.handshake.secure, socket.request.secure)
  end)
  socket:on("broadcast", function(value)
    server:emit("broadcast", value)
  end)
  socket:on("reload", function(done)
    assert(server.httpServer:reloadTls())
    done()
  end)
  socket:on("try reload", function(done)
    local loaded, message = server.httpServer:reloadTls()
    done(loaded and "loaded" or message)
  end)
end)

control.serve(server, function(http)
  local function listen(tls)
    assert(http:listen("127.0.0.1:0", { tls = tls }))
    return http:address().port
  end
  http:on("request", function(req, res)
    res:json { secure = req.secure, length = #req:text() }
  end)
  local open = listen { cert = pem "server", key = pem "server-key" }
  local demanding = listen {
    cert = pem "server",
    key = pem "locked-key",
    passphrase = "open sesame",
    ca = pem "ca",
    minVersion = "TLSv1.3",
  }
  print("tls", open, demanding)
  assert(http:listen "127.0.0.1:0") -- the newest is the one that control.lua tells of
end)
