--- Reads the LuaCATS definitions in lua/socketio/types, for the API reference and for the test that
-- holds them against the library. It takes what those files use; anything else is an error that
-- names the file and the line.
--
-- The result of load: { files, classes, aliases }, where classes and aliases are lists that are
-- also indexed by name.
--   class   name, text, parents, fields, methods, overloads, operators, variable, module,
--           file, line
--   field   name, type, optional, text, file, line
--   method  name, text, params, returns, overloads, call (":" or "."), same (it is another one's
--           second name), file, line
--   alias   name, text, type or choices (a list of { type, text }), file, line
--   type    kind "name" (name) "literal" (text) "array" (of) "union" (list) "table" (list: the
--           arguments) "record" (fields) "fun" (params, returns); any may be optional

local annotations = {}

-- === Types ===================================================================================

local parse_type

local function take(at, pattern)
  local from, to, capture = at.text:find("^%s*" .. pattern, at.position)
  if not from then
    return nil
  end
  at.position = to + 1
  return capture or at.text:sub(from, to)
end

local function fail(at, what)
  error(("%s:%d: %s expected at %q"):format(at.file, at.line, what, at.text:sub(at.position)), 0)
end

local function need(at, pattern, what)
  return take(at, pattern) or fail(at, what)
end

-- A list up to close, each of whose members one() reads.
local function list_of(at, close, one)
  local list = {}
  if take(at, close) then
    return list
  end
  repeat
    list[#list + 1] = one()
  until not take(at, ",")
  need(at, close, "',' or the end of the list")
  return list
end

-- name[?]: type, as in functions and records.
local function named(at)
  local name = take(at, "(%.%.%.)") or need(at, "([%a_][%w_]*)", "a name")
  local optional = take(at, "%?") ~= nil
  local type = take(at, ":") and parse_type(at) or nil
  return { name = name, optional = optional, type = type }
end

local function parse_function(at)
  local params = list_of(at, "%)", function()
    return named(at)
  end)
  local returns = {}
  if take(at, ":") then
    repeat
      returns[#returns + 1] = parse_type(at)
    until not take(at, ",")
  end
  return { kind = "fun", params = params, returns = returns }
end

local function parse_unit(at)
  local literal = take(at, '("[^"]*")') or take(at, "(%-?%d+)")
  if literal then
    return { kind = "literal", text = literal }
  end
  if take(at, "%(") then
    local inner = parse_type(at)
    need(at, "%)", "')'")
    return inner
  end
  if take(at, "fun%(") then
    return parse_function(at)
  end
  if take(at, "{") then
    return { kind = "record", fields = list_of(at, "}", function()
      return named(at)
    end) }
  end
  local name = need(at, "([%a_][%w_.]*)", "a type")
  if take(at, "<") then
    local list = list_of(at, ">", function()
      return parse_type(at)
    end)
    return { kind = "table", name = name, list = list }
  end
  return { kind = "name", name = name }
end

local function parse_suffixed(at)
  local type = parse_unit(at)
  while take(at, "%[%]") do
    type = { kind = "array", of = type }
  end
  return type
end

function parse_type(at)
  local first = parse_suffixed(at)
  local list = { first }
  while take(at, "|") do
    list[#list + 1] = parse_suffixed(at)
  end
  local type = list[2] and { kind = "union", list = list } or first
  type.optional = take(at, "%?") and true or type.optional
  return type
end

-- What follows on the line; a leading # is only a mark.
local function rest(at)
  return (at.text:sub(at.position):gsub("^%s*#?%s*", ""))
end

-- === Tags ====================================================================================

local tags = {}

function tags.class(block, at)
  local name = need(at, "([%w_.]+)", "the name of a class")
  local parents = {}
  if take(at, ":") then
    repeat
      parents[#parents + 1] = need(at, "([%w_.]+)", "the name of a class")
    until not take(at, ",")
  end
  block.class = {
    name = name, parents = parents, text = block.text,
    fields = {}, methods = {}, operators = {}, overloads = block.overloads,
    file = at.file, line = at.line,
  }
end

function tags.field(block, at)
  if not block.class then
    fail(at, "a class before its fields")
  end
  local name = take(at, '%["(%w+)"%]') or need(at, "([%a_][%w_]*)", "the name of a field")
  local optional = take(at, "%?") ~= nil
  local type = parse_type(at)
  table.insert(block.class.fields, {
    name = name, optional = optional, type = type, text = rest(at), file = at.file, line = at.line,
  })
end

function tags.operator(block, at)
  local name = need(at, "(%a+)", "the name of an operator")
  local operand = take(at, "%(") and parse_type(at)
  if operand then
    need(at, "%)", "')'")
  end
  need(at, ":", "':'")
  local result = parse_type(at)
  table.insert(block.class.operators, { name = name, type = result, text = rest(at) })
end

function tags.alias(block, at)
  local name = need(at, "([%w_.]+)", "the name of an alias")
  local type = at.text:find("%S", at.position) and parse_type(at) or nil
  block.alias = {
    name = name, type = type, choices = not type and {} or nil, text = block.text,
    file = at.file, line = at.line,
  }
end

function tags.param(block, at)
  local param = named(at)
  param.type = parse_type(at)
  param.text = rest(at)
  table.insert(block.params, param)
end

tags["return"] = function(block, at)
  local type = parse_type(at)
  local name = take(at, "([%a_][%w_]*)%f[%s\0]")
  table.insert(block.returns, { type = type, name = name, text = rest(at) })
end

function tags.overload(block, at)
  local type = parse_type(at)
  if type.kind ~= "fun" then
    fail(at, "a function type")
  end
  table.insert(block.overloads, { type = type, text = rest(at) })
end

function tags.meta(block, at)
  block.module = take(at, "([%w_.]+)")
end

local function choice(block, at)
  if not (block.alias and block.alias.choices) then
    fail(at, "an alias before its choices")
  end
  table.insert(block.alias.choices, { type = parse_suffixed(at), text = rest(at) })
end

-- === Files ===================================================================================

local function new_block()
  return { text = {}, params = {}, returns = {}, overloads = {} }
end

local function comment(block, at)
  if take(at, "|") then
    choice(block, at)
    return
  end
  local tag = take(at, "@(%a+)")
  if not tag then
    table.insert(block.text, (at.text:gsub("^ ", "")))
  elseif tags[tag] then
    tags[tag](block, at)
  else
    fail(at, "a known tag")
  end
end

local function add(all, thing)
  if all[thing.name] then
    error(("%s:%d: %s is defined twice"):format(thing.file, thing.line, thing.name), 0)
  end
  all[thing.name] = thing
  all[#all + 1] = thing
end

local function add_method(class, method)
  for _, other in ipairs(class.methods) do
    if other.name == method.name then
      error(("%s:%d: %s is defined twice"):format(method.file, method.line, method.name), 0)
    end
  end
  class.methods[#class.methods + 1] = method
  class.methods[method.name] = method
end

-- The @param tags must be those of the function's arguments.
local function check_params(method, arguments, at)
  local names = {}
  for i, param in ipairs(method.params) do
    names[i] = param.name
  end
  if table.concat(names, ", ") ~= arguments then
    error(("%s:%d: %s has the arguments (%s), but its @param tags say (%s)"):format(at.file,
      at.line, method.name, arguments, table.concat(names, ", ")), 0)
  end
end

local function statement(file, block, at)
  local text = at.text
  local function class_of(variable)
    return file.variables[variable] or fail(at, "a function of a class of this file")
  end
  local variable, call, name, arguments = text:match(
    "^function ([%w_]+)([.:])([%w_]+)%((.*)%) end$")
  if variable then
    local method = {
      name = name, call = call, text = block.text, params = block.params, returns = block.returns,
      overloads = block.overloads, file = at.file, line = at.line,
    }
    check_params(method, arguments, at)
    add_method(class_of(variable), method)
    return
  end
  local second, other, first
  variable, second, other, first = text:match('^([%w_]+)[.%[]"?([%w_]+)"?%]? = ([%w_]+)%.([%w_]+)$')
  if variable then
    local method = class_of(other).methods[first] or fail(at, "a method defined before")
    add_method(class_of(variable), {
      name = second, same = method, text = block.text, call = method.call, file = at.file,
      line = at.line, params = method.params, returns = method.returns,
      overloads = method.overloads,
    })
    return
  end
  variable = text:match("^local ([%w_]+) = {}$")
  if variable then
    file.variables[variable] = block.class or fail(at, "a class before its variable")
    block.class.variable = variable
    return
  end
  variable = text:match("^return ([%w_]+)$")
  if not variable then
    fail(at, "a definition")
  end
  class_of(variable).module = file.module
end

local function finish(all, file, block)
  file.module = block.module or file.module
  if block.class then
    add(all.classes, block.class)
  end
  if block.alias then
    add(all.aliases, block.alias)
  end
end

local function load_file(all, path)
  local file = { path = path, variables = {} }
  local block, line = new_block(), 0
  for text in io.lines(path) do
    line = line + 1
    local at = { text = text:gsub("^%-%-%-", ""), position = 1, file = path, line = line }
    if text:sub(1, 3) == "---" then
      comment(block, at)
    else
      if text ~= "" then
        statement(file, block, at)
      end
      finish(all, file, block)
      block = new_block()
    end
  end
  finish(all, file, block)
  all.files[#all.files + 1] = path
end

--- Reads these files, in this order.
function annotations.load(paths)
  local all = { files = {}, classes = {}, aliases = {} }
  for _, path in ipairs(paths) do
    load_file(all, path)
  end
  return all
end

-- === Questions ===============================================================================

--- Calls visit(name) for every name in a type.
function annotations.names(type, visit)
  if not type then
    return
  end
  if type.name and (type.kind == "name" or type.kind == "table") then
    visit(type.name)
  end
  annotations.names(type.of, visit)
  for _, part in ipairs(type.list or {}) do
    annotations.names(part, visit)
  end
  for _, list in ipairs({ type.params or {}, type.fields or {} }) do
    for _, one in ipairs(list) do
      annotations.names(one.type, visit)
    end
  end
  for _, one in ipairs(type.returns or {}) do
    annotations.names(one, visit)
  end
end

--- The classes that class has members of: itself, its parents, theirs.
function annotations.lineage(all, class, into)
  into = into or {}
  into[#into + 1] = class
  for _, name in ipairs(class.parents) do
    annotations.lineage(all, all.classes[name], into)
  end
  return into
end

--- All members of a class: name to field or method, its own before those of its parents.
function annotations.members(all, class)
  local members = {}
  for _, each in ipairs(annotations.lineage(all, class)) do
    for _, list in ipairs({ each.fields, each.methods }) do
      for _, member in ipairs(list) do
        members[member.name] = members[member.name] or member
      end
    end
  end
  return members
end

--- A field's text without the default at its end, "(default 10 ms).", and that: its Lua expression
-- and its unit.
function annotations.default(field)
  local text, default = field.text:match("^(.-) %(default (.+)%)%.$")
  if not default then
    return field.text
  end
  local value, unit = default:match("^(%-?[%d.]+) (%a+)$")
  return text .. ".", value or default, unit
end

return annotations
