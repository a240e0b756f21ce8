-- Listeners of every kind, middlewares for packets, errors in handlers, handlers that wait.
local socketio = require "socketio"
local control = require "control"

local report
local io = socketio.Server {
  onError = function(message, traceback, context)
    report("failure", message, type(traceback), context.phase, context.event)
  end,
}
report = control.reporter(io)

io:on("connection", function(socket)
  local log = socketio.array {}
  local function note(entry)
    table.insert(log, entry)
  end
  socket:on("log", function(done)
    done(log)
    log = socketio.array {}
  end)

  -- Catch-all listeners.
  local any = {}
  for _, name in ipairs { "first", "second", "prepended" } do
    any[name] = function(event, ...)
      if event ~= "log" and event ~= "any" then
        note { name, event, ... }
      end
    end
  end
  socket:on("any", function(what, done)
    if what == "on" then
      socket:onAny(any.first)
      socket:onAny(any.second)
      socket:prependAny(any.prepended)
    elseif what == "off one" then
      socket:offAny(any.first)
    elseif what == "off" then
      socket:offAny()
    end
    done(#socket:listenersAny())
  end)
  local outgoing = {}
  for _, name in ipairs { "first", "second", "prepended" } do
    outgoing[name] = function(event, ...)
      note { name, event, ... }
    end
  end
  socket:on("any outgoing", function(what, done)
    if what == "on" then
      socket:onAnyOutgoing(outgoing.first)
      socket:onAnyOutgoing(outgoing.second)
      socket:prependAnyOutgoing(outgoing.prepended)
    elseif what == "off one" then
      socket:offAnyOutgoing(outgoing.first)
    elseif what == "off" then
      socket:offAnyOutgoing()
    end
    done(#socket:listenersAnyOutgoing())
  end)
  socket:on("emit back", function(...)
    socket:emit(...)
  end)
  socket:on("broadcast back", function(...)
    io:to(socket.id):emit(...)
  end)
  socket:on("ask back", function(done)
    done(socket:emitWithAck("question", 1))
  end)

  -- Middlewares for packets.
  local release
  socket:on("release", function()
    release()
  end)
  socket:use(function(event, next)
    if event[1] == "forbidden" then
      return next "may not be sent"
    elseif event[1] == "changed" then
      event[2] = event[2] .. ", changed"
    elseif event[1] == "delayed" then
      socketio.sleep(20)
    elseif event[1] == "held" then
      release = next
      return
    end
    next()
  end)
  socket:use(function(event, next)
    if event[1] == "changed" then
      event[2] = event[2] .. " twice"
    end
    next()
  end)
  socket:on("error", function(err)
    note { "error", type(err) == "table" and err.message or err }
  end)
  for _, name in ipairs { "forbidden", "changed", "delayed", "held" } do
    socket:on(name, function(value, done)
      note { "handled", name, value }
      if done then
        done(value)
      end
    end)
  end

  -- Adding and removing.
  socket:once("once", function(value)
    note { "once", value }
  end)
  socket:on("twice heard", function(value)
    note { "one", value }
  end)
  socket:on("twice heard", function(value)
    note { "two", value }
  end)
  local function counted()
    note "counted"
  end
  socket:on("counted", counted)
  socket:on("stop counting", function(done)
    local before = socket:listenerCount "counted"
    socket:off("counted", counted)
    done(before, socket:listenerCount "counted", #socket:listeners "twice heard")
  end)
  socket:on("forget", function(name, done)
    socket:removeAllListeners(name)
    local known = false
    for _, event in ipairs(socket:eventNames()) do
      known = known or event == name
    end
    done(known)
  end)
  socket:on("7", function(value, done)
    done(value)
  end)

  -- Failures.
  socket:on("fail", function(message)
    error(message, 0)
  end)
  socket:on("fail after waiting", function(message)
    socketio.sleep(1)
    error(message, 0)
  end)
  socket:on("fail in acknowledgement", function(message)
    socket:emit("question", 1, function()
      error(message, 0)
    end)
  end)
  socket:on("fail in timer", function(message)
    socketio.setTimeout(function()
      error(message, 0)
    end, 1)
  end)
  socket:on("emit reserved", function(done)
    local refused = socketio.array {}
    for _, name in ipairs { "connect", "connect_error", "disconnect", "disconnecting" } do
      if not pcall(socket.emit, socket, name, 1) then
        table.insert(refused, name)
      end
    end
    done(refused)
  end)

  -- Handlers that wait while others run.
  socket:on("sleep", function(ms, done)
    socketio.sleep(ms)
    done(ms)
  end)
  socket:on("sleepers", function(times, done)
    local woken = socketio.array {}
    for _, ms in ipairs(times) do
      socketio.spawn(function()
        socketio.sleep(ms)
        table.insert(woken, ms)
        if #woken == #times then
          done(woken)
        end
      end)
    end
  end)
  socket:on("question first", function(done)
    note "asking"
    local answer = socket:emitWithAck "question"
    note { "answer", answer }
    done(answer)
  end)
  socket:on("several waits", function(done)
    local answers = {}
    for i = 1, 5 do
      socketio.sleep(1)
      answers[i] = socket:emitWithAck("question", i) + #io:to(socket.id):fetchSockets()
    end
    done(answers)
  end)
  socket:on("quick", function(done)
    note "quick"
    done "quick"
  end)
end)

-- The same with a dot, as JavaScript writes it.
local dotted = io.of "/dotted"
dotted.use(function(socket, next)
  socket.username = socket.handshake.auth.name
  next()
end)
dotted.on("connection", function(socket)
  local emit = socket.emit
  socket.join "dotted"
  socket.onAny(function(event)
    emit("seen", event)
  end)
  socket.on("hello", function(done)
    socket.broadcast.to("dotted").emit("joined", socket.username)
    dotted.to("dotted").except("nobody").emit("everyone", 1)
    local answer = socket.timeout(15000).emitWithAck("question", "dots")
    done(answer, #dotted.to("dotted").fetchSockets())
  end)
end)

control.serve(io)
