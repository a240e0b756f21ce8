--- A parent namespace, made by io:of(pattern) or io:of(function): its middlewares and listeners are
-- given to each namespace that is made for a client, and its emits reach all of these children.
-- Private fields: those of a namespace; _matcher (the pattern or function).

local adapter = require("socketio.adapter.parent")
local check = require("socketio.check")
local events = require("socketio.events")
local namespace = require("socketio.namespace")
local object = require("socketio.object")
local pattern = require("socketio.pattern")
local tasks = require("socketio.tasks")

local parent = {}

local Parent = {}

for _, name in ipairs({
  "fetchSockets", "allSockets", "emitWithAck", "serverSideEmit", "serverSideEmitWithAck",
}) do
  Parent[name] = function()
    check.raise(name .. "() is not supported on parent namespaces")
  end
end

--- The child of that name, made if there is none.
function Parent:_child(name)
  local child = self.server:_namespace(name, function(nsp)
    rawset(nsp, "_uses", self._uses)
    events.copy(self, nsp)
    rawset(nsp, "_parent", self)
  end)
  self.children[name] = child
  return child
end

--- A child has gone.
function Parent:_orphan(name)
  self.children[name] = nil
end

--- Does it take a client that asks for name? Calls decide(allowed), now or later.
function Parent:_ask(name, auth, decide)
  if pattern.is(self._matcher) then
    decide(self._matcher:matches(name))
    return
  end
  local decided = false
  local function once(allowed)
    if not decided then
      decided = true
      decide(allowed)
    end
  end
  local scope = {
    _fail = function(_, ...)
      self:_fail(...)
      once(false)
    end,
  }
  tasks.run(scope, "middleware", nil, self._matcher, name, auth, function(err, allow)
    once(check.given(err) == nil and check.given(allow) and true or false)
  end)
end

local meta

--- A parent namespace on server for the names that matcher, a pattern or a function (name, auth,
-- next), takes.
function parent.new(server, matcher)
  server._parent_count = (server._parent_count or 0) + 1
  local self = setmetatable({
    name = "/_" .. server._parent_count - 1,
    server = server,
    sockets = {},
    children = {},
    _matcher = matcher,
    _uses = {},
  }, meta)
  rawset(self, "adapter", adapter(self))
  return self
end

--- Finds who takes a client that asks for an unknown name: calls found(child), or found(nil).
function parent.find(parents, name, auth, found)
  local function try(i)
    local candidate = parents[i]
    if not candidate then
      found(nil)
      return
    end
    candidate:_ask(name, auth, function(allowed)
      if allowed then
        found(candidate:_child(name))
      else
        try(i + 1)
      end
    end)
  end
  try(1)
end

--- The parent by pattern that takes a static name, or nil.
function parent.of(parents, name)
  for _, candidate in ipairs(parents) do
    if pattern.is(candidate._matcher) and candidate._matcher:matches(name) then
      return candidate
    end
  end
end

--- What CONNECT_ERROR says of a namespace that nobody takes.
parent.UNKNOWN = "Invalid namespace"

meta = object.class("socketio.ParentNamespace", object.extend(Parent, namespace.methods),
  namespace.getters)

return parent
