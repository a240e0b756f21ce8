--- io.engine: who is let in, under which id, and what goes out with every answer.
-- Private fields: _server, _uses (middlewares), _slots (those of the core that somebody needs),
-- _context (of the refusal that is being told), _generateId.

local chain = require("socketio.chain")
local check = require("socketio.check")
local cookie = require("socketio.cookie")
local cors = require("socketio.cors")
local events = require("socketio.events")
local object = require("socketio.object")
local origins = require("socketio.origins")
local requests = require("socketio.requests")
local tasks = require("socketio.tasks")

local Engine, getters = {}, {}

-- Why requests are refused: the reference's codes and words.
local BAD_REQUEST, FORBIDDEN = 3, 4
local messages = {
  [0] = "Transport unknown",
  "Session ID unknown",
  "Bad handshake method",
  "Bad request",
  "Forbidden",
  "Unsupported protocol version",
}

-- === What the core is to tell ================================================================

local slots = {
  connection = "session",
  connection_error = "refused",
  initial_headers = "headers",
  headers = "headers",
}

local function listen(self, slot)
  self._slots[slot] = true
  self._server._core:listen(slot)
end

-- The application sees requests on their way in: what it leaves in them is kept with the session.
local function ask(self, slot)
  listen(self, slot)
  listen(self, "session")
end

function Engine:_added(event)
  if slots[event] then
    listen(self, slots[event])
  end
end

--- The server has a new core.
function Engine:_bind()
  local opts = self._server.opts
  for slot in pairs(self._slots) do
    self._server._core:listen(slot)
  end
  if opts.allowRequest or opts.origins then
    ask(self, "handshake")
  end
  if cors.is_asked(opts.cors) then
    listen(self, "share")
  end
  if type(opts.cookie) == "table" and opts.cookie.encode then
    listen(self, "cookie")
  end
end

function Engine:_fail(phase, event, message, traceback)
  self._server:_fail(phase, event, message, traceback)
end

-- Runs fn(...) as a task; failed(message) is called when it raises an error, now or later.
local function attempt(self, phase, event, failed, fn, ...)
  local scope = {
    _fail = function(_, _, _, message, traceback)
      self:_fail(phase, event, message, traceback)
      failed(message)
    end,
  }
  tasks.run(scope, phase, event, fn, ...)
end

local function refuse(self, exchange, code, status, message, context)
  self._context = context
  self._server._core:refuse(exchange, code, status, message, context.name)
  self._context = nil
end

-- === Questions ===============================================================================

--- Sessions that are open.
function getters:clientsCount()
  return self._server._core:count()
end

