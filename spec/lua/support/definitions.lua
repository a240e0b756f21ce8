-- The definitions in lua/socketio/types, read; and what specs ask of them.
local definitions = {}

-- The repository.
local root = debug.getinfo(1, "S").source:match "^@(.*)/?spec/lua/support/[^/]*$"
root = root == "" and "." or root:gsub("/$", "")
definitions.root = root

local annotations = dofile(root .. "/scripts/annotations.lua")
definitions.annotations = annotations

definitions.paths = {}
for path in io.popen(("ls '%s'/lua/socketio/types/*.lua"):format(root)):lines() do
  table.insert(definitions.paths, path)
end

local defined = annotations.load(definitions.paths)
definitions.all = defined

function definitions.relative(path)
  return path:sub(#root + 2)
end

function definitions.contents(path)
  local file = assert(io.open(root .. "/" .. path))
  local text = file:read "a"
  file:close()
  return text
end

-- Iterates over the source files of a folder, by their path in the repository.
function definitions.sources(folder)
  local command = ("cd '%s' && find %s -name '*.lua' -o -name '*.c'"):format(root, folder)
  return io.popen(command):lines()
end

function definitions.expect_none(problems)
  table.sort(problems)
  assert(#problems == 0, "\n" .. table.concat(problems, "\n"))
end

-- === What the definitions say
-- =====================================================================

local basic = {} -- types of Lua
definitions.basic = basic
for name in ("any boolean function integer nil number self string table true false"):gmatch "%a+" do
  basic[name] = true
end

-- Calls visit(type, file, line) for each type that is written in the definitions.
function definitions.each_type(visit)
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
function definitions.accepts(type_, value)
  if type_.optional and value == nil or type_.name == "any" then
    return true
  elseif type_.kind == "union" then
    for _, one in ipairs(type_.list) do
      if definitions.accepts(one, value) then
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
    return definitions.accepts(alias.type or { kind = "union", list = alias.choices }, value)
  elseif type_.name == "true" or type_.name == "false" then
    return tostring(value) == type_.name
  elseif basic[type_.name] then
    return type(value) == type_.name or math.type(value) == type_.name
  end
  return type(value) == "table" or type(value) == "userdata"
end

return definitions
