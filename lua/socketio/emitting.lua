--- What every emit has in common: the names it refuses, the callback at its end.

local core = require("socketio.core")
local check = require("socketio.check")
local tasks = require("socketio.tasks")

local emitting = {}

emitting.TIMEOUT = "operation has timed out"
emitting.none = {} -- shared by all emits without flags, or without rooms: never written to

local RESERVED = core.reserved

--- Raises unless event may be emitted by method: a string, or a number.
function emitting.check_event(method, event)
  if type(event) ~= "string" and type(event) ~= "number" then
    check.fail(1, method, "event name", event)
  end
  if RESERVED[event] then
    check.raise(("bad argument #1 to '%s' (%q is a reserved event name)"):format(method, event))
  end
end

--- Encodes an event and sends it to the sockets of this process: what broadcasts come to. rooms and
-- except are lists of names, id that of its acknowledgements or nil. Raises, and nothing is sent,
-- for a value that has no form on the wire.
function emitting.broadcast(nsp, rooms, except, flags, id, ...)
  local problem = nsp._handle:broadcast(rooms, except, flags.volatile, flags.compress, id, ...)
  if problem then
    check.raise(problem)
  end
  if nsp._outgoing > 0 then
    nsp:_tell_outgoing(rooms, except, ...)
  end
end

--- The n values without the last.
function emitting.all_but_last(n, ...)
  if n <= 1 then
    return
  end
  local values = { ... }
  return table.unpack(values, 1, n - 1)
end

--- Calls start(answered, ...) with the arguments, where answered(err, result) is to be called once.
-- If the last argument is a function, that is called back; otherwise the running coroutine waits:
-- returns result, or nil, err and result when there was an error.
function emitting.with_answer(method, start, ...)
  local n = select("#", ...)
  local last = n > 0 and select(n, ...)
  if type(last) == "function" then
    start(last, emitting.all_but_last(n, ...))
    return
  end
  local args = table.pack(...)
  local err, result = tasks.await(method, function(done)
    start(done, table.unpack(args, 1, args.n))
  end)
  if err ~= nil then
    return nil, err, result
  end
  return result
end

return emitting
