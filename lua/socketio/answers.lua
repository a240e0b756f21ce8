--- The answers of many clients, perhaps of many servers, to one broadcast.

local core = require("socketio.core")
local emitting = require("socketio.emitting")
local tasks = require("socketio.tasks")

local answers = {}

-- What one broadcast waits for: `expected` clients in all once each of `servers` has told how many
-- it has.
local Collection = {}
Collection.__index = Collection

local function finish(self, err)
  if self.ended then
    return
  end
  self.ended = true
  if self.timer then
    self.timer:stop()
  end
  if err ~= nil and self.give_up then
    self.give_up()
  end
  self.done(err, self.list)
end

local function check(self)
  if self.told == self.servers and #self.list == self.expected then
    finish(self, nil)
  end
end

function Collection:counted(clients)
  self.told = self.told + 1
  self.expected = self.expected + clients
  check(self)
end

function Collection:answered(value)
  self.list[#self.list + 1] = value == nil and core.null or value
  check(self)
end

function Collection:gone()
  self.expected = self.expected - 1
  check(self)
end

local function bound(self, method)
  return function(...)
    if not self.ended then
      method(self, ...)
    end
  end
end

-- Asks how many servers there are, which may take its time.
local function count_servers(self, nsp, event)
  tasks.run(nsp, "acknowledgement", event, function()
    local servers, err = nsp.adapter:serverCount()
    self.servers = servers
    if servers then
      check(self)
    else
      finish(self, err)
    end
  end)
end

local function start_timer(self, nsp, event, ms)
  self.timer = core.timer(function()
    tasks.run(nsp, "acknowledgement", event, finish, self, emitting.TIMEOUT)
  end, ms, false)
end

--- Broadcasts packet in nsp. done(err, list) is called once, with the first value of each answer
-- (null for none), when all have answered or opts.flags.timeout (ms) is over. Without a timeout, a
-- client of this process that leaves is no longer waited for.
function answers.collect(nsp, packet, opts, done)
  local self = setmetatable({
    done = done,
    list = core.array({}),
    told = 0, -- servers that have told how many clients they have
    expected = 0,
  }, Collection)
  local timeout, event = opts.flags.timeout, packet.data[1]
  self.give_up = nsp.adapter:broadcastWithAck(packet, opts, bound(self, Collection.counted),
    bound(self, Collection.answered), not timeout and bound(self, Collection.gone) or nil)
  if timeout then
    start_timer(self, nsp, event, timeout)
  end
  count_servers(self, nsp, event)
end

return answers
