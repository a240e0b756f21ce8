--- socketio.Engine: an Engine.IO server on its own, as npm's engine.io. It has all that io.engine
-- has, and listens itself; its connections send and receive messages without Socket.IO.
-- Private fields: those of io.engine; _core, _http, _own, _given as a server has them; _origin
-- (decides on cross-origin requests); _bound (a server has it).

local core = require("socketio.core")
local check = require("socketio.check")
local conn = require("socketio.conn")
local engine = require("socketio.engine")
local http = require("socketio.http")
local options = require("socketio.options")
local server = require("socketio.server")

-- What an engine asks of the server that it belongs to.
local Host = { _raw = true }
Host.__index = Host

function Host:_report(message, traceback, context)
  server.report(self.opts.onError, message, traceback, context)
end

function Host:_fail(phase, event, message, traceback)
  self:_report(message, traceback, { phase = phase, event = event })
end

local methods = {}
for name, fn in pairs(server.listening) do
  methods[name] = fn
end

function methods:_report(...)
  self._server:_report(...)
end

local meta

local function hooks(self)
  local all = { origin = self._origin }
  for _, more in ipairs({ conn.hooks(self._server), engine.hooks(self) }) do
    for name, fn in pairs(more) do
      all[name] = fn
    end
  end
  return all
end

-- Takes these options; possible as long as it is not in use.
function methods:_configure(given)
  local opts = options.engine(given)
  if #self._http > 0 or self._bound then
    check.raise(server.IN_USE)
  end
  local core_options, origin = options.core(opts)
  core_options.raw = true
  if self._core then
    self._core:free()
  end
  rawset(self, "_given", given)
  rawset(self, "opts", opts)
  rawset(self, "_origin", origin)
  self._server.opts = opts
  rawset(self, "_core", core.server(core_options, hooks(self)))
  self._server._core = self._core
  self:_bind()
end

local engine_server = {}

--- Engine([port | address | httpServer][, options]). Raises for a bad option, and when it cannot
-- listen.
function engine_server.new(target, given)
  target, given = check.given(target), check.given(given)
  if given == nil and type(target) == "table" and not http.is_server(target) then
    target, given = nil, target
  end
  if given ~= nil and type(given) ~= "table" then
    check.fail(2, "Engine", "table of options", given)
  end
  local self = engine.init({ _http = {}, _attaches = true }, setmetatable({}, Host), meta)
  self:_configure(given or {})
  if target ~= nil then
    local ok, message = self:listen(target)
    if not ok then
      check.raise(message)
    end
  end
  return self
end

meta = engine.class(methods)

return engine_server
