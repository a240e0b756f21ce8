-- Wrong calls: what the error says, where it points to, and that nothing was sent.
local socketio = require "socketio"

local support = require "support"

-- fn must raise message, at a line of this file.
local function raises(message, fn)
  local ok, got = pcall(fn)
  assert.is_false(ok, "no error: " .. message)
  assert.equal("string", type(got))
  local place, text = got:match "^(.-): (.*)$"
  assert.matches("arguments_spec%.lua:%d+$", place, nil, nil, got)
  assert.equal(message, text)
end

after_each(support.clean)

describe("the module refuses", function()
  it("what is no target and no options", function()
    raises("bad argument #1 to 'Server' (port, address, HTTP server or table of options "
      .. "expected, got boolean)",
      function() socketio.Server(true) end)
    raises("bad argument #2 to 'Server' (table of options expected, got number)",
      function() socketio.Server(0, 1) end)
    raises("bad argument #1 to 'createServer' (table of options expected, got number)",
      function() socketio.createServer(1) end)
  end)

  it("values that do not fit", function()
    raises("bad argument #1 to 'pattern' (Lua pattern expected, got nil)", function()
      socketio.pattern()
    end)
    raises("bad argument #1 to 'pattern' (malformed pattern (missing ']'))", function()
      socketio.pattern "["
    end)
    raises("bad argument #1 to 'setTimeout' (function expected, got nil)", function()
      socketio.setTimeout()
    end)
    raises("bad argument #2 to 'setTimeout' (number of milliseconds expected, got string)",
      function() socketio.setTimeout(print, "5") end)
    raises("bad argument #2 to 'setInterval' (number of milliseconds expected, got number)",
      function() socketio.setInterval(print, 0 / 0) end)
    raises("bad argument #1 to 'clearTimeout' (timer expected, got number)", function()
      socketio.clearTimeout(1)
    end)
    raises("bad argument #1 to 'sleep' (number of milliseconds expected, got nil)", function()
      socketio.sleep()
    end)
    raises("bad argument #1 to 'spawn' (function expected, got table)", function()
      socketio.spawn {}
    end)
    raises("bad argument #1 to 'array' (table expected, got string)", function()
      socketio.array "x"
    end)
    raises("bad argument #1 to 'run' (invalid option 'twice')", function() socketio.run "twice" end)
    raises("bad argument #1 to 'poll' (milliseconds expected, a number of at least 0)",
      function() socketio.poll(-1) end)
  end)
end)

describe("an emit refuses", function()
  local io, client, socket, objects

  before_each(function()
    io = support.server()
    client, socket = support.pair(io)
    objects = { io, io.sockets, io:to(socket.id), socket, io:timeout(10), socket.compress(true) }
  end)

  local function each(message, ...)
    local args = table.pack(...)
    for _, object in ipairs(objects) do
      raises(message, function() object:emit(table.unpack(args, 1, args.n)) end)
      raises(message, function() object.emit(table.unpack(args, 1, args.n)) end)
    end
    assert.same({}, client:sync())
  end

  it("what is no name", function()
    each "bad argument #1 to 'emit' (event name expected, got nil)"
    each("bad argument #1 to 'emit' (event name expected, got table)", {})
    each("bad argument #1 to 'emit' (event name expected, got boolean)", true, 1)
  end)

  it("reserved names", function()
    for _, name in ipairs { "connect", "connect_error", "disconnect", "disconnecting",
      "newListener", "removeListener" } do
      each(("bad argument #1 to 'emit' (%q is a reserved event name)"):format(name), name, 1)
    end
  end)

  it("values that cannot be sent, and names their place", function()
    local cycle = {}
    cycle.me = cycle
    each("cannot encode a function at args[2].user.name", "e", 1, { user = { name = print } })
    each("cannot encode a thread at args[1]", "e", coroutine.create(print), 1)
    each("cannot encode a cycle at args[1].me", "e", cycle)
    each("cannot encode a string that is not valid UTF-8 at args[1]; socketio.binary(s) sends "
      .. "bytes", "e", "\xff")
    each("cannot encode a boolean as a key at args[1]", "e", { [true] = 1 })
  end)

  it("the same in emitWithAck, before it waits", function()
    socket:on("go", function(done)
      local _, first = pcall(socket.emitWithAck, "connect")
      local _, second = pcall(socket.emitWithAck, "e", print)
      done(first, second)
    end)
    for _, object in ipairs { io, io.sockets, io:to(socket.id), socket } do
      raises("bad argument #1 to 'emitWithAck' (event name expected, got nil)", function()
        object:emitWithAck()
      end)
      raises("cannot encode a function at args[1]", function() object:emitWithAck("e", print,
        function() end) end)
    end
    local first, second = client:call "go"
    assert.matches("\"connect\" is a reserved event name", first)
    -- The last argument is a function: it is taken for the callback.
    assert.is_nil(second)
    client:expect "e"
    assert.same({}, client:sync())
  end)

  it("an acknowledgement that cannot be sent, which may be repeated", function()
    local message
    socket:on("q", function(done)
      message = select(2, pcall(done, 1, print))
      done "better"
    end)
    assert.equal("better", client:call "q")
    assert.matches("cannot encode a function at args%[2%]$", message)
  end)
end)

