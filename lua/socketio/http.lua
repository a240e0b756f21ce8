--- HTTP beside Socket.IO: a server, its requests and answers.

local core = require("socketio.core")
local check = require("socketio.check")
local emitting = require("socketio.emitting")
local events = require("socketio.events")
local object = require("socketio.object")
local options = require("socketio.options")
local tasks = require("socketio.tasks")
local tls = require("socketio.tls")

local http = {}

-- Calls fn(why) when the client goes before the answer (a Response) is complete.
local function on_gone(res, fn)
  local fns = res._gone
  if not fns then
    fns = {}
    rawset(res, "_gone", fns)
    res._exchange:onGone(function(_, why)
      for _, each in ipairs(fns) do
        each(why)
      end
    end)
  end
  fns[#fns + 1] = fn
end

-- === Requests ================================================================================

local Request, request_getters = {}, {}

-- What the request's head says is read from the core's handle.
local request_meta = object.class("socketio.HttpRequest", Request, request_getters,
  function(self, key)
    return self._request[key]
  end)

-- The body has come, or never will: tells all who asked for it.
local function settle(self, body, err)
  local waiting = self._waiting
  rawset(self, "_waiting", nil)
  rawset(self, "_body", body)
  rawset(self, "_problem", err)
  for _, answered in ipairs(waiting or {}) do
    tasks.run(self._scope, "request", nil, answered, err, body)
  end
end

-- Calls answered(err, body), once the body is there. It is read once, for all who ask.
local function read(self, answered)
  local waiting = self._waiting
  if self._body or self._problem then
    answered(self._problem, self._body)
  elseif not self._res then
    answered("the body of this request is not for the application")
  elseif self._res.finished then
    answered("the request is over")
  elseif waiting then
    waiting[#waiting + 1] = answered
  else
    rawset(self, "_waiting", { answered })
    on_gone(self._res, function(err)
      settle(self, nil, err)
    end)
    self._res._exchange:readBody(core.limits.maxRequestBody, function(body, err)
      settle(self, body, err)
    end)
  end
end

-- with_answer for a method whose one argument is fn or nil.
local function with_answer(method, fn, start)
  if fn == nil then
    return emitting.with_answer(method, start)
  end
  return emitting.with_answer(method, start, check.fn(1, method, fn))
end

--- The body, at most limit bytes (1 MB); waits for it, or calls fn(err, text).
function Request:text(fn)
  return with_answer("text", fn, function(answered)
    read(self, answered)
  end)
end

--- The body as JSON; waits for it, or calls fn(err, value).
function Request:json(fn)
  return with_answer("json", fn, function(answered)
    read(self, function(err, text)
      if err then
        answered(err)
        return
      end
      local value, problem = core.decode(text)
      if value == nil then
        answered(problem)
      else
        answered(nil, value)
      end
    end)
  end)
end

--- The body as text: waits for it in a coroutine; nil elsewhere until it has come, and where it
-- cannot be had.
function request_getters:body()
  if self._body or not self._res or not tasks.can_wait() then
    return self._body
  end
  return (Request.text(self))
end

-- === Answers =================================================================================

local Response = {}

local function check_status(code)
  if math.type(code) ~= "integer" or code < 200 or code > 999 then
    check.fail(1, "status", "status code", code)
  end
  return code
end

--- The status of the answer; 200 unless it is set. The field statusCode is the same.
function Response:status(code)
  rawset(self, "statusCode", check_status(code))
  return self
end

-- A header's value, or one for each of its lines, as text.
local function text_of(value)
  if type(value) ~= "table" then
    return value ~= nil and tostring(value) or nil
  end
  local lines = {}
  for i, one in ipairs(value) do
    lines[i] = tostring(one)
  end
  return lines
end

--- Sets a header; a list makes as many lines; nil removes it.
function Response:set(name, value)
  check.string(1, "set", name, "header name")
  value = text_of(value)
  if not self._exchange:header(name, value) then
    check.raise(("bad argument to 'set' (header %q cannot be sent: a name or value with characters "
      .. "that are not allowed, or one that the connection manages)"):format(name))
  end
  if name:lower() == "content-type" then
    rawset(self, "_type", value)
  end
  return self
end

local function send(self, content_type, body)
  local status = check_status(self.statusCode)
  self._exchange:send(status, self._type and "" or content_type, body)
  return self
end

--- The whole answer: text, as HTML unless a Content-Type was set; a Binary as bytes.
function Response:send(text)
  if core.isBinary(text) then
    return send(self, "application/octet-stream", tostring(text))
  end
  if text ~= nil and type(text) ~= "string" and type(text) ~= "number" then
    check.fail(1, "send", "string", text)
  end
  return send(self, "text/html; charset=utf-8", text and tostring(text) or "")
end

--- The whole answer: a value as JSON.
function Response:json(value)
  local ok, text = pcall(core.encode, value)
  if not ok then
    check.raise(text)
  end
  return send(self, "application/json; charset=utf-8", text)
end

--- The whole answer: a file, with its type and ETag; 404 when there is none. With a status other
-- than 200 it is sent whole, whatever the request asks for.
function Response:sendFile(path)
  check.string(1, "sendFile", path, "path")
  self._exchange:sendFile(path, check_status(self.statusCode))
  return self
end

-- Sends a piece, after the head if it is the first; returns how many bytes wait to be sent.
local function put(self, chunk)
  if not self._started then
    local status = check_status(self.statusCode)
    rawset(self, "_started", true)
    self._exchange:start(status, "")
  end
  local queued, is_too_much = self._exchange:write(chunk)
  if is_too_much then
    check.raise("more is written than Content-Length says")
  end
  return queued or 0
end

-- Suspends the running handler until all that was written is sent, or the client gone.
local function await_drain(self)
  local waiting = self._draining
  local function wake()
    local all = self._draining
    rawset(self, "_draining", nil)
    for _, done in ipairs(all or {}) do
      done()
    end
  end
  if not waiting then
    waiting = {}
    rawset(self, "_draining", waiting)
    if not self._drains then
      rawset(self, "_drains", true)
      on_gone(self, wake)
      self._exchange:onDrain(wake)
    end
  end
  tasks.await("write", function(done)
    waiting[#waiting + 1] = done
  end)
end

--- A piece of the answer. The first one sends the head; finish ends it. In a coroutine it waits
-- while the client is slow to take what was written before.
function Response:write(chunk)
  check.string(1, "write", chunk)
  if put(self, chunk) > core.limits.maxQueuedAnswer and tasks.can_wait() then
    await_drain(self)
  end
  return self
end

--- Ends the answer, after a last piece if there is one.
function Response:finish(chunk)
  if chunk ~= nil then
    check.string(1, "finish", chunk)
  end
  if not self._started then
    return send(self, "", chunk or "")
  end
  if chunk then
    put(self, chunk)
  end
  self._exchange:finish()
  return self
end

local response_meta = object.class("socketio.HttpResponse", Response, {
  --- Whether nothing can be sent any more: the answer is complete, or the client gone.
  finished = function(self)
    return self._exchange:isOver()
  end,
})

-- A handler failed: an answer that has not begun says so, one that has is cut off.
local function fail(self)
  if self._started then
    self._exchange:destroy()
  else
    self._exchange:header("Content-Type", nil)
    self._exchange:send(500, "text/plain; charset=utf-8", "Internal Server Error")
  end
end

-- === Servers =================================================================================

local HttpServer = {}

-- What to do about it.
local remedies = {
  EADDRINUSE = "another program, or another server of this one, uses it: stop that, or choose "
    .. "another port (0 picks a free one)",
  EACCES = "ports below 1024 need privileges: choose a higher one, or grant CAP_NET_BIND_SERVICE",
  EADDRNOTAVAIL = "this machine has no such address: 0.0.0.0 stands for all it has",
  EINVAL = 'give a port, "host:port" with a numeric host or localhost, or "unix:/path"',
}

-- What a listener with the option tls speaks: that, else what the server was made with.
local function identity_of(self, given)
  if given then
    return tls.load(given)
  end
  if given == nil then
    return self._own_tls
  end
  return nil
end

--- Listens on a port, "host:port" or "unix:/path"; has bound when it returns. given.tls is for this
-- address alone; false: plain HTTP. Returns the server, or nil, a message and a code such as
-- "EADDRINUSE".
function HttpServer:listen(address, given)
  if math.type(address) ~= "integer" and type(address) ~= "string" then
    check.fail(1, "listen", 'port, "host:port" or "unix:/path"', address)
  end
  if given ~= nil and type(given) ~= "table" then
    check.fail(2, "listen", "table of options", given)
  end
  local identity, problem, problem_code = identity_of(self, options.listen(given or {}).tls)
  if problem then
    return nil, ("cannot listen on %s: %s"):format(address, problem), problem_code
  end
  local ok, message, code = self._http:listen(tostring(address), identity and identity.handle)
  if not ok then
    local remedy = remedies[code] and " (" .. remedies[code] .. ")" or ""
    return nil, ("cannot listen on %s: %s%s"):format(address, message, remedy), code
  end
  if identity and identity ~= self._own_tls then
    self._tls[#self._tls + 1] = identity
  end
  return self
end

--- { address, family, port }, or nil when it does not listen.
function HttpServer:address()
  local host, family, port = self._http:address()
  if not host then
    return nil
  end
  return { address = host, family = family, port = port }
end

--- Serves the files of a folder below a path. Raises when there is no such folder.
function HttpServer:static(prefix, folder)
  check.string(1, "static", prefix, 'path that begins with "/"')
  check.string(2, "static", folder, "folder")
  if prefix:sub(1, 1) ~= "/" then
    check.fail(1, "static", 'path that begins with "/"', prefix)
  end
  local ok, message = self._http:static(prefix, folder)
  if not ok then
    check.raise(("bad argument #2 to 'static' (%s: %s)"):format(folder, message))
  end
  return self
end

--- Stops listening; waits until the last connection is closed, or calls fn then. Outside a
-- coroutine and without fn it does not wait.
function HttpServer:close(fn)
  local function start(done)
    local waiting = self._closing or {}
    waiting[#waiting + 1] = done
    rawset(self, "_closing", waiting)
    self._http:close(function() -- again, for it may have listened again
      local list = self._closing
      rawset(self, "_closing", nil)
      for _, each in ipairs(list) do
        tasks.run(self, "handler", "close", each)
      end
    end)
  end
  if fn ~= nil then
    start(check.fn(1, "close", fn))
  elseif tasks.can_wait() then
    tasks.await("close", start)
  else
    start(function() end)
  end
end

-- The first listener to "request" has come.
function HttpServer:_added(event)
  if event ~= "request" or self._listens then
    return
  end
  rawset(self, "_listens", true)
  self._http:onRequest(function(exchange, request)
    local res = setmetatable({ statusCode = 200, _exchange = exchange }, response_meta)
    local scope = {
      _fail = function(_, ...)
        fail(res)
        self:_fail(...)
      end,
    }
    local req = setmetatable({ _request = request, _res = res, _scope = scope }, request_meta)
    if self._upgrade_timeout and request.upgrade then
      exchange:limit(self._upgrade_timeout)
    end
    if not events.fire_in(scope, self, "request", "request", req, res) then
      res:status(404):send("Not Found")
    end
  end)
end

-- Upgrades that a listener to "request" does not answer are ended after so many milliseconds: the
-- wish of a server that is attached.
function HttpServer:_limit_upgrades(ms)
  rawset(self, "_upgrade_timeout", math.min(ms, self._upgrade_timeout or ms))
end

function HttpServer:_fail(phase, event, message, traceback)
  local report = self._report
  if report then
    report(message, traceback, { phase = phase, event = event })
  else
    tasks.print_error("a " .. phase .. " handler", traceback)
  end
end

local server_meta = object.class("socketio.HttpServer",
  object.extend(HttpServer, events.methods, tls.methods))

--- An HTTP server with these options. Raises for a bad one, also for certificates that cannot be
-- used.
function http.createServer(given)
  if given ~= nil and type(given) ~= "table" then
    check.fail(1, "createServer", "table of options", given)
  end
  local all = options.http(given or {})
  local self = setmetatable({ _http = core.http(all), _tls = {} }, server_meta)
  if all.tls then
    local identity, message = tls.load(all.tls)
    if not identity then
      check.raise(message)
    end
    rawset(self, "_own_tls", identity)
    self._tls[1] = identity
  end
  return self
end

local wrapped = setmetatable({}, { __mode = "k" })

--- The object of a request's handle: always the same, as long as anybody keeps it. Its body is not
-- for the application.
function http.wrap(request)
  local req = wrapped[request]
  if not req then
    req = setmetatable({ _request = request }, request_meta)
    wrapped[request] = req
  end
  return req
end

--- The answer to a request, as the application sees it.
function http.response(exchange)
  return setmetatable({ statusCode = 200, _exchange = exchange }, response_meta)
end

function http.is_server(value)
  return getmetatable(value) == server_meta
end

return http
