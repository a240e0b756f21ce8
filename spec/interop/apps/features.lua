-- Behaviour in which the tests of one subject have no place. The argument chooses the options.
local socketio = require "socketio"
local control = require "control"

local variants = {
  plain = {},
  hasty = { connectTimeout = 1000 },
  fixed = { allowUpgrades = false },
  uncompressed = { httpCompression = false },
  compressed = { httpCompression = true },
  merged = { pingInterval = 11111 },
}

local io = socketio.Server(variants[arg[1]])
local report = control.reporter(io)

local function names(set)
  local list = socketio.array {}
  for name in pairs(set) do
    table.insert(list, name)
  end
  table.sort(list)
  return list
end

io.engine:on("connection", function(conn)
  for _, event in ipairs { "upgrading", "upgrade" } do
    conn:on(event, function(transport)
      report(event, conn.id, transport.name, conn.upgrading, conn.upgraded)
    end)
  end
  conn:on("close", function(reason)
    report("closed", conn.id, reason)
  end)
end)

io:on("connection", function(socket)
  socket:on("echo", function(...)
    socket:emit("echo", ...)
  end)
  socket:on("give", function(length, compress)
    socket:compress(compress):emit("given", ("g"):rep(length))
  end)
  socket:on("give two", function(length)
    socket:compress(false):emit("given", ("g"):rep(length))
    socket:emit "small"
  end)
  socket:on("volatile bytes, then firm", function()
    socket.volatile:emit("volatile", socketio.binary "one", { socketio.binary "two" })
    socket:emit "firm"
  end)
  -- The flags that were set apply to the operator that is made next.
  socket:on("ask the others", function(done)
    socket:timeout(50):to(socket.id):emit("question", function(err, answers)
      done(err, answers)
    end)
  end)
  socket:on("last words", function(at_once)
    socket:emit("last", ("l"):rep(100000))
    socket:emit("words", 1)
    socket.conn:close(at_once)
  end)
  socket:on("upgraded", function(done)
    done(socket.conn.upgraded)
  end)
  socket:on("send me away", function()
    socket:disconnect()
  end)
  socket:on("after that", function()
    report("heard", socket.id)
  end)
  socket:on("rooms of", function(name, done)
    done(names(io:of(name).adapter.rooms))
  end)
  socket:on("listen to", function(what, done)
    local log = socketio.array {}
    socket:onAny(function(event)
      table.insert(log, event)
    end)
    socket:use(function(event, next)
      next(event[1] == what and { message = "refused" } or nil)
    end)
    socket:on("log", function(answer)
      answer(log)
    end)
    done()
  end)
  socket:on("heartbeats", function(done)
    local seen = socketio.array {}
    socket.conn:on("heartbeat", function()
      table.insert(seen, { "heartbeat" })
    end)
    for _, event in ipairs { "message", "data" } do
      socket.conn:on(event, function(data)
        table.insert(seen, { event, data })
      end)
    end
    socket:on("seen", function(answer)
      answer(seen)
    end)
    done()
  end)
end)

-- A middleware that sends and joins before its client is let in.
local early = io:of "/early"
early:use(function(socket, next)
  socket:emit("welcome", 1)
  socket:join "early"
  next()
end)
early:on("connection", function(socket)
  socket:emit("rooms", names(socket.rooms))
end)

-- A refused socket joins nothing.
io:of "/refused":use(function(socket, next)
  socket:join "before"
  next { message = "no" }
  socket:join "after"
end)

-- In which order things are told of a client that comes.
local order = socketio.array {}
local ordered = io:of "/order"
ordered:use(function(_, next)
  table.insert(order, "middleware")
  next()
end)
ordered.adapter:on("join-room", function()
  table.insert(order, "join")
end)
for _, event in ipairs { "connection", "connect" } do
  ordered:on(event, function(socket)
    table.insert(order, { event, socket.connected, ordered.sockets[socket.id] == socket })
    if event == "connection" then
      socket:emit("order", order)
    end
  end)
end

-- The ids of acknowledgements are the namespace's.
io:of "/ids":on("connection", function(socket)
  socket:emit("first", function() end)
  io:of "/ids":timeout(1000):emit("second", function() end)
  socket:timeout(1000):emit("third", function() end)
end)

-- Names that are special to JavaScript's emitters, not to Socket.IO.
io:of "/names":on("connection", function(socket)
  socket:on("any name", function(done)
    socket:emit("error", 1)
    socket:emit("connection", 2)
    done()
  end)
end)

if arg[1] == "bound" then
  local engine = socketio.Engine { path = "/socket.io", pingInterval = 12345 }
  io:bind(engine)
end

control.serve(io, arg[1] == "merged" and function(httpServer)
  local other = socketio.Server { path = "/other", pingInterval = 22222 }
  other:attach(httpServer, { path = "/ignored", pingTimeout = 33333 })
  io:of "/control":on("connection", function(socket)
    socket:on("shutdown", function()
      other:close()
    end)
  end)
end or nil)
