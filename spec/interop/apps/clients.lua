-- What the official clients of all generations meet: everything that an application does with a
-- client, with heartbeats that come often. The argument "recovering" has it keep what they miss,
-- "packing" has it speak MessagePack.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server {
  allowEIO3 = true,
  pingInterval = 300,
  pingTimeout = 2000,
  connectionStateRecovery = arg[1] == "recovering" and {} or nil,
  parser = arg[1] == "packing" and socketio.parser.msgpack or nil,
}
local report = control.reporter(io)

local function values(socket)
  socket:on("echo", function(...)
    socket:emit("echo", ...)
  end)
  socket:on("message", function(...)
    socket:send(...)
  end)
  socket:on("ask", function(...)
    local args = table.pack(...)
    local done = args[args.n]
    done(table.unpack(args, 1, args.n - 1))
    done "twice"
  end)
  socket:on("ask me", function(...)
    socket:emit("question", ..., function(...)
      socket:emit("answered", ...)
    end)
  end)
  socket:on("ask me in time", function(ms)
    socket:timeout(ms):emit("question", function(err, answer)
      socket:emit("answered", err ~= nil, answer)
    end)
  end)

  -- Answers when all have asked, the last one first.
  local waiting = {}
  socket:on("ask late", function(count, done)
    table.insert(waiting, done)
    for i = count, #waiting == count and 1 or count + 1, -1 do
      waiting[i](i)
    end
  end)

  -- Counts what comes, sends as much of its own in portions, and tells what has come at the end.
  local heard = socketio.array {}
  socket:on("numbered", function(n)
    table.insert(heard, n)
  end)
  socket:on("heard", function(done)
    done(heard)
  end)
  socket:on("number", function(count)
    for n = 1, count do
      socket:emit("numbered", n, n % 10 == 0 and socketio.binary(tostring(n)) or nil)
      if n % 50 == 0 then
        socketio.sleep(1)
      end
    end
  end)
end

local function rooms(socket)
  socket:on("join", function(room, done)
    socket:join(room)
    done()
  end)
  socket:on("leave", function(room, done)
    socket:leave(room)
    done()
  end)
  socket:on("tell", function(room, ...)
    io:to(room):emit("told", ...)
  end)
  socket:on("tell others", function(room, ...)
    socket:to(room):emit("told", ...)
  end)
  socket:on("tell some", function(room, but, ...)
    io:to(room):except(but):emit("told", ...)
  end)
  socket:on("ask room", function(room, ...)
    local done = select(-1, ...)
    done(socketio.array(assert(io:to(room):timeout(10000):emitWithAck("question", 1))))
  end)
  socket:on("clear room", function(room, close)
    io:in_(room):disconnectSockets(close)
  end)

  socket:on("whisper", function(n, done)
    socket.volatile:emit("whispered", n, socketio.binary("bytes " .. n))
    done()
  end)
  socket:on("whisper much", function(count)
    for n = 1, count do
      socket.volatile:emit("whispered", n)
    end
    socket:emit "whispered all"
  end)
end

local function serve(socket)
  if socket.handshake.query.greet then
    socket:emit("welcome", socket.id)
  end
  socket:on("who", function(done)
    done {
      id = socket.id,
      name = socket.nsp.name,
      protocol = socket.conn.protocol,
      auth = socket.handshake.auth,
      query = socket.handshake.query,
      token = socket.handshake.headers["x-token"],
      transport = socket.conn.transport.name,
      rooms = #io:of(socket.nsp.name):in_(socket.id):fetchSockets(),
    }
  end)
  values(socket)
  rooms(socket)
  socket:on("leave me", function(close)
    socket:disconnect(close)
  end)
  socket:on("say and leave", function(text, close)
    socket:emit("last words", text, socketio.binary(text))
    socket:disconnect(close)
  end)
  socket:on("cut me", function()
    socket.conn:close()
  end)
  socket:on("mark me", function(what)
    report("marked", socket.id, what)
  end)
  socket:on("disconnect", function(reason)
    report("disconnect", socket.id, reason)
  end)
end

-- Counts aloud in a room that every socket of /counting is in, as long as there are any.
local counting, count = io:of "/counting", 0

local function count_on()
  count = count + 1
  counting:emit("count", count, count % 3 == 0 and socketio.binary(tostring(count)) or nil)
  if next(counting.sockets) then
    socketio.setTimeout(count_on, count % 5 == 0 and 1 or 0)
  else
    count = 0
  end
end

counting:on("connection", function(socket)
  if count == 0 then
    count_on()
  end
  socket:on("ask", function(value, done)
    done(value)
  end)
  socket:on("connections", function(done)
    done(io.engine.clientsCount)
  end)
end)

io:on("connection", serve)
io:of("/one"):on("connection", serve)
io:of(socketio.pattern "^/made%-%d+$"):on("connection", serve)
io:of(function(name, auth, next)
  next(nil, name:find "^/chosen%-" ~= nil and auth.token == "known")
end):on("connection", serve)
io:of("/guarded"):use(function(socket, next)
  next(socket.handshake.auth.token ~= "known" and "unknown token" or nil)
end):on("connection", serve)
io:of("/refuses"):use(function(_, next)
  next { message = "no", data = { code = 1, list = { 1, socketio.null } } }
end)
io:of("/refuses-briefly"):use(function(_, next)
  next "no"
end)
io.engine:on("connection", function(conn)
  conn:on("close", function(reason)
    report("close", conn.id, reason)
  end)
end)

control.serve(io)
