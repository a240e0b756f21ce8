---@meta

--- The adapter of a namespace, `io:of("/chat").adapter`: it keeps the rooms, and carries out what
--- is sent to many. Its rooms can be read and listened to; they are changed by `join` and `leave`.
---
--- ```lua
--- local adapter = io:of("/").adapter
--- for id in pairs(adapter.rooms["news"] or {}) do print(id) end
--- adapter:on("create-room", function(room) print(room) end)
--- ```
---
--- The methods are what the library calls, and what an adapter of your own may change: see
--- [AdapterKind](#adapterkind).
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

--- The namespace is ready to be used: the place to connect to whatever links the servers. May wait.
function adapter:init() end

--- The namespace or its server closes. `init` may follow. May wait.
function adapter:close() end

--- How many servers there are, this one included. May wait.
---@return integer? servers
---@return string? err
function adapter:serverCount() end

--- A socket joins rooms. It may be one that is still asked by middlewares.
---@param id string
---@param rooms string[]
function adapter:addAll(id, rooms) end

--- A socket leaves a room.
---@param id string
---@param room string
function adapter:del(id, room) end

--- A socket leaves all rooms: it disconnects.
---@param id string
function adapter:delAll(id) end

--- The rooms of a socket: name to `true`.
---@param id string
---@return table<string, true>?
function adapter:socketRooms(id) end

--- Sends a packet. Raises an error, and nothing is sent, for a value that cannot be sent.
---@param packet socketio.AdapterPacket It may be changed.
---@param opts socketio.AdapterOptions
function adapter:broadcast(packet, opts) end

--- Sends a packet that each client acknowledges.
---@param packet socketio.AdapterPacket
---@param opts socketio.AdapterOptions
---@param counted fun(clients: integer) To be called once for each server: how many it asks.
---@param answered fun(value: any) To be called for each answer.
---@param gone? fun() To be called for each client of this process that leaves without an answer.
---@return fun() give_up ends the waiting for those who have not answered
function adapter:broadcastWithAck(packet, opts, counted, answered, gone) end

--- The packet as it is sent, to be kept. Raises as `broadcast` does.
---@param packet socketio.AdapterPacket
---@param opts socketio.AdapterOptions
---@return socketio.AdapterMessage? message nil when the namespace is gone
function adapter:encode(packet, opts) end

--- Sends what `encode` has made of a packet.
---@param message socketio.AdapterMessage
---@param packet socketio.AdapterPacket
---@param opts socketio.AdapterOptions
function adapter:transmit(message, packet, opts) end

--- The ids of the sockets that are meant: id to `true`. May wait.
---@param opts socketio.AdapterOptions
---@return table<string, true>? ids
---@return string? err
function adapter:sockets(opts) end

--- The sockets that are meant; those of other servers as tables that describe them. May wait.
---@param opts socketio.AdapterOptions
---@return (socketio.Socket|socketio.SocketDetails)[]? sockets
---@return string? err
function adapter:fetchSockets(opts) end

--- The sockets that are meant join rooms.
---@param opts socketio.AdapterOptions
---@param rooms string[]
function adapter:addSockets(opts, rooms) end

--- The sockets that are meant leave rooms.
---@param opts socketio.AdapterOptions
---@param rooms string[]
function adapter:delSockets(opts, rooms) end

--- The sockets that are meant are disconnected.
---@param opts socketio.AdapterOptions
---@param close boolean Whether their connections are closed, too.
function adapter:disconnectSockets(opts, close) end

--- Tells the other servers.
---@param args table The event and its arguments, `n` counts them. If the last one is a function, it is to be called with an error or `nil`, and the list of answers, one a server.
function adapter:serverSideEmit(args) end

--- Calls the listeners of the namespace for what another server has told. Not to be changed, but to
--- be called by an adapter of your own.
---@param args table As the other server's `serverSideEmit` got it; the last one may be a function that sends an answer.
function adapter:receive(args) end

--- Keeps a session for a while, since its client may come back for it. May wait.
---@param session socketio.Session
function adapter:persistSession(session) end

--- Takes a session back, which can be had once. May wait.
---@param pid string
---@param offset string The last packet that the client has.
---@return socketio.Session? session nil when it was not kept, or the offset is not known
function adapter:restoreSession(pid, offset) end

--- What the client of a session that was taken back has missed. May wait.
---@param session socketio.Session
---@return socketio.AdapterMessage[] messages
function adapter:missedPackets(session) end

--- A kind of adapters, the value of the option `adapter`: called with a namespace, it makes the
--- adapter of that. A kind of your own extends another one, and changes some of its methods.
---
--- ```lua
--- local Counting = socketio.adapter.memory:extend()
---
--- function Counting:broadcast(packet, opts)
---   self.count = (self.count or 0) + 1
---   Counting.super.broadcast(self, packet, opts)
--- end
---
--- local io = socketio.Server(3000, { adapter = Counting })
--- ```
---@class socketio.AdapterKind: socketio.Adapter
---@field super? socketio.AdapterKind The kind that it extends, to call the methods that it has changed.
---@overload fun(namespace: socketio.Namespace): socketio.Adapter # Makes an adapter; the library calls it.
local kind = {}

--- A new kind, with all that this one has.
---@return socketio.AdapterKind
function kind:extend() end

--- The kinds of adapters that come with the library.
---@class socketio.Adapters
---@field memory socketio.AdapterKind For clients that are all connected to this process.
---@field sessionAware socketio.AdapterKind The same, and it keeps what `connectionStateRecovery` needs.

--- What is to be sent.
---@class socketio.AdapterPacket
---@field type integer 2: an event.
---@field data table The event's name and the arguments; `n` counts them.
---@field id? integer The id of the acknowledgement that is asked for.

--- Whom to reach, and how.
---@class socketio.AdapterOptions
---@field rooms string[] The sockets in at least one of these; an empty list means all.
---@field except string[] Not the sockets in one of these.
---@field flags table<string, any> `volatile`, `compress`, `timeout` and `["local"]`, where they were set.

--- A packet as it is sent.
---@class socketio.AdapterMessage
local message = {}

--- How much memory it takes.
---@return integer bytes
function message:size() end

--- A socket of another server.
---@class socketio.SocketDetails
---@field id string Its id.
---@field handshake table Its handshake.
---@field rooms string[] Its rooms.
---@field data table Its data.

--- What is kept of a socket that has lost its connection.
---@class socketio.Session
---@field sid string The socket's id.
---@field pid string The secret by which the client asks for it.
---@field rooms string[] Its rooms.
---@field data table Its data.
