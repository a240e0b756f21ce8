--- TLS of an HTTP server: the certificates that it was given, which can be loaded anew.

local core = require("socketio.core")
local check = require("socketio.check")
local options = require("socketio.options")

local tls = {}

--- What the checked option tls says, loaded: { wanted, handle }. Or nil, a message and a code.
function tls.load(given)
  local wanted = options.tls(given)
  local handle, message, code = core.tls(wanted)
  if not handle then
    return nil, message, code
  end
  return { wanted = wanted, handle = handle }
end

--- The methods that an HTTP server gets; its field _tls lists what it has loaded.
tls.methods = {}

--- Reads certificates and keys again, or takes others: those of given. Open connections go on with
-- the old ones. Returns the server, or nil, a message and a code; then all the old ones stay.
function tls.methods:reloadTls(given)
  local wanted = options.listen({ tls = given }).tls and options.tls(given)
  if #self._tls == 0 then
    check.raise("a server without TLS has nothing to reload: give listen or createServer 'tls'")
  end
  local fresh = {}
  for i, identity in ipairs(self._tls) do
    local handle, message, code = core.tls(wanted or identity.wanted)
    if not handle then
      return nil, message, code
    end
    fresh[i] = handle
  end
  for i, identity in ipairs(self._tls) do
    identity.handle:swap(fresh[i])
    identity.wanted = wanted or identity.wanted
  end
  return self
end

return tls
