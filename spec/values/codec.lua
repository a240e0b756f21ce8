-- Decodes and encodes again each JSON text that comes on standard input. Both ways a text is framed
-- as its length in decimal, a line feed, and the bytes; answers have a sign before the length: "+"
-- for a text, "-" for why there is none.
local core = require "socketio.core"

local function answer(sign, text)
  io.write(sign, #text, "\n", text)
end

for line in io.lines() do
  local text = io.read(tonumber(line)) or ""
  local value, message = core.decode(text)
  if value == nil then
    answer("-", message)
  else
    answer("+", core.encode(value))
  end
end