describe("listeners", function()
  it("are functions, of events with a name", function()
    local io = support.server()
    local _, socket = support.pair(io)
    for _, object in ipairs { io, io.sockets, socket, socket.conn, io.sockets.adapter,
      io.httpServer } do
      for _, method in ipairs { "on", "once", "addListener", "prependListener",
        "prependOnceListener" } do
        raises(("bad argument #1 to '%s' (event name expected, got nil)"):format(method),
          function() object[method](object) end)
        raises(("bad argument #2 to '%s' (function expected, got nil)"):format(method),
          function() object[method](object, "e") end)
        raises(("bad argument #2 to '%s' (function expected, got string)"):format(method),
          function() object[method]("e", "f") end)
      end
    end
    for _, method in ipairs { "onAny", "prependAny", "onAnyOutgoing", "prependAnyOutgoing",
      "use" } do
      raises(("bad argument #1 to '%s' (function expected, got nil)"):format(method),
        function() socket[method](socket) end)
    end
    raises("bad argument #1 to 'use' (function expected, got nil)", function() io:use() end)
    assert.equal(0, io:listenerCount "e")
  end)
end)

describe("rooms", function()
  it("are names or lists of names", function()
    local io = support.server()
    local _, socket = support.pair(io)
    local of = {
      [io] = { "to", "in_", "except", "socketsJoin", "socketsLeave" },
      [io:to "a"] = { "to", "in_", "except", "socketsJoin", "socketsLeave" },
      [socket] = { "to", "in_", "except", "join", "leave" },
    }
    for object, methods in pairs(of) do
      for _, method in ipairs(methods) do
        local function refused(what, ...)
          local args = table.pack(object, ...)
          raises(("bad argument #1 to '%s' (%s)"):format(method, what), function()
            object[method](table.unpack(args, 1, args.n))
          end)
        end
        refused "room or list of rooms expected, got nil"
        refused("room or list of rooms expected, got table", { a = true })
        refused("room expected at index 2 of the list, got boolean", { "a", true })
      end
    end
    assert.same({ [socket.id] = true }, socket.rooms)
  end)
end)

describe("other arguments", function()
  it("of sockets and operators", function()
    local io = support.server()
    local client, socket = support.pair(io)
    for _, object in ipairs { io, io.sockets, io:to "a", socket } do
      raises("bad argument #1 to 'timeout' (number of milliseconds expected, got nil)",
        function() object:timeout() end)
      raises("bad argument #1 to 'timeout' (number of milliseconds expected, got number)",
        function() object:timeout(-1) end)
    end
    raises("bad argument #1 to 'fetchSockets' (function expected, got number)", function()
      io:fetchSockets(1)
    end)
    raises("bad argument #1 to 'allSockets' (function expected, got table)", function()
      io:allSockets {}
    end)
    raises("bad argument #1 to 'close' (function expected, got number)", function() io:close(1) end)
    assert.is_true(socket.connected)
    assert.same({}, client:sync())
  end)

  it("of the server", function()
    local io = support.server()
    raises("bad argument #1 to 'of' (namespace's name, pattern or function expected, got nil)",
      function() io:of() end)
    raises("bad argument #2 to 'of' (function expected, got number)", function()
      io:of("/new", 1)
    end)
    assert.is_nil(io._nsps["/new"])
    raises('bad argument #1 to \'listen\' (port, "host:port" or "unix:/path" expected, got nil)',
      function() io:listen() end)
    raises('bad argument #1 to \'listen\' (port, "host:port" or "unix:/path" expected, got number)',
      function() io:listen(1.5) end)
    raises("bad argument #2 to 'listen' (table of options expected, got number)",
      function() socketio.Server():listen(0, 1) end)
  end)

  it("of HTTP", function()
    local http = support.adopt(socketio.createServer())
    raises('bad argument #1 to \'static\' (path that begins with "/" expected, got string)',
      function() http:static("x", ".") end)
    raises("bad argument #2 to 'static' (folder expected, got nil)", function()
      http:static "/x"
    end)
    raises("bad argument #2 to 'static' (/no/such/folder: no such folder)",
      function() http:static("/x", "/no/such/folder") end)
    assert(http:listen "127.0.0.1:0")
    http:on("request", function(req, res)
      raises("bad argument #1 to 'status' (status code expected, got string)", function()
        res:status "200"
      end)
      raises("bad argument #1 to 'send' (string expected, got table)", function() res:send {} end)
      raises("bad argument #1 to 'write' (string expected, got nil)", function() res:write() end)
      raises("bad argument #1 to 'finish' (string expected, got table)", function()
        res:finish {}
      end)
      raises("bad argument #1 to 'sendFile' (path expected, got nil)", function()
        res:sendFile()
      end)
      raises("bad argument #1 to 'set' (header name expected, got nil)", function() res:set() end)
      raises("bad argument #1 to 'text' (function expected, got string)", function()
        req:text "now"
      end)
      raises("bad argument #1 to 'json' (function expected, got string)", function()
        req:json "now"
      end)
      raises("cannot encode a function at value", function() res:json(print) end)
      res:send "all refused"
    end)
    assert.equal("all refused", support.request(http, "GET", "/").body)
  end)
end)

describe("waiting outside of a coroutine", function()
  it("is an error that gives the remedy", function()
    local io = support.server()
    local client, socket = support.pair(io)
    local function message(method)
      return ("'%s' waits for its result, which needs a coroutine: call it in a handler or in "
        .. "socketio.spawn, or "
        .. "give a function as the last argument"):format(method)
    end
    raises(message "emitWithAck", function() socket:emitWithAck "q" end)
    raises(message "emitWithAck", function() io:emitWithAck "q" end)
    raises(message "emitWithAck", function() io:timeout(5):emitWithAck("q", 1) end)
    raises(message "sleep", function() socketio.sleep(1) end)
    assert.same({}, client:sync())
  end)
end)
