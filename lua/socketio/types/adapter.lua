---@meta

--- The rooms of a namespace: `io:of("/chat").adapter`. Rooms are changed by `join` and `leave`.
---
--- ```lua
--- local adapter = io:of("/").adapter
--- for id in pairs(adapter.rooms["news"] or {}) do print(id) end
--- adapter:on("create-room", function(room) print(room) end)
--- ```
---@class socketio.Adapter: socketio.Emitter
---@field nsp socketio.Namespace The namespace.
---@field rooms table<string, table<string, true>> The rooms: name to the ids in it. To be read only.
---@field sids table<string, table<string, true>> The sockets: id to the names of its rooms. To be read only.
local adapter = {}

--- Calls a function at each event of that name.
---@param event string
---@param listener fun(...: any)
---@return self
---@overload fun(self: socketio.Adapter, event: "create-room", listener: fun(room: string)): socketio.Adapter # The first socket joins a room.
---@overload fun(self: socketio.Adapter, event: "delete-room", listener: fun(room: string)): socketio.Adapter # The last socket has left it.
---@overload fun(self: socketio.Adapter, event: "join-room", listener: fun(room: string, id: string)): socketio.Adapter # A socket has joined a room.
---@overload fun(self: socketio.Adapter, event: "leave-room", listener: fun(room: string, id: string)): socketio.Adapter # A socket has left a room.
function adapter:on(event, listener) end

adapter.once = adapter.on
adapter.addListener = adapter.on
adapter.prependListener = adapter.on
adapter.prependOnceListener = adapter.on

--- What the option `adapter` chooses from.
---@class socketio.Adapters
---@field memory table Keeps the rooms in this process.