--- A middleware (req, res, next) for every request on the server's path. next() goes on,
-- next(message) answers 400; or res answers.
function Engine:use(fn)
  fn = check.fn(1, "use", fn)
  local uses = table.move(self._uses, 1, #self._uses, 1, {})
  uses[#uses + 1] = function(both, next)
    fn(both.req, both.res, next)
  end
  self._uses = uses
  ask(self, "request")
  return self
end

-- The option cors, or its origin, is a function.
local function on_origin(self, exchange, request)
  local answered = false
  local function answer(err, decided)
    if answered then
      return
    end
    answered = true
    if check.given(err) ~= nil then
      refuse(self, exchange, BAD_REQUEST, 0, "", { name = "MIDDLEWARE_FAILURE" })
    else
      self._server._core:share(exchange, decided)
    end
  end
  attempt(self, "request", "cors", answer, cors.ask, self._server.opts.cors, requests.wrap(request),
    answer)
end

local function on_request(self, exchange, request)
  local both = { req = requests.wrap(request), res = requests.response(exchange) }
  chain.run(self, self._uses, "use", both, function(err)
    if both.res._started then
      return -- it answers, piece by piece
    end
    if err then
      refuse(self, exchange, BAD_REQUEST, 0, "", { name = "MIDDLEWARE_FAILURE" })
    else
      self._server._core:verify(exchange)
    end
  end)
end

local function text_of(message)
  if type(message) == "table" then
    message = message.message
  end
  return message ~= nil and tostring(message) or ""
end

local function on_handshake(self, exchange, request)
  local opts, req = self._server.opts, requests.wrap(request)
  local origin = req.headers.origin
  if opts.origins and origin and not origins.allow(opts.origins, origin) then
    refuse(self, exchange, FORBIDDEN, 403, "", { name = "ORIGIN_NOT_ALLOWED", origin = origin })
    return
  end
  if not opts.allowRequest then
    self._server._core:allow(exchange)
    return
  end
  local function answer(message, success)
    message = check.given(message)
    if check.given(success) then
      self._server._core:allow(exchange)
    else
      refuse(self, exchange, FORBIDDEN, 0, text_of(message), { message = message })
    end
  end
  local function failed(err) -- which is not for the client
    refuse(self, exchange, FORBIDDEN, 0, "", { message = err })
  end
  attempt(self, "request", "allowRequest", failed, opts.allowRequest, req, answer)
end

local function on_id(self, exchange, request)
  local function failed(err)
    refuse(self, exchange, BAD_REQUEST, 0, "", { name = "ID_GENERATION_ERROR", error = err })
  end
  attempt(self, "request", "generateId", failed, function()
    local id = self.generateId(requests.wrap(request))
    if type(id) ~= "string" or id == "" then
      local kind = id == "" and "an empty string" or check.kind(id)
      failed(("generateId returned %s, not a string"):format(kind))
    else
      self._server._core:open(exchange, id)
    end
  end)
end

-- === News ====================================================================================

local function context_of(req, code, name, transport)
  if code == 0 then
    return { transport = req.query.transport }
  elseif code == 1 then
    return { sid = req.query.sid }
  elseif code == 2 then
    return { method = req.method }
  elseif code == 5 then
    return { protocol = 3 }
  elseif name == "TRANSPORT_MISMATCH" then
    return { name = name, transport = req.query.transport, previousTransport = transport }
  elseif name == "PROTOCOL_MISMATCH" then
    local protocol = req.query.EIO == "4" and 4 or 3
    return { name = name, protocol = protocol, previousProtocol = 7 - protocol }
  end
  return { name = name }
end

local function on_refused(self, request, code, name, transport)
  local req = requests.wrap(request)
  events.fire(self, "handler", "connection_error", {
    req = req,
    code = code,
    message = messages[code],
    context = self._context or context_of(req, code, name, transport),
  })
end

local function set_header(self, name, value)
  if type(value) ~= "table" and value ~= nil then
    value = tostring(value)
  end
  if type(name) ~= "string" or not self._server._core:header(name, value) then
    local message = ("header %q cannot be sent: a name or value with characters that are not "
      .. "allowed, or one that the connection manages"):format(tostring(name))
    self:_fail("handler", "headers", message, message)
  end
end

local function on_headers(self, request)
  local req, before = requests.wrap(request), self._server._core:headers()
  local headers = {}
  for name, value in pairs(before) do
    headers[name] = value
  end
  if (req.query.sid or "") == "" then
    events.fire(self, "handler", "initial_headers", headers, req)
  end
  events.fire(self, "handler", "headers", headers, req)
  for name in pairs(before) do
    if headers[name] == nil then
      set_header(self, name, nil)
    end
  end
  for name, value in pairs(headers) do
    if value ~= before[name] then
      set_header(self, name, value)
    end
  end
end

-- What the option cookie.encode makes of a session's id.
local function on_cookie(self, id)
  local ok, value = pcall(cookie.value, self._server.opts.cookie.encode, id)
  if ok then
    return value
  end
  self:_fail("request", "cookie.encode", tostring(value), tostring(value))
end

local function on_session(self, conn)
  rawset(conn, "request", conn.request) -- for as long as the connection
  events.fire(self, "handler", "connection", conn)
end

-- === Making one ==============================================================================

--- The function (req) that makes the ids of sessions; may wait.
function getters:generateId()
  return self._generateId or function()
    return self._server._core:id()
  end
end

local function assign(self, key, value)
  if key ~= "generateId" then
    rawset(self, key, value)
    return
  end
  if not check.callable(value) then
    check.raise(("bad value for 'generateId' (function expected, got %s)"):format(
      check.kind(value)))
  end
  rawset(self, "_generateId", value)
  ask(self, "id")
end

local engine = {}

--- The metatable of engines that have more methods.
function engine.class(more)
  local meta = object.class("socketio.Engine", object.extend(more, Engine, events.methods), getters)
  meta.__newindex = assign
  return meta
end

--- Makes self, a table, an engine of that class for server.
function engine.init(self, server, meta)
  self._server, self._uses, self._slots = server, {}, {}
  return setmetatable(self, meta)
end

local own = engine.class({})

--- io.engine of a server.
function engine.new(server)
  return engine.init({}, server, own)
end

--- The functions that the core calls.
function engine.hooks(self)
  return {
    share = function(exchange, request)
      on_origin(self, exchange, request)
    end,
    request = function(exchange, request)
      on_request(self, exchange, request)
    end,
    handshake = function(exchange, request)
      on_handshake(self, exchange, request)
    end,
    id = function(exchange, request)
      on_id(self, exchange, request)
    end,
    refused = function(request, code, _, name, transport)
      on_refused(self, request, code, name, transport)
    end,
    headers = function(request)
      on_headers(self, request)
    end,
    cookie = function(id)
      return on_cookie(self, id)
    end,
    session = function(conn)
      on_session(self, conn)
    end,
  }
end

return engine
