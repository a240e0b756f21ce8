-- Our server under the application of app.mjs, line by line. Its argument is the table of
-- servers.mjs in Lua. Prints what happens, each line behind the tag of the scenario it belongs to.
local socketio = require "socketio"

io.stdout:setvbuf "line"

local function words(value)
  if value == nil then
    return "-"
  end
  return tostring(type(value) == "table" and value.message or value)
end

local function log(tag, ...)
  if tag then
    local list = table.pack(...)
    for i = 1, list.n do
      list[i] = words(list[i])
    end
    print(tag .. "\t" .. table.concat(list, " "))
  end
end

local function refusal(message, data)
  return { message = message, data = data }
end

local function count(set)
  local n = 0
  for _ in pairs(set) do
    n = n + 1
  end
  return n
end

-- The pairs of a table as lists, in order.
local function entries(map)
  local list = socketio.array {}
  for key, value in pairs(map) do
    table.insert(list, { key, value })
  end
  table.sort(list, function(a, b)
    return a[1] < b[1]
  end)
  return list
end

-- Those of the table in order, without one.
local function keys(map, without)
  local list = socketio.array {}
  for key in pairs(map) do
    if key ~= without then
      table.insert(list, key)
    end
  end
  table.sort(list)
  return list
end

-- === What options and hooks may name =========================================================

local hooks = {
  allowRequest = function(req, callback)
    local allow = req.query.allow
    log(req.query.tag, "allowRequest", req.method)
    if allow == "no" then
      callback(nil, false)
    elseif allow == "message" then
      callback("not you", false)
    elseif allow == "later" then
      socketio.sleep(5)
      callback(nil, true)
    elseif allow == "never" then
      socketio.setTimeout(function()
        callback("never", false)
      end, 5)
    else
      callback(nil, true)
    end
  end,
  origin = function(origin, callback)
    callback(nil, origin == "http://chosen.example")
  end,
  originFails = function(_, callback)
    callback("cannot tell")
  end,
  originStar = function(_, callback)
    callback(nil, "*")
  end,
}

-- Options as the tables of servers.mjs write them: { $pattern: [JS, Lua] }, { $hook: name }.
local function real(value)
  if type(value) ~= "table" then
    return value
  elseif value["$pattern"] then
    return socketio.pattern(value["$pattern"][2])
  elseif value["$hook"] then
    return hooks[value["$hook"]]
  elseif value["$parser"] then
    return socketio.parser[value["$parser"]]
  elseif value["$date"] then
    return value["$date"] // 1000
  end
  local all = {}
  for key, one in pairs(value) do
    all[key] = real(one)
  end
  return all
end

-- === Engine.IO ===============================================================================

local function watch(engine)
  engine:on("connection", function(conn)
    local tag = conn.request.query.tag
    log(tag, "engine open", conn.transport.name, conn.protocol, conn.readyState)
    conn:on("upgrade", function(transport)
      log(tag, "engine upgrade", transport.name)
    end)
    conn:on("close", function(reason, detail)
      log(tag, "engine close", reason, detail)
    end)
    if not conn.request.query.packets then
      return
    end
    for _, name in ipairs { "packet", "packetCreate" } do
      conn:on(name, function(packet)
        log(tag, name, packet.type, packet.data)
      end)
    end
    for _, name in ipairs { "heartbeat", "upgrading" } do
      conn:on(name, function()
        log(tag, name)
      end)
    end
    for _, name in ipairs { "data", "message" } do
      conn:on(name, function(data)
        log(tag, name, data)
      end)
    end
  end)
  engine:on("connection_error", function(err)
    local pairs_of = {}
    for i, pair in ipairs(entries(err.context or {})) do
      pairs_of[i] = pair[1] .. "=" .. words(pair[2])
    end
    log(err.req.query.tag, "refused", err.code, err.message, table.concat(pairs_of, ","))
  end)
end

local special = {
  generateId = function(engine)
    local usual = engine.generateId
    function engine.generateId(req)
      local id, tag = req.query.id, req.query.tag
      if id == "now" then
        return "custom-" .. tag
      elseif id == "later" then
        socketio.sleep(5)
        return "custom-" .. tag
      elseif id == "fails" then
        error("no id today", 0)
      end
      return usual(req)
    end
  end,
  middlewares = function(engine)
    engine:use(function(req, res, next)
      local mw = req.query.mw
      log(req.query.tag, "first middleware", req.method)
      res:set("X-First", "1")
      if mw == "later" then
        socketio.sleep(5)
      elseif mw == "fails" then
        return next "no"
      elseif mw == "fails later" then
        return socketio.setTimeout(function()
          next "no"
        end, 5)
      elseif mw == "twice" then
        next()
      elseif mw == "answers" then
        return res:status(401):set("Content-Type", "text/plain"):send "no!"
      end
      next()
    end)
    engine:use(function(req, res, next)
      log(req.query.tag, "second middleware", req.method)
      res:set("X-Second", "2")
      next()
    end)
  end,
  headers = function(engine)
    for _, name in ipairs { "initial_headers", "headers" } do
      engine:on(name, function(headers, req)
        log(req.query.tag, name, req.method)
        headers["X-" .. name] = req.query.tag
        if req.query.cookies and name == "headers" then
          headers["Set-Cookie"] = { "a=1", "b=2" }
        end
        if req.query.override then
          headers["cache-control"] = "private"
        end
      end)
    end
  end,
}

