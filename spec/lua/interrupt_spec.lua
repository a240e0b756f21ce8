-- Ctrl-C ends a program, whether its server is idle or at work.

-- Runs a program, interrupts it once it has printed "ready"; returns its output and exit status.
local function interrupted(program)
  local out = os.tmpname()
  local script = os.tmpname()
  local file = assert(io.open(script, "w"))
  file:write(program)
  file:close()
  local command = ([[lua5.4 %s > %s 2>&1 & p=$!
    while ! grep -q ready %s && kill -0 $p 2> /dev/null; do sleep 0.01; done
    kill -INT $p; wait $p; echo $?]]):format(script, out, out)
  local pipe = assert(io.popen(command))
  local status = tonumber(pipe:read("a"))
  pipe:close()
  file = assert(io.open(out))
  local text = file:read("a")
  file:close()
  os.remove(script)
  os.remove(out)
  return text, status
end

describe("Ctrl-C", function()
  it("ends an idle server", function()
    local text, status = interrupted [[
      local socketio = require "socketio"
      local server = socketio.Server("127.0.0.1:0")
      io.stdout:setvbuf "no"
      print "ready"
      socketio.run()
    ]]
    assert.matches("interrupted!", text)
    assert.equal(1, status)
  end)

  it("ends a server that never rests", function()
    local text, status = interrupted [[
      local socketio = require "socketio"
      io.stdout:setvbuf "no"
      local server = socketio.Server("127.0.0.1:0")
      local function again()
        socketio.setTimeout(again, 1)
      end
      for _ = 1, 100 do
        again()
      end
      print "ready"
      socketio.run()
    ]]
    assert.matches("interrupted!", text)
    assert.equal(1, status)
  end)
end)
