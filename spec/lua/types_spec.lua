-- The definitions in lua/socketio/types are those of the library: all that an application can reach
-- is defined there, and all that is defined exists.
local socketio = require "socketio"
local options = require "socketio.options"

local definitions = require "support.definitions"
local library = require "support.library"
local support = require "support"

local annotations, defined = definitions.annotations, definitions.all
local accepts, relative = definitions.accepts, definitions.relative
local expect_none = definitions.expect_none

after_each(support.clean)

-- === Members
-- ======================================================================================

local checked = {} -- class's name to true

local function check_arguments(problems, class, method, fn)
  local info = type(fn) == "function" and debug.getinfo(fn, "Su")
  if not info or info.what == "C" or info.isvararg or not class.module and info.nparams == 0 then
    return -- what takes no argument only raises an error
  end
  local given = #method.params + (class.module and 0 or 1)
  if given ~= info.nparams then
    problems[#problems + 1] = ("%s:%d: %s.%s is defined with %d arguments, it takes %d"):format(
      relative(method.file), method.line, class.name, method.name, given, info.nparams)
  end
end

local function check_value(problems, class, field, value)
  if not accepts(field.optional and { kind = "union", list = { field.type, { kind = "name",
    name = "nil" } } } or field.type, value) then
    problems[#problems + 1] = ("%s:%d: %s.%s is not of its type, it is %s"):format(
      relative(field.file), field.line, class.name, field.name, tostring(value))
  end
end

-- Compares a class with an object of it, both ways.
local function compare(problems, name, object, names)
  local class = assert(defined.classes[name], name .. " is not defined")
  local members = annotations.members(defined, class)
  names = names or library.members_of(object)
  for _, each in ipairs(annotations.lineage(defined, class)) do
    checked[each.name] = true
  end
  for member, value in pairs(names) do
    if not members[member] then
      problems[#problems + 1] = ("%s: add %s of %s, which exists: %s"):format(relative(class.file),
        member, name, type(value) == "function" and "a function, or ---@field" or "---@field")
    end
  end
  for member, definition in pairs(members) do
    local is_method = definition.params ~= nil
    local there = is_method and type(object[member]) == "function" or object[member] ~= nil
    if not there and not definition.optional then
      problems[#problems + 1] = ("%s:%d: %s.%s is defined, but there is none"):format(
        relative(definition.file), definition.line, name, member)
    elseif is_method then
      check_arguments(problems, class, definition, names[member])
    else
      check_value(problems, class, definition, object[member])
    end
  end
end

-- === Options
-- ======================================================================================

-- Which class defines the options of a table in lua/socketio/options.lua.
local option_classes = {
  known = "socketio.ServerOptions",
  engine = "socketio.EngineOptions",
  http = "socketio.HttpOptions",
  tls_known = "socketio.TlsOptions",
  ["cors.known"] = "socketio.CorsOptions",
  ["cookie.known"] = "socketio.CookieOptions",
  ["compression.http_known"] = "socketio.HttpCompression",
  ["compression.messages_known"] = "socketio.DeflateOptions",
  ["compression.deflate_known"] = "socketio.ZlibDeflateOptions",
  ["compression.inflate_known"] = "socketio.ZlibInflateOptions",
  recovery_known = "socketio.RecoveryOptions",
}

