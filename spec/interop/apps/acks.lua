-- Acknowledgements both ways, with timeouts, by callback and by waiting, of one and of many.
local socketio = require "socketio"
local control = require "control"

local io = socketio.Server()
local report = control.reporter(io)

io:on("connection", function(socket)
  socket:on("join", function(room, done)
    socket:join(room)
    done()
  end)

  -- What the client asks.
  socket:on("values", function(done)
    done("text", nil, 42, 1.5, { a = { 1, socketio.null } }, socketio.array {}, nil)
  end)
  socket:on("bytes", function(bytes, done)
    done(bytes, { again = bytes })
  end)
  socket:on("nothing", function(done)
    done()
  end)
  socket:on("double", function(n, done)
    done(n * 2)
  end)
  socket:on("twice", function(done)
    done "first"
    done "second"
  end)
  socket:on("later", function(ms, done)
    socketio.sleep(ms)
    done("later", ms)
  end)
  -- Three questions, answered last first.
  local held = {}
  socket:on("hold", function(value, done)
    table.insert(held, 1, function()
      done(value)
    end)
    if #held == 3 then
      for _, answer in ipairs(held) do
        answer()
      end
    end
  end)
  socket:on("never", function() end)
  socket:on("after the end", function(done)
    socket:once("disconnect", function()
      report("late acknowledgement", pcall(done, "nobody hears"))
    end)
    socket:disconnect()
  end)

  -- What the server asks.
  socket:on("ask", function(value, done)
    done(socket:emitWithAck("question", value))
  end)
  socket:on("ask by callback", function(value, done)
    socket:emit("question", value, function(...)
      done(...)
    end)
  end)
  socket:on("ask in time", function(ms, done)
    local answer, err = socket:timeout(ms):emitWithAck("question", ms)
    done(answer, err)
  end)
  socket:on("ask in time by callback", function(ms, done)
    socket:timeout(ms):emit("question", ms, function(err, answer)
      done(answer, err)
    end)
  end)
  socket:on("ask many", function(count, done)
    local answers, left = {}, count
    for i = 1, count do
      socket:emit("question", i, function(answer)
        answers[i] = answer
        left = left - 1
        if left == 0 then
          done(answers)
        end
      end)
    end
  end)
  socket:on("ask, then lose", function(ms)
    local answer, err = socket:timeout(ms):emitWithAck("question", ms)
    report("lost", socket.id, answer, err)
  end)

  -- What the server asks of many.
  socket:on("ask room", function(room, ms, value, done)
    local answers, err, partial = io:to(room):timeout(ms):emitWithAck("question", value)
    done(answers, err, partial)
  end)
  socket:on("ask room by callback", function(room, ms, value, done)
    io:to(room):timeout(ms):emit("question", value, function(err, answers)
      done(answers, err)
    end)
  end)
  socket:on("ask others", function(room, ms, value, done)
    local others = socket.broadcast:to(room):timeout(ms)
    local answers, err, partial = others:emitWithAck("question", value)
    done(answers, err, partial)
  end)
end)

-- A namespace of its own, to ask everybody in it.
local everybody = io:of "/everybody"
everybody:on("connection", function(socket)
  socket:on("ask everybody", function(ms, done)
    everybody:timeout(ms):emit("question", 1, function(err, answers)
      done(answers, err)
    end)
  end)
end)

control.serve(io)
