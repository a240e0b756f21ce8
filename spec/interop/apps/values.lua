-- Events both ways with every kind of value, their order, their size.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server { perMessageDeflate = arg[1] == "deflate" }
local report = control.reporter(io)

-- What a received value is to Lua.
local function kind(value)
  if value == nil then
    return "nil"
  elseif value == socketio.null then
    return "null"
  elseif socketio.isBinary(value) then
    return "binary"
  elseif type(value) == "table" then
    return getmetatable(value) == socketio.array_mt and "array" or "object"
  end
  return math.type(value) or type(value)
end

local function kinds(...)
  local list = socketio.array {}
  for i = 1, select("#", ...) do
    list[i] = kind((select(i, ...)))
  end
  return list
end

-- The arguments of an event, and the acknowledgement function that follows them.
local function split(...)
  local args = table.pack(...)
  return args[args.n], table.unpack(args, 1, args.n - 1)
end

local function acknowledge(ack, ...)
  ack(...)
end

io:on("connection", function(socket)
  socket:on("echo", function(...)
    socket:emit("echo", ...)
  end)

  socket:on("echo by ack", function(...)
    acknowledge(split(...))
  end)

  socket:on("kinds", function(...)
    local function answer(ack, ...)
      ack(kinds(...))
    end
    answer(split(...))
  end)

  socket:on("kinds in list", function(list, ack)
    ack(kinds(table.unpack(list)))
  end)

  socket:on("field", function(object, name, ack)
    ack(object[name])
  end)

  socket:on("numbers", function()
    socket:emit("numbers", 1, -1, 1.0, 2 ^ 53, 2 ^ 53 - 1, math.mininteger, 0.1, 1 / 3, -2.5)
    socket:emit("numbers", 1e21, 1e300, 5e-324, 123456789012345680, 0.30000000000000004, 1e-7)
    socket:emit("numbers", 0 / 0, 1 / 0, -1 / 0)
  end)

  socket:on("nothing", function()
    socket:emit("nothing", nil, 1, nil)
    socket:emit("nothing", socketio.null, { a = socketio.null }, { 1, socketio.null, 3 })
    socket:emit("nothing")
  end)

  socket:on("tables", function()
    socket:emit("tables", {}, socketio.array {}, { 1, 2, 3 }, { a = { b = { c = {} } } })
    socket:emit("tables", { list = socketio.array {}, nested = { { {} } }, yes = true, no = false })
  end)

  socket:on("bytes", function()
    local bytes = socketio.binary "\0\1\254\255"
    socket:emit("bytes", bytes)
    socket:emit("bytes", { inner = { bytes, socketio.binary "" } }, "text", { bytes })
  end)

  socket:on("length", function(value, ack)
    ack(#value)
  end)

  socket:on("give", function(length, ack)
    ack(string.rep("x", length))
  end)

  socket:on("give bytes", function(length, ack)
    ack(socketio.binary(string.rep("\1", length)))
  end)

  local expected, disorder = 0, 0
  socket:on("sequence", function(i)
    if i ~= expected then
      disorder = disorder + 1
    end
    expected = i + 1
    socket:emit("sequence", i)
  end)

  socket:on("sequence result", function(ack)
    ack(expected, disorder)
  end)

  socket:on("push", function(count, padding)
    for i = 0, count - 1 do
      socket:emit("pushed", i, padding)
    end
  end)

  socket:on("message", function(...)
    socket:send(...)
  end)

  socket:on("compressed", function()
    socket:compress(false):emit("compressed", 1)
    socket:compress(true):emit("compressed", 2)
    io:to(socket.id):compress(false):emit("compressed", 3)
  end)

  -- Volatile events, one after another, until the client has seen one.
  socket:on("volatile", function()
    local i = 0
    local timer = socketio.setInterval(function()
      i = i + 1
      socket.volatile:emit("volatile", i)
    end, 10)
    local function stop()
      socketio.clearInterval(timer)
    end
    socket:once("seen", stop)
    socket:once("disconnect", stop)
  end)

  socket:on("volatile then firm", function()
    socket.volatile:emit("volatile", 1)
    socket:emit("firm", 1)
  end)

  socket:on("volatile flood", function(count, padding)
    for i = 1, count do
      socket.volatile:emit("volatile", i, padding)
      socketio.sleep(1)
    end
    socket:emit("firm")
    report "flood over"
  end)
end)

control.serve(io)
