-- The definitions in lua/socketio/types are those of the library: all that an application can reach
-- is defined there, and all that is defined exists. docs/api.md is made of them.
local socketio = require "socketio"
local options = require "socketio.options"

local support = require "support"

local root = debug.getinfo(1, "S").source:match "^@(.*)/?spec/lua/[^/]*$"
root = root == "" and "." or root
local annotations = dofile(root .. "/scripts/annotations.lua")

local paths = {}
for path in io.popen(("ls '%s'/lua/socketio/types/*.lua"):format(root)):lines() do
  paths[#paths + 1] = path
end
local defined = annotations.load(paths)

after_each(support.clean)

local function relative(path)
  return path:sub(#root + 2)
end

local function contents(path)
  local file = assert(io.open(root .. "/" .. path))
  local text = file:read "a"
  file:close()
  return text
end

-- Iterates over the source files of a folder, by their path in the repository.
local function sources(folder)
  local command = ("cd '%s' && find %s -name '*.lua' -o -name '*.c'"):format(root, folder)
  return io.popen(command):lines()
end

local function expect_none(problems)
  table.sort(problems)
  assert(#problems == 0, "\n" .. table.concat(problems, "\n"))
end

-- === What the definitions say
-- =====================================================================

local basic = {}
for name in ("any boolean function integer nil number self string table true false"):gmatch "%a+" do
  basic[name] = true
end

-- Calls visit(type, file, line) for each type that is written in the definitions.
local function each_type(visit)
  for _, class in ipairs(defined.classes) do
    for _, field in ipairs(class.fields) do
      visit(field.type, field.file, field.line)
    end
    for _, method in ipairs(class.methods) do
      for _, list in ipairs { method.params, method.returns, method.overloads } do
        for _, one in ipairs(list) do
          visit(one.type, method.file, method.line)
        end
      end
    end
    for _, overload in ipairs(class.overloads) do
      visit(overload.type, class.file, class.line)
    end
  end
  for _, alias in ipairs(defined.aliases) do
    visit(alias.type, alias.file, alias.line)
  end
end

-- Is value of that type? What is in tables is not looked at.
local function accepts(type_, value)
  if type_.optional and value == nil or type_.name == "any" then
    return true
  elseif type_.kind == "union" then
    for _, one in ipairs(type_.list) do
      if accepts(one, value) then
        return true
      end
    end
    return false
  elseif type_.kind == "literal" then
    return ("%q"):format(value) == type_.text
  elseif type_.kind == "fun" then
    return type(value) == "function"
  elseif type_.kind ~= "name" then
    return type(value) == "table"
  end
  local alias = defined.aliases[type_.name]
  if alias then
    return accepts(alias.type or { kind = "union", list = alias.choices }, value)
  elseif type_.name == "true" or type_.name == "false" then
    return tostring(value) == type_.name
  elseif basic[type_.name] then
    return type(value) == type_.name or math.type(value) == type_.name
  end
  return type(value) == "table" or type(value) == "userdata"
end

-- === What the library has
-- =========================================================================

local function upvalue(fn, wanted)
  for i = 1, 255 do
    local name, value = debug.getupvalue(fn, i)
    if name == wanted or not name then
      return value
    end
  end
end

local function add_public(names, source)
  for name, value in pairs(source or {}) do
    if type(name) == "string" and (name:sub(1, 1) ~= "_" or name == "_VERSION") then
      names[name] = value
    end
  end
end

-- The public members of an object: name to what is there, methods as they stand in their class,
-- true for what is made when it is read.
local function members_of(object)
  local names = {}
  if type(object) == "table" then
    add_public(names, object)
  end
  local index = (getmetatable(object) or {}).__index
  if type(index) == "function" then
    for name in pairs(upvalue(index, "getters")) do
      add_public(names, { [name] = true })
    end
    add_public(names, upvalue(index, "methods"))
  else
    add_public(names, index)
  end
  return names
end

-- Things that have no methods of which a table could be asked: the core has them.
local function request_members(request)
  local names = members_of(request)
  for name in contents("src/lua/request.c"):gmatch 'strcmp%(key, "(%w+)"%)' do
    names[name] = request[name]
  end
  return names
end

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
  names = names or members_of(object)
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

local function is_specs(value)
  if type(value) ~= "table" or next(value) == nil then
    return false
  end
  for _, spec in pairs(value) do
    if type(spec) ~= "table" or not (type(spec[2]) == "function" or spec.refuse) then
      return false
    end
  end
  return true
end

-- The tables of known options that lua/socketio/options.lua works with: name to table.
local function option_tables()
  local found, seen = {}, {}
  local function look(name, value)
    if seen[value] or not (type(value) == "table" or type(value) == "function") then
      return
    end
    seen[value] = true
    if is_specs(value) then
      found[name] = value
    elseif type(value) == "table" then
      for key, one in pairs(value) do
        if is_specs(one) then
          found[name .. "." .. key] = one
        end
      end
    else
      for i = 1, 255 do
        local inner, one = debug.getupvalue(value, i)
        if not inner then
          break
        end
        look(inner, one)
      end
    end
  end
  for name, fn in pairs(options) do
    look(name, fn)
  end
  return found
end

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

-- === Events
-- =======================================================================================

-- Whose listeners a file of lua/socketio calls.
local classes_of = {
  ["adapter/memory"] = { "Adapter" },
  conn = { "Conn" },
  engine = { "Engine" },
  http = { "HttpServer" },
  joining = { "Namespace", "ParentNamespace", "Server" },
  server = { "Server" },
  socket = { "Socket" },
}

-- The events whose names stand in the sources: class's name to event to path.
local function events_told(problems)
  local told = {}
  for path in sources "lua/socketio" do
    local names = classes_of[path:match "^lua/socketio/(.*)%.lua$"]
    for event in contents(path):gmatch 'events%.fire[%w_]*%([^"\n]*"%a+", "([%w_-]+)"' do
      if not names then
        problems[#problems + 1] = ("spec/lua/types_spec.lua: whose event is %q in %s?"):format(
          event, path)
      end
      for _, name in ipairs(names or {}) do
        told[name] = told[name] or {}
        told[name][event] = path
      end
    end
  end
  return told
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

-- What adapters of that kind have. The kind's own are extend and super.
local function adapter_members(kind)
  local names = { nsp = true, rooms = true, sids = true }
  while kind do
    add_public(names, kind)
    kind = getmetatable(kind).__index
  end
  names.extend, names.super = nil, nil
  return names
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
    got.session = {}
    add_public(got.session, session) -- as it is now, without what the adapter adds
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

-- === The tests
-- ====================================================================================

describe("the definitions", function()
  it("are Lua", function()
    for _, path in ipairs(paths) do
      assert(loadfile(path))
    end
  end)

  it("are installed beside the module", function()
    for _, path in ipairs(paths) do
      local name = "socketio.types." .. path:match "([%w_]+)%.lua$"
      assert(package.searchpath(name, package.path), name)
    end
  end)

  it("name no type that is not defined", function()
    local problems = {}
    each_type(function(type_, file, line)
      annotations.names(type_, function(name)
        if not (basic[name] or defined.classes[name] or defined.aliases[name]) then
          problems[#problems + 1] = ("%s:%d: unknown type %s"):format(relative(file), line, name)
        end
      end)
    end)
    for _, class in ipairs(defined.classes) do
      for _, parent in ipairs(class.parents) do
        if not defined.classes[parent] then
          problems[#problems + 1] = ("%s:%d: unknown class %s"):format(relative(class.file),
            class.line, parent)
        end
      end
    end
    expect_none(problems)
  end)

  it("say something of everything", function()
    local problems = {}
    local function need(thing, has_text)
      if not has_text then
        problems[#problems + 1] = ("%s:%d: %s has no text"):format(relative(thing.file), thing.line,
          thing.name)
      end
    end
    for _, class in ipairs(defined.classes) do
      need(class, #class.text > 0)
      for _, field in ipairs(class.fields) do
        need(field, field.text ~= "")
      end
      for _, method in ipairs(class.methods) do
        need(method, #method.text > 0 or method.same and method.same.name == "on")
        for _, overload in ipairs(method.overloads) do
          need(method, method.name ~= "on" and not method.same or overload.text ~= "")
        end
      end
    end
    for _, alias in ipairs(defined.aliases) do
      need(alias, #alias.text > 0)
    end
    expect_none(problems)
  end)

  it("show examples that are Lua", function()
    local count = 0
    for _, class in ipairs(defined.classes) do
      local text = table.concat(class.text, "\n") .. "\n"
      for example in text:gmatch "```lua\n(.-)```\n" do
        assert(load(example, "=" .. class.name))
        count = count + 1
      end
    end
    assert.is_true(count >= 10)
  end)

  it("are refused where they are wrong", function()
    local path = os.tmpname()
    local function read(text)
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      local ok, message = pcall(annotations.load, { path })
      return ok or message:gsub("^.-:(%d+:)", "%1")
    end
    local class = "---@class a\nlocal a = {}\n\n"
    assert.is_true(read(class .. "--- b\n---@param c? string d\nfunction a:b(c) end\n"))
    assert.matches("^1: a known tag expected", read "---@clas a\n")
    assert.matches("^2: a type expected", read "---@class a\n---@field b |\n")
    assert.matches("^2: '%)' expected", read "---@class a\n---@field b (string\n")
    assert.matches("^1: ',' or the end of the list expected",
      read "---@alias a fun(b: string?|number)\n")
    assert.matches("^4: b has the arguments %(c%), but its @param tags say %(%)",
      read(class .. "function a:b(c) end\n"))
    assert.matches("^6: b is defined twice",
      read(class .. "function a:b() end\n\nfunction a:b() end\n"))
    assert.matches("^4: a is defined twice", read(class .. "---@class a\n"))
    assert.matches("^1: a definition expected", read "print(1)\n")
    os.remove(path)
  end)
end)

describe("all that can be reached is defined, and all that is defined is there:", function()
  it("options", function()
    local problems = {}
    for name, specs in pairs(option_tables()) do
      compare_options(problems, name, specs)
    end
    for name in pairs(option_classes) do
      if not option_tables()[name] then
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
      if not pcall(require, name) then
        return pending(name .. " is not installed")
      end
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
      compare(problems, "socketio.Adapter", kind(server.sockets), adapter_members(kind))
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
    compare(problems, "socketio.HttpRequest", request, request_members(request))
    compare(problems, "socketio.HttpResponse", response)
    expect_none(problems)
  end)

  it("events", function()
    local problems = {}
    for name, events in pairs(events_told(problems)) do
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

  it("phases of errors, reasons of disconnecting", function()
    local phases, known = {}, {}
    for path in sources "lua/socketio" do
      for phase in contents(path):gmatch '%f[%w]tasks%.run%([^"\n]*"(%a+)"' do
        phases[phase] = true
      end
      for phase in contents(path):gmatch '%f[%w]events%.fire[%w_]*%([^"\n]*"(%a+)"' do
        phases[phase] = true
      end
    end
    local members = annotations.members(defined, defined.classes["socketio.ErrorContext"])
    for _, phase in ipairs(members.phase.type.list) do
      known[phase.text:match '^"(.*)"$'] = true
    end
    assert.same(phases, known)
    local core = {}
    for path in sources "src" do
      core[#core + 1] = contents(path)
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

describe("docs/api.md", function()
  it("is what scripts/api-reference makes of the definitions", function()
    assert(os.execute(("lua5.4 '%s/scripts/api-reference' --check"):format(root)))
  end)

  it("has links that lead to its sections", function()
    local text = contents "docs/api.md"
    local anchors, missing = {}, {}
    for heading in text:gmatch "\n##+ ([^\n]+)" do
      local anchor = heading:lower():gsub("[^%w _-]", ""):gsub(" ", "-")
      assert(not anchors[anchor], "two sections have the same name: " .. heading)
      anchors[anchor] = true
    end
    for anchor in text:gmatch "%]%(#([^)]*)%)" do
      if not anchors[anchor] then
        missing[#missing + 1] = anchor
      end
    end
    expect_none(missing)
  end)
end)
