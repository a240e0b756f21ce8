--- The options httpCompression, of answers to polls, and perMessageDeflate, of WebSocket messages.

local kinds = require("socketio.kinds")

local compression = {}

-- zlib works in the loop's own thread, on whole messages. These say how Node's is to be fed: they
-- are checked, and change nothing that a client could see.
local THREADS = kinds.integer(1, 2 ^ 31)
local CHUNK = kinds.integer(64, 2 ^ 31)

--- Name to { default, kind }.
compression.deflate_known = {
  level = { -1, kinds.integer(-1, 9) },
  memLevel = { 8, kinds.integer(1, 9) },
  strategy = { 0, kinds.integer(0, 4) },
  chunkSize = { 16384, CHUNK },
}

-- === httpCompression =========================================================================

compression.http_known = {
  threshold = { nil, kinds.number(0) },
  windowBits = { 15, kinds.integer(9, 15) },
}
for name, spec in pairs(compression.deflate_known) do
  compression.http_known[name] = spec
end

--- The kind of the option.
function compression.is_http(value)
  if type(value) == "table" then
    kinds.complete(value, compression.http_known, "option of httpCompression")
    return true
  end
  return type(value) == "boolean", "boolean or table"
end

--- The table that the core reads, or false. As in the reference, true and a table without threshold
-- mean that there is none.
function compression.http(given)
  if not given then
    return false
  end
  local all = kinds.complete(given == true and {} or given, compression.http_known,
    "option of httpCompression")
  all.threshold = all.threshold or 0
  return all
end

-- === perMessageDeflate =======================================================================

local function window_bits(value)
  return type(value) == "boolean" or (kinds.integer(8, 15)(value)),
    "boolean or integer from 8 to 15"
end

local WHAT = "option of perMessageDeflate"

compression.messages_known = {
  threshold = { 1024, kinds.number(0) },
  serverNoContextTakeover = { nil, kinds.boolean },
  clientNoContextTakeover = { nil, kinds.boolean },
  serverMaxWindowBits = { nil, window_bits },
  clientMaxWindowBits = { nil, window_bits },
  zlibDeflateOptions = { {}, kinds.table },
  zlibInflateOptions = { {}, kinds.table },
  concurrencyLimit = { 10, THREADS },
}

compression.inflate_known = { chunkSize = { 16384, CHUNK } }

--- The table that the core reads, or false.
function compression.messages(given)
  if not given then
    return false
  end
  local all = kinds.complete(given == true and {} or given, compression.messages_known, WHAT)
  local zlib = kinds.complete(all.zlibDeflateOptions, compression.deflate_known,
    WHAT .. ".zlibDeflateOptions")
  kinds.complete(all.zlibInflateOptions, compression.inflate_known, WHAT .. ".zlibInflateOptions")
  return {
    threshold = all.threshold,
    serverNoContextTakeover = all.serverNoContextTakeover,
    clientNoContextTakeover = all.clientNoContextTakeover,
    serverMaxWindowBits = all.serverMaxWindowBits,
    clientMaxWindowBits = all.clientMaxWindowBits,
    level = zlib.level,
    memLevel = zlib.memLevel,
    strategy = zlib.strategy,
  }
end

return compression
