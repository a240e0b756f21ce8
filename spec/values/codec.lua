-- Decodes and encodes again each text that comes on standard input: of JSON, or, if the argument is
-- "msgpack", of MessagePack. Both ways a text is framed as its length in decimal, a line feed, and
-- the bytes; answers have a sign before the length: "+" for a text, "-" for why there is none.
local core = require "socketio.core"

local is_packed = arg[1] == "msgpack"
local decode = is_packed and core.unpack or core.decode
local encode = is_packed and core.pack or core.encode

local function answer(sign, text)
  io.write(sign, #text, "\n", text)
end

for line in io.lines() do
  local text = io.read(tonumber(line)) or ""
  local value, message = decode(text)
  if value == nil then
    answer("-", message)
  else
    answer("+", encode(value))
  end
end
