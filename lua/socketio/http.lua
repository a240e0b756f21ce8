--- HTTP beside Socket.IO: the servers. Requests and answers: requests.lua.

local core = require("socketio.core")
local check = require("socketio.check")
local events = require("socketio.events")
local object = require("socketio.object")
local options = require("socketio.options")
local requests = require("socketio.requests")
local tasks = require("socketio.tasks")
local tls = require("socketio.tls")

local http = {}

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
    local res = requests.response(exchange)
    local scope = {
      _fail = function(_, ...)
        requests.fail(res)
        self:_fail(...)
      end,
    }
    local req = requests.new(request, res, scope)
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

function http.is_server(value)
  return getmetatable(value) == server_meta
end

return http
