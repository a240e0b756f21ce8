---@meta

--- What can be sent: `nil` (as an argument; inside a table use `socketio.null`), booleans, numbers,
--- strings that are UTF-8, [Binary](#binary) values, and tables of these: sequences go out as
--- arrays, tables with string keys as objects. A table or metatable with a function `toJSON` or
--- `__tojson` is replaced by what that returns. Functions, cycles and more than 128 levels raise an
--- error that tells where.
---@alias socketio.Value any

--- Bytes, as opposed to text. `tostring(b)` gives them as a string, `#b` counts them, `==` compares
--- the bytes of two.
---
--- ```lua
--- socket:emit("image", socketio.binary(bytes))
--- socket:on("upload", function(name, data)
---   if socketio.isBinary(data) then save(name, tostring(data)) end
--- end)
--- ```
---@class socketio.Binary
---@operator len: integer

--- Stands for `null` where `nil` cannot be: within tables. It is a light userdata.
---@class socketio.Null

--- A Lua pattern that `socketio.pattern` has made.
---@class socketio.Pattern
---@field pattern string The pattern's text.
local pattern = {}

--- Is it found in the text?
---@param text string
---@return boolean
function pattern:matches(text) end

--- A timer, for `clearTimeout` and `clearInterval`.
---@class socketio.Timer

--- What the option `parser` chooses from.
---@class socketio.Parsers
---@field default socketio.Parser JSON, with binary attachments: what clients speak unless told otherwise.
---@field msgpack socketio.Parser MessagePack, as npm's socket.io-msgpack-parser: clients must be told to use it.
---@field cjson socketio.Parser lua-cjson for the arguments, with its limits: clients speak the default one.

--- A member of `socketio.parser`, or a table of your own with the functions `encode` and `decode`.
---@class socketio.Parser
---@field name? string Its name.
---@field encode? fun(args: table): string?, any The arguments (a list with `n`, of an event the name first) as an array of JSON, and the list of their Binaries; or nil and why not.
---@field decode? fun(text: string, attachments: socketio.Binary[]): table? The list of arguments; nil or an error for what is malformed.
