-- The server that the wire tests talk to: app.mjs is the same for the reference, event by event.
-- Its one argument is a Lua table of server options; `deny` asks for an allowRequest that refuses,
-- `folder` for its files.
local socketio = require "socketio"

local options = assert(load("return " .. (arg[1] or "{}"), "=options", "t", {}))()
local deny, folder = options.deny, options.folder
options.deny, options.folder = nil, nil
if deny then
  options.allowRequest = function(req, callback)
    local refused = req.query.deny
    callback(refused ~= "" and refused or nil, refused == nil)
  end
end

local server = socketio.Server(options)
local events = 0

local COMMANDS = {
  echo = true, watch = true, join = true, tell = true, burst = true, flood = true, ask = true,
  facts = true, bye = true, hangup = true, shutdown = true, volatile = true,
}

local function count(set)
  local n = 0
  for _ in pairs(set) do
    n = n + 1
  end
  return n
end

-- Answers by the acknowledgement if the client asked for one, else by an event of the same name.
local function echo(socket, ...)
  local n = select("#", ...)
  local last = n > 0 and (select(n, ...)) or nil
  if type(last) ~= "function" then
    return socket:emit("echo", ...)
  end
  local args = { ... }
  last(table.unpack(args, 1, n - 1))
end

-- Emits `total` events of `size` octets, `batch` of them every turn of the loop.
local function flood(socket, total, size, batch)
  local payload = ("x"):rep(size)
  local sent = 0
  local timer
  timer = socketio.setInterval(function()
    for _ = 1, batch do
      if sent == total or not socket.connected then
        return socketio.clearInterval(timer)
      end
      sent = sent + 1
      socket:emit("flood", sent, payload)
    end
  end, 1)
end

local function serve(socket)
  socket:onAny(function(name, ...)
    events = events + 1
    if not COMMANDS[name] then
      socket:emit("any", name, select("#", ...))
    end
  end)
  socket:on("echo", function(...)
    echo(socket, ...)
  end)
  socket:on("watch", function(done)
    socket:join("watchers")
    done()
  end)
  socket:on("join", function(room, done)
    socket:join(room)
    done()
  end)
  socket:on("tell", function(room, ...)
    server:to(room):emit("told", ...)
  end)
  socket:on("burst", function(n)
    for i = 1, n do
      socket:emit("burst", i)
    end
  end)
  socket:on("volatile", function(name)
    socket.volatile:emit(name)
  end)
  socket:on("flood", function(total, size, batch)
    flood(socket, total, size, batch)
  end)
  socket:on("ask", function(ms)
    if ms then
      socket:timeout(ms):emit("question", function(err, ...)
        socket:emit("answer", err or socketio.null, ...)
      end)
    else
      socket:emit("question", function(...)
        socket:emit("answer", ...)
      end)
    end
  end)
  socket:on("facts", function(done)
    done({
      clients = server.engine.clientsCount,
      sockets = count(server.sockets.sockets),
      rooms = count(server.sockets.adapter.rooms),
      events = events,
    })
  end)
  socket:on("bye", function(close)
    socket:disconnect(close)
  end)
  socket:on("hangup", function()
    socket.conn:close()
  end)
  socket:on("shutdown", function()
    server:close()
  end)
  socket:on("disconnect", function(reason)
    server:to("watchers"):emit("gone", socket.id, reason)
  end)
end

server:on("connection", serve)
server:of("/admin"):use(function(socket, next)
  if socket.handshake.auth.token == "ok" then
    next()
  else
    next({ message = "denied", data = { code = 7 } })
  end
end)
server:of("/admin"):on("connection", serve)
server:of("/slow"):use(function(_, next)
  socketio.sleep(100)
  next()
end)
server:of("/slow"):on("connection", serve)
server:of(socketio.pattern("^/dyn%-%d+$")):on("connection", serve)

server.engine:on("connection", function(conn)
  conn:on("close", function(reason)
    server:to("watchers"):emit("closed", conn.id, reason)
  end)
end)
server.engine:on("connection_error", function(err)
  server:to("watchers"):emit("refused", err.code, err.message)
end)
server.engine:on("headers", function(headers, req)
  if req.query.inject then
    headers["x-inject"] = req.query.inject
  end
end)

assert(server:listen("127.0.0.1:0"))
if folder then
  server.httpServer:static("/", folder)
end
print("listening " .. server:address().port)
io.stdout:flush()
socketio.run()
