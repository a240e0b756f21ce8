--- A Socket.IO server.
-- Private fields: _core (the core's handle), _nsps (name to namespace), _http (the servers it is
-- attached to), _own (the one that it made), _are_closed (the adapters).

local core = require("socketio.core")
local check = require("socketio.check")
local conn = require("socketio.conn")
local engine = require("socketio.engine")
local events = require("socketio.events")
local http = require("socketio.http")
local namespace = require("socketio.namespace")
local object = require("socketio.object")
local options = require("socketio.options")
local parent = require("socketio.parent")
local parser = require("socketio.parser")
local pattern = require("socketio.pattern")
local tasks = require("socketio.tasks")

local Server, getters = {}, {}

-- === The main namespace ======================================================================

-- What would return the namespace, so that calls can be chained, returns the server.
for _, name in ipairs({
  "on", "once", "off", "removeAllListeners", "prependListener", "prependOnceListener",
  "addListener", "removeListener", "use", "send",
}) do
  local method = namespace.methods[name]
  Server[name] = function(self, ...)
    method(self.sockets, ...)
    return self
  end
end

for _, name in ipairs({
  "listeners", "listenerCount", "eventNames", "emit", "to", "in_", "in", "except", "compress",
  "timeout", "socketsJoin", "socketsLeave", "disconnectSockets", "fetchSockets", "allSockets",
  "emitWithAck", "serverSideEmit", "serverSideEmitWithAck",
}) do
  local method = namespace.methods[name]
  Server[name] = function(self, ...)
    return method(self.sockets, ...)
  end
end

for _, name in ipairs({ "volatile", "local_", "local" }) do
  getters[name] = function(self)
    return self.sockets[name]
  end
end

-- === Namespaces ==============================================================================