local function check_default(problems, class, field, spec)
  local text, default, unit = annotations.default(field)
  local where = ("%s:%d: %s.%s"):format(relative(field.file), field.line, class.name, field.name)
  if not field.optional then
    assert(not default and spec[1] == nil, where .. " has to be given: it has no default")
    return
  elseif not default then
    problems[#problems + 1] = where .. ' needs its default at the end: "(default 10 ms)."'
    return
  end
  local value = assert(load("return " .. default, default, "t", { socketio = socketio }))()
  if not pcall(assert.same, spec[1], value) then
    problems[#problems + 1] = ("%s: its default is %s, not %s"):format(where, tostring(spec[1]),
      default)
  end
  local kind = field.name:match "Timeout$" or field.name:match "Interval$"
    or field.name:match "Duration$"
  if kind and unit ~= "ms" or text == "" then
    problems[#problems + 1] = where .. " needs a text, and a time the unit ms"
  end
  check_value(problems, class, field, spec[1])
end

local function compare_options(problems, table_name, specs)
  local class = option_classes[table_name] and defined.classes[option_classes[table_name]]
  if not class then
    problems[#problems + 1] = ("spec/lua/types_spec.lua: which class defines the options of the "
      .. "table %s in lua/socketio/options.lua?"):format(table_name)
    return
  end
  checked[class.name] = true
  local members = annotations.members(defined, class)
  for name, spec in pairs(specs) do
    if not members[name] then
      problems[#problems + 1] = ("%s: add the option %s to %s: ---@field %s? …"):format(
        relative(class.file), name, class.name, name)
    else
      check_default(problems, class, members[name], spec)
    end
  end
  for name, field in pairs(members) do
    if not specs[name] then
      problems[#problems + 1] = ("%s:%d: the option %s of %s is defined, but there is none"):format(
        relative(field.file), field.line, name, class.name)
    end
  end
end

-- === Objects of all classes
-- =======================================================================

-- What a request is answered with: its objects on the server's side.
local function exchange(io)
  local request, response
  io.httpServer:once("request", function(req, res)
    request, response = req, res
    res:send()
  end)
  support.request(io, "GET", "/somewhere?a=1")
  return request, response
end

local function refused(io)
  local failure
  io.engine:once("connection_error", function(told)
    failure = told
  end)
  support.request(io, "GET", "/socket.io/?EIO=4&transport=none")
  return failure
end

local function packet_of(conn, client)
  local packet
  conn:once("packet", function(told)
    packet = told
  end)
  client:emit "anything"
  client:sync()
  return packet
end

-- A kind of adapters that keeps what it is given, and knows a socket of another server.
local function curious_adapter()
  local Curious, got = socketio.adapter.sessionAware:extend(), {}
  function Curious:broadcast(packet, opts)
    got.packet, got.opts = packet, opts
    got.message = self:encode(packet, opts)
    Curious.super.broadcast(self, packet, opts)
  end
  function Curious:persistSession(session)
    got.session = library.members_of(session) -- as it is now, without what the adapter adds
    Curious.super.persistSession(self, session)
  end
  function Curious.fetchSockets()
    got.details = { id = "1", handshake = {}, rooms = { "1" }, data = {} }
    return { got.details }
  end
  return Curious, got
end

-- What onError is told of an error in a listener of socket.
local function error_context(socket, client)
  socket:once("fail", error)
  client:emit("fail", "on purpose")
  client:sync()
  return support.errors()[1].context
end

-- === Calls
-- ========================================================================================

-- Those that wait, raise, end or change too much to be called by the way.
local not_called = {}
for name in ([[
  adapter attach await bind close connectTimeout emitWithAck json listen path poll reloadTls run
  serveClient serverSideEmitWithAck step text Server
]]):gmatch "%w+" do
  not_called[name] = true
end

local function nothing() end

-- Arguments by their name, or by their type.
local arguments = { code = 200, folder = definitions.root, prefix = "/" }
local samples = {
  string = "a", number = 1, integer = 1, boolean = true, any = 1, table = {},
  ["socketio.AdapterOptions"] = { rooms = {}, except = {}, flags = {} },
  ["socketio.AdapterPacket"] = { type = 2, data = { "event", n = 1 } },
  ["socketio.Middleware"] = nothing,
  ["socketio.Rooms"] = "a",
  ["socketio.Session"] = { sid = "a", pid = "a", rooms = {}, data = {} },
  ["socketio.Value"] = 1,
}

local function sample(param)
  local type_ = param.type
  while type_.kind == "union" do
    type_ = type_.list[1]
  end
  return arguments[param.name] or type_.kind == "fun" and nothing or samples[type_.name] or {}
end

-- Calls what returns something with the arguments that it must have.
local function check_results(problems, name, object)
  local class = defined.classes[name]
  for _, method in pairs(annotations.members(defined, class)) do
    local returns = method.returns and method.returns[1]
    if returns and not not_called[method.name] then
      local args = class.module and {} or { object }
      for _, param in ipairs(method.params) do
        if not param.optional and param.name ~= "..." then
          args[#args + 1] = sample(param)
        end
      end
      local result = object[method.name](table.unpack(args))
      local is_self = returns.type.name == "self"
      if is_self and result ~= object or not is_self and not accepts(returns.type, result) then
        problems[#problems + 1] = ("%s:%d: %s.%s returns %s"):format(relative(method.file),
          method.line, name, method.name, tostring(result))
      end
    end
  end
end

-- === The tests
-- ====================================================================================

describe("all that can be reached is defined, and all that is defined is there:", function()
  it("options", function()
    local problems = {}
    for name, specs in pairs(library.option_tables()) do
      compare_options(problems, name, specs)
    end
    for name in pairs(option_classes) do
      if not library.option_tables()[name] then
        problems[#problems + 1] = ("spec/lua/types_spec.lua: lua/socketio/options.lua has no table "
          .. "%s of options"):format(name)
      end
    end
    for name, given in pairs { ListenOptions = options.listen } do
      local values = { tls = false }
      checked["socketio." .. name] = true
      for _, field in ipairs(defined.classes["socketio." .. name].fields) do
        assert(values[field.name] ~= nil, field.name)
        given { [field.name] = values[field.name] }
      end
    end
    expect_none(problems)
  end)

  it("the module and its values", function()
    local problems = {}
    compare(problems, "socketio", socketio)
    compare(problems, "socketio.Adapters", socketio.adapter)
    for _, kind in pairs(socketio.adapter) do
      assert.equal(kind, kind:extend().super)
      checked["socketio.AdapterKind"] = true
    end
    compare(problems, "socketio.Parsers", socketio.parser)
    compare(problems, "socketio.Parser", socketio.parser.default)
    compare(problems, "socketio.Pattern", socketio.pattern "a")
    local timer = socketio.setTimeout(print, 0)
    socketio.clearTimeout(timer)
    for name, value in pairs { Null = socketio.null, Binary = socketio.binary "", Timer = timer } do
      assert.equal("userdata", type(value))
      checked["socketio." .. name] = true
    end
    assert.equal(0, #socketio.binary "")
    expect_none(problems)
  end)

  for _, name in ipairs { "luv", "cqueues" } do
    it("the bridge to " .. name, function()
      checked["socketio." .. name] = true
      local problems = {}
      local bridge = require("socketio." .. name)
      compare(problems, "socketio." .. name, bridge)
      expect_none(problems)
    end)
  end

  it("servers and namespaces", function()
    local problems = {}
    local server = support.server()
    compare(problems, "socketio.Server", server)
    compare(problems, "socketio.ServerOptions", server.opts)
    compare(problems, "socketio.Engine", server.engine)
    compare(problems, "socketio.HttpServer", server.httpServer)
    compare(problems, "socketio.Address", server:address())
    compare(problems, "socketio.Namespace", server:of "/a")
    compare(problems, "socketio.ParentNamespace", server:of(socketio.pattern "^/b"))
    compare(problems, "socketio.BroadcastOperator", server:to "a")
    for _, kind in pairs(socketio.adapter) do
      compare(problems, "socketio.Adapter", kind(server.sockets), library.adapter_members(kind))
    end
    local engine = support.adopt(assert(socketio.Engine():listen "127.0.0.1:0"))
    compare(problems, "socketio.EngineServer", engine)
    expect_none(problems)
  end)

  it("sockets and connections", function()
    local problems = {}
    local server = support.server()
    local client, socket = support.pair(server)
    compare(problems, "socketio.Socket", socket)
    compare(problems, "socketio.Handshake", socket.handshake)
    compare(problems, "socketio.Client", socket.client)
    compare(problems, "socketio.Conn", socket.conn)
    compare(problems, "socketio.Transport", socket.conn.transport)
    compare(problems, "socketio.Packet", packet_of(socket.conn, client))
    compare(problems, "socketio.ErrorContext", error_context(socket, client))
    compare(problems, "socketio.ConnectionError", refused(server))
    expect_none(problems)
  end)

  it("what adapters get and give", function()
    local problems = {}
    local kind, got = curious_adapter()
    local server = support.server { adapter = kind, connectionStateRecovery = {} }
    local client = support.connect(server)
    server:emit "anything"
    compare(problems, "socketio.AdapterPacket", got.packet)
    compare(problems, "socketio.AdapterOptions", got.opts)
    compare(problems, "socketio.AdapterMessage", got.message)
    compare(problems, "socketio.RemoteSocket", server:fetchSockets()[1])
    compare(problems, "socketio.SocketDetails", got.details)
    client:close()
    support.wait(function()
      return got.session
    end)
    compare(problems, "socketio.Session", got.session)
    expect_none(problems)
  end)

  it("requests and answers", function()
    local problems = {}
    local request, response = exchange(support.server())
    compare(problems, "socketio.HttpRequest", request, library.request_members(request))
    compare(problems, "socketio.HttpResponse", response)
    expect_none(problems)
  end)

  it("events", function()
    local problems = {}
    for name, events in pairs(library.events_told(problems)) do
      local class = defined.classes["socketio." .. name]
      local known = {}
      for _, overload in ipairs(class.methods.on.overloads) do
        local event = overload.type.params[2].type.text:match '^"(.*)"$'
        known[event] = true
        if not events[event] then
          problems[#problems + 1] = ("%s:%d: the event %q is defined, but never told"):format(
            relative(class.file), class.methods.on.line, event)
        end
      end
      for event, path in pairs(events) do
        if not known[event] then
          problems[#problems + 1] = ("%s: add the event %q of %s to %s: ---@overload of on"):format(
            relative(class.file), event, path, class.name)
        end
      end
    end
    expect_none(problems)
  end)

  it("what methods return", function()
    local problems = {}
    local server = support.server()
    local _, socket = support.pair(server)
    local remote = support.server { adapter = curious_adapter() }
    local _, response = exchange(server)
    local objects = {
      Adapter = server.sockets.adapter,
      BroadcastOperator = server:to "a",
      Conn = socket.conn,
      Engine = server.engine,
      EngineServer = socketio.Engine(),
      HttpResponse = response,
      HttpServer = server.httpServer,
      Namespace = server:of "/a",
      Pattern = socketio.pattern "a",
      RemoteSocket = remote:fetchSockets()[1],
      Server = server,
      Socket = socket,
    }
    check_results(problems, "socketio", socketio)
    for name, object in pairs(objects) do
      check_results(problems, "socketio." .. name, object)
    end
    expect_none(problems)
  end)

  it("phases of errors, reasons of disconnecting", function()
    local phases, known = {}, {}
    for path in definitions.sources "lua/socketio" do
      for phase in definitions.contents(path):gmatch '%f[%w]tasks%.run%([^"\n]*"(%a+)"' do
        phases[phase] = true
      end
      for phase in definitions.contents(path):gmatch '%f[%w]events%.fire[%w_]*%([^"\n]*"(%a+)"' do
        phases[phase] = true
      end
    end
    local members = annotations.members(defined, defined.classes["socketio.ErrorContext"])
    for _, phase in ipairs(members.phase.type.list) do
      known[phase.text:match '^"(.*)"$'] = true
    end
    assert.same(phases, known)
    local core = {}
    for path in definitions.sources "src" do
      core[#core + 1] = definitions.contents(path)
    end
    core = table.concat(core)
    for _, reason in ipairs(defined.aliases["socketio.DisconnectReason"].choices) do
      assert(core:find(reason.type.text, 1, true), reason.type.text)
    end
  end)

  it("and no class is left out of these tests", function()
    local problems = {}
    for _, class in ipairs(defined.classes) do
      if not checked[class.name] then
        problems[#problems + 1] = ("spec/lua/types_spec.lua: compare %s with an object of it")
          :format(class.name)
      end
    end
    expect_none(problems)
  end)
end)
