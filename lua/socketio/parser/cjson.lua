--- lua-cjson for the arguments of events and acknowledgements, with its rules for numbers, tables
-- and null. What it does not know, binary attachments, is put in and taken out here.

local core = require("socketio.core")

local MAX_DEPTH = 128 -- as everywhere (src/base/limits.h)

local cjson = { name = "cjson" }

local lib

--- Loads lua-cjson, or returns nil and what to do.
function cjson._load()
  local ok, loaded = pcall(require, "cjson")
  if not ok then
    return nil, "option 'parser': socketio.parser.cjson needs lua-cjson, which is not there "
      .. "(luarocks install lua-cjson; Debian: lua-cjson)"
  end
  lib = loaded
  return true
end

local function go_down(depth)
  if depth == MAX_DEPTH then
    error("more than " .. MAX_DEPTH .. " levels", 0)
  end
  return depth + 1
end

-- The value with placeholders for its Binaries, which are appended to attachments; tables that hold
-- none are not copied.
local function take_out(value, attachments, depth)
  if core.isBinary(value) then
    attachments[#attachments + 1] = value
    return { _placeholder = true, num = #attachments - 1 }
  end
  if type(value) ~= "table" then
    return value
  end
  depth = go_down(depth)
  local copy
  for key, inner in next, value do
    local outer = take_out(inner, attachments, depth)
    if not rawequal(outer, inner) then
      if not copy then
        copy = {}
        for k, v in next, value do
          copy[k] = v
        end
      end
      copy[key] = outer
    end
  end
  return copy or value
end

-- The value with Binaries where placeholders stand.
local function put_in(value, attachments, depth)
  if type(value) ~= "table" then
    return value
  end
  if value._placeholder == true then
    local num = value.num
    return type(num) == "number" and attachments[num + 1] or error("illegal attachments", 0)
  end
  depth = go_down(depth)
  for key, inner in next, value do
    value[key] = put_in(inner, attachments, depth)
  end
  return value
end

--- args (a list with n, of an event the name first) as JSON, and the list of its Binaries.
function cjson.encode(args)
  if args.n == 0 then
    return "[]" -- an empty table is an object to lua-cjson
  end
  local list, attachments = {}, {}
  for i = 1, args.n do
    local value = args[i]
    list[i] = value == nil and lib.null or take_out(value, attachments, 0)
  end
  return lib.encode(list), attachments
end

--- The list of arguments that text is. Raises for what is malformed.
function cjson.decode(text, attachments)
  local args = lib.decode(text)
  if #attachments > 0 then
    for i, value in ipairs(args) do
      args[i] = put_in(value, attachments, 0)
    end
  end
  return args
end

return cjson
