-- What the library has that applications can reach, for comparing it with the definitions.
local options = require "socketio.options"

local definitions = require "support.definitions"

local contents, sources = definitions.contents, definitions.sources

local library = {}

-- === Members
-- ======================================================================================

-- Upvalues of functions in C have no names: they stand in that order.
local NAMELESS = { "methods", "getters" }

local function upvalue(fn, wanted)
  for i = 1, 255 do
    local name, value = debug.getupvalue(fn, i)
    if name == "" then
      name = NAMELESS[i]
    end
    if name == wanted or not name then
      return name and value
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
function library.members_of(object)
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
    add_public(names, upvalue(index, "shared"))
  else
    add_public(names, index)
  end
  return names
end

-- Things that have no methods of which a table could be asked: the core has them.
function library.request_members(request)
  local names = library.members_of(request)
  for name in contents("src/lua/request.c"):gmatch 'strcmp%(key, "(%w+)"%)' do
    names[name] = request[name]
  end
  return names
end

-- What adapters of that kind have. The kind's own are extend and super.
function library.adapter_members(kind)
  local names = { nsp = true, rooms = true, sids = true }
  while kind do
    add_public(names, kind)
    kind = getmetatable(kind).__index
  end
  names.extend, names.super = nil, nil
  return names
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
function library.option_tables()
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
function library.events_told(problems)
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

return library