-- === Socket.IO ===============================================================================

-- Follows [[member, ...arguments], ...] from target: calls methods, reads properties.
local function follow(socket, target, chain)
  local function answer(...)
    socket:emit("answer", ...)
  end
  local results = { target }
  for _, step in ipairs(chain) do
    local member = target[step[1]]
    local args = table.pack(table.unpack(step, 2))
    for i = 1, args.n do
      if args[i] == "$ack" then
        args[i] = answer
      end
    end
    if type(member) == "function" then
      results = { member(target, table.unpack(args, 1, args.n)) }
    else
      results = { member }
    end
    target = results[1]
  end
  return table.unpack(results, 1, 3)
end

local function serve(server, socket)
  local nsp, conn, handshake = socket.nsp, socket.conn, socket.handshake
  local tag = handshake.query.tag
  local starts = { socket = socket, nsp = nsp, conn = conn, io = server }
  log(tag, "connection", nsp.name, socket.connected, socket.recovered)

  socket:on("disconnecting", function(reason)
    log(tag, "disconnecting", nsp.name, reason, socket.connected, count(socket.rooms))
  end)
  socket:on("disconnect", function(reason, detail)
    log(tag, "disconnect", nsp.name, reason, detail, socket.connected, count(socket.rooms))
  end)
  socket:on("error", function(err)
    log(tag, "error", nsp.name, err)
  end)
  socket:on("echo", function(...)
    socket:emit("echo", ...)
  end)
  socket:on("1", function(...)
    socket:emit("one", ...)
  end)
  socket:on("ack", function(...)
    local args = table.pack(...)
    args[args.n](table.unpack(args, 1, args.n - 1))
  end)
  socket:on("ack twice", function(done)
    done "first"
    done "second"
  end)
  socket:on("ack at the end", function(done)
    socket:on("disconnect", function()
      done "too late"
    end)
  end)
  socket:on("count", function(...)
    socket:emit("counted", select("#", ...))
  end)
  socket:on("do", function(start, chain)
    follow(socket, starts[start], chain)
  end)
  socket:on("wait", function(start, chain)
    local result, err, answers = follow(socket, starts[start], chain)
    if err ~= nil then
      socket:emit("rejected", err, answers)
    else
      socket:emit("resolved", result)
    end
  end)
  socket:on("say and leave", function(close)
    socket:emit("last", 1)
    socket:disconnect(close)
    socket:emit("last", 2)
    log(tag, "left", socket.connected, socket.disconnected)
  end)
  socket:on("remember", function(value)
    socket.data.value = value
  end)
  socket:on("recall", function()
    socket:emit("recalled", socket.data.value)
  end)
  socket:on("volatile", function(twice)
    socket.volatile:emit("volatile", 1)
    if twice then
      socket:emit("kept", 2)
    end
  end)
  socket:on("facts", function()
    local rooms = keys(socket.rooms, socket.id)
    socket:emit("facts", conn.readyState, conn.transport.name, conn.protocol, rooms)
    local agent = handshake.headers["user-agent"]
    socket:emit("facts", handshake.xdomain, handshake.secure, handshake.url, agent)
    socket:emit("facts", entries(handshake.query), entries(handshake.auth))
  end)
end

-- A socket whose way through the catch-all listeners and middlewares is told.
local function guarded(socket)
  local tag = socket.handshake.query.tag
  socket:onAny(function(name, ...)
    log(tag, "any", name, select("#", ...))
  end)
  socket:onAnyOutgoing(function(name, ...)
    log(tag, "outgoing", name, select("#", ...))
  end)
  socket:use(function(event, next)
    log(tag, "socket middleware", event[1], event.n - 1)
    next(event[1] == "forbidden" and "forbidden event" or nil)
  end)
  socket:use(function(event, next)
    socketio.setTimeout(next, event[1] == "slow" and 5 or 0)
  end)
  socket:on("forbidden", function()
    log(tag, "never")
  end)
  socket:on("slow", function()
    socket:emit "slow one"
  end)
end

