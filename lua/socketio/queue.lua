--- A queue: what is pushed first is popped first. Each element has a place, which it keeps.

local Queue = {}
Queue.__index = Queue

local queue = {}

function queue.new()
  return setmetatable({ _head = 1, _tail = 0 }, Queue)
end

--- Adds at the end; returns the place.
function Queue:push(value)
  self._tail = self._tail + 1
  self[self._tail] = value
  return self._tail
end

--- The oldest, or nil.
function Queue:first()
  return self[self._head]
end

--- Takes the oldest out; returns it. The queue must not be empty.
function Queue:pop()
  local value = self[self._head]
  self[self._head] = nil
  self._head = self._head + 1
  return value
end

--- How many there are.
function Queue:count()
  return self._tail - self._head + 1
end

--- Iterates over the newest for which is_new(value) is true, the oldest of them first.
function Queue:newest(is_new)
  local i = self._tail
  while i >= self._head and is_new(self[i]) do
    i = i - 1
  end
  return function()
    i = i + 1
    return self[i]
  end
end

return queue
