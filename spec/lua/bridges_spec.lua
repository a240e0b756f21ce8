-- The loops of luv and cqueues turn ours: require "socketio.luv", require "socketio.cqueues". Each
-- program runs in a process of its own, and ends by itself when neither loop has anything to do.
local support = require "support"

-- The start of each program: a server that answers, and a request for it.
local SERVER = [[
  local socketio = require "socketio"
  local server = assert(socketio.Server():listen "127.0.0.1:0")
  local port = server:address().port
  server.httpServer:on("request", function(req, res)
    socketio.sleep(5)
    res:send("hello " .. req.path)
  end)
  local REQUEST = "GET /there HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
  local function done(answer)
    print(answer:match "\r\n\r\n(.*)")
    server:close(function() print "closed" end)
  end
]]

local function prints(expected, text, ...)
  local code, out, err = support.program(SERVER .. text, ...)
  assert.same({ 0, expected, "" }, { code, out, err })
end

describe("socketio.luv", function()
  it("serves while luv's loop runs, which ends when all is done", function()
    prints("timer\nhello /there\nclosed\nend\n", [[
      local uv = require "luv"
      require "socketio.luv".attach()
      socketio.setTimeout(function()
        print "timer"
        local client, answer = uv.new_tcp(), ""
        client:connect("127.0.0.1", port, function()
          client:write(REQUEST)
          client:read_start(function(_, chunk)
            answer = answer .. (chunk or "")
            if not chunk then
              client:close()
              done(answer)
            end
          end)
        end)
      end, 20)
      uv.run()
      print "end"
    ]])
  end)

  it("lets luv's own handles keep the loop, and ours", function()
    prints("ours\nluv's\nend\n", [[
      local uv = require "luv"
      require "socketio.luv".attach()
      server:close()
      socketio.setTimeout(function() print "ours" end, 1)
      local timer = uv.new_timer()
      timer:start(30, 0, function()
        print "luv's"
        timer:close()
      end)
      uv.run()
      print "end"
    ]])
  end)

  it("detaches", function()
    prints("end\n", [[
      local uv = require "luv"
      local detach = require "socketio.luv".attach()
      socketio.setTimeout(print, 1, "never")
      detach()
      detach()
      uv.run()
      print "end"
      os.exit(true, true)
    ]])
  end)
end)

describe("socketio.cqueues", function()
  it("serves while the controller loops, which ends when all is done", function()
    prints("timer\nhello /there\nclosed\nend\n", [[
      local cqueues, socket = require "cqueues", require "cqueues.socket"
      local cq = require "socketio.cqueues".wrap(cqueues.new())
      socketio.setTimeout(print, 1, "timer")
      cq:wrap(function()
        cqueues.sleep(0.05)
        local client = socket.connect("127.0.0.1", port)
        client:setmode("bn", "bn")
        client:write(REQUEST)
        local answer = client:read "*a"
        client:close()
        done(answer)
      end)
      assert(cq:loop())
      print "end"
    ]])
  end)
end)

describe("SOCKETIO_DEBUG", function()
  local PROGRAM = [[
    local socket = require "socket".connect("127.0.0.1", port)
    socket:send "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n\r\n"
    local opened
    server.engine:on("connection", function() opened = true end)
    while not opened do socketio.step() end
  ]]

  local function logged(areas)
    local code, out, err = support.program(SERVER .. PROGRAM, { SOCKETIO_DEBUG = areas })
    assert.same({ 0, "" }, { code, out })
    local seen = {}
    for line in err:gmatch "[^\n]+" do
      seen[assert(line:match "^socketio:(%w+) .", line)] = true
    end
    return seen
  end

  it("tells on standard error what happens, all of it", function()
    assert.is_true(logged "*".engine)
  end)

  it("or in some areas", function()
    assert.same({ engine = true }, logged "engine")
    assert.same({ engine = true }, logged "other, engine")
    assert.same({}, logged "other")
  end)

  it("is silent without", function()
    assert.same({}, logged(nil))
  end)
end)
