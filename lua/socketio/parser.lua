--- What the option parser chooses from: how packets are written. default and msgpack are the
-- core's; other ones write and read the arguments themselves, in the text of the default one.

local check = require("socketio.check")

local parser = {}

--- What applications know as socketio.parser.
parser.choices = {
  default = { name = "default" },
  msgpack = { name = "msgpack" },
  cjson = require("socketio.parser.cjson"),
}

local EXPECTED = "socketio.parser.default, socketio.parser.msgpack, socketio.parser.cjson, or a "
  .. "table with the functions encode and decode"

local function is_own(value)
  return value == parser.choices.default or value == parser.choices.msgpack
end

--- Whether value is a parser, and what is expected. Raises when lua-cjson is asked for and missing.
function parser.kind(value)
  if is_own(value) then
    return true, EXPECTED
  end
  if type(value) ~= "table" or not check.callable(value.encode)
    or not check.callable(value.decode) then
    return false, EXPECTED
  end
  if value == parser.choices.cjson then
    local ok, message = value._load()
    if not ok then
      check.raise(message)
    end
  end
  return true, EXPECTED
end

--- The core's name for it.
function parser.codec(value)
  return is_own(value) and value.name or "plugged"
end

--- The functions for the slots encode and decode, which are not called for the core's own.
function parser.hooks(value)
  if is_own(value) then
    return {}
  end
  return {
    -- text and attachments, or nil and why not
    encode = function(args)
      local ok, text, attachments = pcall(value.encode, args)
      if ok then
        return text, attachments
      end
      return nil, text
    end,
    -- a list, or nil: malformed
    decode = function(text, attachments)
      local ok, args = pcall(value.decode, text, attachments)
      return ok and args or nil
    end,
  }
end

return parser
