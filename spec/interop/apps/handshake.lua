-- What a socket knows about its client and its connection.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server()
local report = control.reporter(io)

local function names(set)
  local list = socketio.array {}
  for name in pairs(set) do
    table.insert(list, name)
  end
  table.sort(list)
  return list
end

local function serve(socket)
  local conn = socket.conn
  conn:on("upgrade", function(transport)
    report("upgrade", socket.id, transport.name, conn.transport.name)
  end)
  conn:on("close", function(reason)
    report("close", socket.id, reason, conn.readyState)
  end)

  socket:on("handshake", function(done)
    local handshake = socket.handshake
    done {
      headers = handshake.headers,
      time = handshake.time,
      issued = handshake.issued,
      address = handshake.address,
      xdomain = handshake.xdomain,
      secure = handshake.secure,
      url = handshake.url,
      query = handshake.query,
      auth = handshake.auth,
    }
  end)
  socket:on("conn", function(done)
    done {
      id = conn.id,
      transport = conn.transport.name,
      protocol = conn.protocol,
      readyState = conn.readyState,
      remoteAddress = conn.remoteAddress,
      url = conn.request.url,
      method = conn.request.method,
    }
  end)
  socket:on("socket", function(done)
    done {
      id = socket.id,
      connected = socket.connected,
      disconnected = socket.disconnected,
      recovered = socket.recovered,
      rooms = names(socket.rooms),
      data = socket.data,
      namespace = socket.nsp.name,
      known = io:of(socket.nsp.name).sockets[socket.id] == socket,
      agent = socket.request.headers["user-agent"],
    }
  end)
  socket:on("remember", function(value, done)
    socket.data.value = value
    socket.nickname = value
    done(socket.data.value, socket.nickname)
  end)
  socket:on("packets", function(count, done)
    local seen = socketio.array {}
    conn:on("packetCreate", function(packet)
      table.insert(seen, packet.type)
    end)
    for i = 1, count do
      socket:emit("counted", i)
    end
    done(seen)
  end)
  socket:on("server", function(done)
    done {
      clients = io.engine.clientsCount,
      path = io:path(),
      connectTimeout = io:connectTimeout(),
      main = io.sockets == io:of "/",
    }
  end)
end

io:on("connection", serve)
io:of("/other"):on("connection", serve)

control.serve(io)