local function later(ms, fn, ...)
  local args = table.pack(...)
  socketio.setTimeout(function()
    fn(table.unpack(args, 1, args.n))
  end, ms)
end

local function namespaces(server)
  local function all(nsp)
    nsp:on("connection", function(socket)
      serve(server, socket)
    end)
  end
  local function tell(name, next)
    return function(socket, go)
      log(socket.handshake.query.tag, name, socket.nsp.name, socket.connected)
      next(socket, go)
    end
  end
  local function guard(name, fn)
    local nsp = server:of(name)
    nsp:use(fn)
    all(nsp)
  end
  all(server)
  server:on("connect", function(socket)
    log(socket.handshake.query.tag, "connect", socket.nsp.name)
  end)
  all(server:of "/one")
  all(server:of "two")

  local chain = server:of "/chain"
  chain:use(tell("first", function(_, next)
    next()
  end))
  chain:use(tell("second", function(_, next)
    later(5, next)
  end))
  chain:use(tell("third", function(socket, next)
    socket:join "early"
    socket:emit("early", 1)
    next(socket.handshake.auth.refuse and refusal "refused" or nil)
  end))
  chain:use(tell("fourth", function(_, next)
    next()
  end))
  all(chain)
  chain:on("connection", guarded)

  guard("/deny", function(_, next)
    next(refusal("denied", { list = { 1, "two" } }))
  end)
  guard("/deny-text", function(_, next)
    next "plainly denied"
  end)
  guard("/deny-later", function(_, next)
    later(5, next, refusal("later", "text"))
  end)
  guard("/slow", tell("slow", function(_, next)
    later(500, next)
  end))
  guard("/twice", function(_, next)
    next()
    next()
  end)
  guard("/leaves", function(socket, next)
    socket:disconnect()
    next()
  end)
  guard("/closes", function(socket, next)
    socket.conn:close()
    next()
  end)

  local made = server:of(socketio.pattern "^/made%-")
  made:use(tell("parent middleware", function(socket, next)
    next(socket.handshake.auth.refuse and refusal "refused" or nil)
  end))
  all(made)
  all(server:of(function(name, auth, next)
    auth = auth or {}
    log(auth.tag, "asked", name)
    local asked = name:find("^/asked%-") ~= nil
    if auth.later then
      later(300, next, nil, asked)
    elseif auth.error then
      next("no", true)
    else
      next(nil, asked)
    end
  end))
  server:on("new_namespace", function(nsp)
    log(nsp.name:match "%-([^-]+)", "new namespace", nsp.name)
  end)
end

-- === Starting ================================================================================

local function echo(engine)
  engine:on("connection", function(conn)
    conn:send "welcome"
    conn:on("message", function(data)
      if data == "close" then
        conn:close()
      elseif data == "bytes" then
        conn:send(socketio.binary "\1\2\3")
      elseif data == "last words" then
        conn:send("one"):send("two"):close()
      else
        conn:send(data)
      end
    end)
  end)
end

local running = {}

-- What the scenarios make fail is no news.
local function complain(message, traceback)
  if not message:find "no id today" then
    io.stderr:write(traceback, "\n")
  end
end

local function start(name, spec)
  local options = real(spec.options or {})
  options.onError = complain
  local server = (spec.kind == "engine" and socketio.Engine or socketio.Server)(options)
  local engine = spec.kind == "engine" and server or server.engine
  running[name] = { server = server, engine = engine }
  watch(engine)
  if spec.kind == "engine" then
    echo(engine)
  else
    namespaces(server)
  end
  for _, extra in ipairs(spec.with or {}) do
    special[extra](engine)
  end
  assert(server:listen "127.0.0.1:0")
  print(("listening\t%s %d"):format(name, server:address().port))
end

local control = socketio.createServer()

local commands = {
  mark = function(query)
    log(query.tag, "mark")
  end,
  count = function(query)
    return running[query.server].engine.clientsCount
  end,
  close = function(query)
    running[query.server].server:close(function()
      log(query.tag, "closed")
    end)
  end,
  tell = function(query)
    local to = running[query.server].server:of(query.nsp or "/")
    to = query.except and to:except(query.except) or to
    to = query.volatile and to.volatile or to
    to = query.room and to:to(query.room) or to
    to:emit("told", query.what)
  end,
  quit = function() -- after the answer
    socketio.setTimeout(function()
      for _, one in pairs(running) do
        one.server:close()
      end
      control:close()
    end, 10)
  end,
}

for name, spec in pairs(assert(load("return " .. arg[1], "=servers", "t", {}))()) do
  start(name, spec)
end
control:on("request", function(req, res)
  res:send(tostring(commands[req.path:sub(2)](req.query) or ""))
end)
assert(control:listen "127.0.0.1:0")
print("listening\tcontrol " .. control:address().port)
socketio.run()
