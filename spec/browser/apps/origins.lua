-- A page's own server, "home", and others that each let in whom they choose. Each serves a bare
-- page at every path, echoes, and tells what the requests of a session carried.
io.stdout:setvbuf "line"
local socketio = require "socketio"

local listening = {}

local function serve(name, options)
  options.allowEIO3 = options.allowEIO3 ~= false
  local server = assert(socketio.Server(options):listen "127.0.0.1:0")
  local requests = {}
  server.engine:use(function(req, _, next)
    local sid = req.query.sid
    if sid and requests[sid] then
      table.insert(requests[sid], {
        transport = req.query.transport,
        method = req.method,
        cookie = req.headers.cookie,
      })
    end
    next()
  end)
  server.engine:on("headers", function(headers)
    headers["X-Exposed"] = "seen"
    headers["X-Hidden"] = "not seen"
  end)
  server.engine:on("connection", function(conn)
    requests[conn.id] = socketio.array {}
  end)
  server:on("connection", function(socket)
    socket:on("echo", function(value, acknowledge)
      local headers = socket.handshake.headers
      acknowledge(value, {
        transport = socket.conn.transport.name,
        origin = headers.origin,
        token = headers["x-token"],
        cookie = headers.cookie,
        secure = socket.handshake.secure,
      })
    end)
    socket:on("requests", function(acknowledge)
      acknowledge(requests[socket.conn.id])
    end)
  end)
  server.httpServer:on("request", function(_, res)
    res:send '<!doctype html><title>bare</title><link rel="icon" href="data:,">'
  end)
  local port = server:address().port
  table.insert(listening, name .. "=" .. port)
  return "http://127.0.0.1:" .. port, "http://localhost:" .. port
end

local home, home_elsewhere = serve("home", { cookie = true })
serve("named", {
  cookie = {
    name = "session",
    path = "/app",
    httpOnly = false,
    sameSite = "strict",
    maxAge = 3600,
  },
  path = "/app/socket.io",
})
serve("closed", {})
serve("any", { cors = { origin = "*" } })
serve("reflecting", { cors = { origin = true, credentials = true }, cookie = true })
serve("lending", {
  cors = { origin = { home, home_elsewhere }, credentials = true },
})
serve("listed", {
  cors = {
    origin = { "http://one.example", socketio.pattern "^http://127%.0%.0%.1:%d+$" },
    methods = { "GET", "POST" },
    allowedHeaders = { "X-Token", "Content-Type" },
    exposedHeaders = { "X-Exposed" },
  },
})
serve("choosing", {
  cors = {
    origin = function(origin, callback)
      callback(nil, origin == home)
    end,
  },
})
serve("deflating", { perMessageDeflate = { threshold = 0 } })
serve("packing", { parser = socketio.parser.msgpack })
serve("guarded", { cors = { origin = true }, origins = { home } })

local folder = arg[1] -- with a certificate
if folder then
  local tls = { cert = folder .. "/cert.pem", key = folder .. "/key.pem" }
  serve("secure", {
    tls = tls,
    cors = { origin = true, credentials = true },
    cookie = { name = "lent", secure = true, sameSite = "none", partitioned = true },
  })
end

print("listening " .. table.concat(listening, " "))
socketio.run()
