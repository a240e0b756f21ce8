--- Requests and their answers, as applications see them.

local core = require("socketio.core")
local check = require("socketio.check")
local emitting = require("socketio.emitting")
local object = require("socketio.object")
local tasks = require("socketio.tasks")

local requests = {}

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

-- === Making them =============================================================================

--- A handler failed: an answer that has not begun says so, one that has is cut off.
function requests.fail(self)
  if self._started then
    self._exchange:destroy()
  else
    self._exchange:header("Content-Type", nil)
    self._exchange:send(500, "text/plain; charset=utf-8", "Internal Server Error")
  end
end

--- The answer to a request, by the core's handle of the exchange.
function requests.response(handle)
  return setmetatable({ statusCode = 200, _exchange = handle }, response_meta)
end

--- A request whose body is for the application, by the core's handle; res is its answer. What is
-- told of its body runs in scope.
function requests.new(handle, res, scope)
  return setmetatable({ _request = handle, _res = res, _scope = scope }, request_meta)
end

local wrapped = setmetatable({}, { __mode = "k" })

--- The object of a request's handle: always the same, as long as anybody keeps it. Its body is not
-- for the application.
function requests.wrap(handle)
  local req = wrapped[handle]
  if not req then
    req = setmetatable({ _request = handle }, request_meta)
    wrapped[handle] = req
  end
  return req
end

return requests