--- The namespace of that name, made when there is none; or, for a pattern or a function (name,
-- auth, next), a parent of the namespaces that clients ask for and it takes. fn listens to
-- "connection".
function Server:of(name, fn)
  if fn ~= nil then
    fn = check.fn(2, "of", fn)
  end
  local nsp
  if pattern.is(name) or check.callable(name) then
    nsp = parent.new(self, name)
    self._parents[#self._parents + 1] = nsp
  else
    nsp = self:_static(check.string(1, "of", name, "namespace's name, pattern or function"))
  end
  if fn ~= nil then
    nsp:on("connection", fn)
  end
  return nsp
end

function Server:_static(name)
  if name:sub(1, 1) ~= "/" then
    name = "/" .. name
  end
  local above = not self._nsps[name] and parent.of(self._parents, name)
  if above then
    return above:_child(name)
  end
  return self:_namespace(name)
end

--- The namespace of exactly that name; a new one is given to prepare before anybody hears of it.
function Server:_namespace(name, prepare)
  local nsp = self._nsps[name]
  if nsp then
    return nsp
  end
  nsp = namespace.new(self, name)
  self._nsps[name] = nsp
  if prepare then
    prepare(nsp)
  end
  if name ~= "/" then
    events.fire(self.sockets, "handler", "new_namespace", nsp)
  end
  return nsp
end

function Server:_forget_namespace(name)
  self._nsps[name] = nil
end

-- A client asks for a namespace that does not exist.
local function on_unknown(self, handle, name, auth)
  parent.find(self._parents, name, auth or {}, function(nsp)
    if not nsp then
      handle:refuse(parent.UNKNOWN)
    elseif handle:enter(nsp._handle) then
      nsp:_connect(handle, auth)
    else
      nsp:_clean_up() -- made for a client that has gone meanwhile
    end
  end)
end

local function hooks(self, origin)
  local all = namespace.hooks()
  for _, more in ipairs({
    conn.hooks(self), engine.hooks(self.engine), parser.hooks(self.opts.parser),
  }) do
    for name, fn in pairs(more) do
      all[name] = fn
    end
  end
  all.origin = origin and function(asked)
    local allowed = false
    tasks.run(self, "request", nil, function()
      allowed = origin(asked)
    end)
    return allowed
  end
  function all.unknown(...)
    on_unknown(self, ...)
  end
  return all
end

-- === Listening ===============================================================================

-- Tells the adapters of the namespaces that there are now: what they do may make others.
local function each_adapter(self, method)
  local nsps = {}
  for _, nsp in pairs(self._nsps) do
    nsps[#nsps + 1] = nsp
  end
  for _, nsp in ipairs(nsps) do
    nsp:_tell_adapter(method)
  end
end

local function attach(self, server)
  for _, known in ipairs(self._http) do
    if known == server then
      return
    end
  end
  if not server._report then
    rawset(server, "_report", function(...)
      self:_report(...)
    end)
  end
  if self.opts.destroyUpgrade then
    server:_limit_upgrades(self.opts.destroyUpgradeTimeout)
  end
  self._core:attach(server._http)
  self._http[#self._http + 1] = server
end

local IN_USE = "options cannot be changed once the server is listening or attached"

-- Options that are given with a target: those of the HTTP server, which are returned, and others,
-- of the server. What its constructor was given counts more than these.
local function take_options(self, method, given)
  if given ~= nil and type(given) ~= "table" then
    check.fail(2, method, "table of options", given)
  end
  local of_http, late = options.split(given)
  if next(late) ~= nil then
    for name, value in pairs(self._given) do
      late[name] = value
    end
    self:_configure(late)
  end
  return of_http
end

--- Answers Socket.IO's requests on an HTTP server, or listens on a port. Options may be given here,
-- too, before the first server or port; those of the constructor count more. Returns the server.
function Server:attach(target, given)
  if not http.is_server(target) then
    return Server.listen(self, target, given)
  end
  local of_http = take_options(self, "attach", given)
  if next(of_http) then
    check.raise(("option '%s' belongs to the HTTP server: give it to createServer"):format(
      next(of_http)))
  end
  attach(self, target)
  rawset(self, "httpServer", self.httpServer or target)
  return self
end

-- The HTTP server that listen made, or makes with these options.
local function own_server(self, of_http)
  if not self._own then
    for _, name in ipairs({ "headersTimeout", "requestTimeout", "maxHeaderSize" }) do
      if of_http[name] == nil then
        of_http[name] = self.opts[name]
      end
    end
    return http.createServer(of_http)
  end
  if next(of_http) then
    check.raise(IN_USE)
  end
  return self._own
end

--- Listens on a port (0: a free one), "host:port" or "unix:/path"; has bound when it returns. What
-- given says of tls is for this address alone, of limits of requests for the HTTP server that the
-- first call makes, the rest as in attach. Returns the server, or nil, a message that says what to
-- do, and a code: "EADDRINUSE".
function Server:listen(target, given)
  if http.is_server(target) then
    return Server.attach(self, target, given)
  end
  local of_http = take_options(self, "listen", given)
  local tls = of_http.tls
  if tls == nil then
    tls = self.opts.tls
  end
  of_http.tls = nil
  local server = own_server(self, of_http)
  local ok, message, code = server:listen(target, { tls = tls })
  if not ok then
    return nil, message, code
  end
  rawset(self, "_own", server)
  rawset(self, "httpServer", server)
  attach(self, server)
  self._core:reopen()
  if rawget(self, "_are_closed") then
    rawset(self, "_are_closed", false)
    each_adapter(self, "init")
  end
  return self
end

--- { address, family, port }, or nil when it does not listen.
function Server:address()
  return self.httpServer and self.httpServer:address()
end

local function close(self, fn)
  fn = fn ~= nil and check.fn(1, "close", fn) or nil
  self._core:close()
  if self.httpServer then
    return self.httpServer:close(fn)
  end
  if fn then
    tasks.run(self, "handler", "close", fn)
  end
end

--- Disconnects every client ("server shutting down") and stops listening; waits until the last
-- connection is closed, or calls fn then. Outside a coroutine and without fn it does not wait.
function Server:close(fn)
  fn = fn ~= nil and check.fn(1, "close", fn) or nil
  self._core:close()
  if not rawget(self, "_are_closed") then
    rawset(self, "_are_closed", true)
    each_adapter(self, "close")
  end
  return close(self, fn)
end

--- Speaks Socket.IO with the connections of an Engine.IO server from now on (those that it has stay
-- what they are). Its options hold, and it becomes io.engine. Returns the server.
function Server:bind(other)
  if type(other) ~= "table" or not other._attaches then
    check.fail(1, "bind", "engine made by socketio.Engine", other)
  end
  if #self._http > 0 then
    check.raise("a server that is listening or attached cannot be bound to an engine")
  end
  self._core:free()
  other._bound = true
  rawset(self, "engine", other)
  rawset(self, "_core", other._core)
  rawset(self, "_http", other._http)
  rawset(self, "httpServer", other.httpServer)
  self._core:hooks(hooks(self, other._origin))
  self._core:bind((options.core(self.opts)))
  for _, nsp in pairs(self._nsps) do
    nsp:_bind()
  end
  return self
end

--- The same as socketio.run and socketio.poll: one loop turns all servers.
function Server.run(_, mode)
  return core.run(mode)
end

function Server.poll(_, budget)
  return core.poll(budget)
end

-- === Options =================================================================================

-- A getter without an argument, a setter with one, as long as the server is not in use.
local function option(name)
  return function(self, value)
    if value == nil then
      return self.opts[name]
    end
    local given = {}
    for key, old in pairs(self._given) do
      given[key] = old
    end
    given[name] = value
    self:_configure(given)
    return self
  end
end

Server.path = option("path")
Server.serveClient = option("serveClient")
Server.connectTimeout = option("connectTimeout")
Server.adapter = option("adapter")

function Server:_configure(given)
  local opts = options.server(given)
  if #self._http > 0 or self.engine._bound then
    check.raise(IN_USE)
  end
  local core_options, origin = options.core(opts)
  if self._core then
    self._core:free()
  end
  rawset(self, "_given", given)
  rawset(self, "opts", opts)
  rawset(self, "_core", core.server(core_options, hooks(self, origin)))
  self.engine:_bind()
  for _, nsp in pairs(self._nsps) do
    nsp:_bind()
  end
end

-- === Errors ==================================================================================

local function place(context)
  local text = context.phase
  if context.event then
    text = text .. (" of %q"):format(context.event)
  end
  if context.socket then
    text = text .. (" (socket %s)"):format(context.socket.id)
  end
  return text
end

-- Tells the application's handler, or standard error.
local function report(handler, message, traceback, context)
  if handler then
    local ok, err = pcall(handler, tostring(message), traceback, context)
    if ok then
      return
    end
    traceback = traceback .. "\n(and onError failed: " .. tostring(err) .. ")"
  end
  tasks.print_error(place(context), traceback)
end

--- An error in a task that belongs to none of the server's objects.
function Server:_fail(phase, event, message, traceback)
  self:_report(message, traceback, { phase = phase, event = event })
end

--- Reports an error raised by the application: to onError, or on standard error.
function Server:_report(message, traceback, context)
  report(self.opts.onError, message, traceback, context)
end

-- === Making one ==============================================================================

local hidden = {}
for _, name in ipairs({ "open", "lines", "read", "write", "popen", "stdout", "stderr", "stdin" }) do
  hidden[name] = true
end
local function missing(_, name)
  if hidden[name] then
    check.raise(("'io.%s' belongs to Lua's io library, which the name of this server hides: keep "
      .. "the library under another name before (local lua_io = io)%s"):format(name,
      name == "write" and "; to emit, use io:send" or ""))
  end
  return nil
end

local meta = object.class("socketio.Server", Server, getters, missing)

local function is_target(value)
  return type(value) == "number" or type(value) == "string" or http.is_server(value)
end

local server = {}

server.report = report
server.IN_USE = IN_USE

--- What else has a core, and listens the same way.
server.listening = {
  attach = Server.attach,
  listen = Server.listen,
  address = Server.address,
  close = close,
}

--- Server([port | address | httpServer][, options]). Raises for a bad option, and when it cannot
-- listen.
function server.new(target, given)
  target, given = check.given(target), check.given(given)
  if given == nil and type(target) == "table" and not http.is_server(target) then
    target, given = nil, target
  end
  if target ~= nil and not is_target(target) then
    check.fail(1, "Server", "port, address, HTTP server or table of options", target)
  end
  if given ~= nil and type(given) ~= "table" then
    check.fail(2, "Server", "table of options", given)
  end
  local self = setmetatable({ _nsps = {}, _parents = {}, _http = {} }, meta)
  rawset(self, "engine", engine.new(self))
  self:_configure(given or {})
  rawset(self, "sockets", self:of("/"))
  tasks.take_over(self)
  if target ~= nil then
    local ok, message = self:listen(target)
    if not ok then
      check.raise(message)
    end
  end
  return self
end

return server
