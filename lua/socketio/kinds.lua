--- Kinds of option values, and checking a table of options against them.
-- A kind is a function(value) that returns whether value is one, and what was expected; instead of
-- that, in third place, all of what is to be said. Specs are a table: name to { default, kind }, or
-- to { default, refuse = why nothing else is taken }.

local check = require("socketio.check")

local kinds = {}

function kinds.boolean(value)
  return type(value) == "boolean", "boolean"
end

function kinds.string(value)
  return type(value) == "string", "string"
end

function kinds.callable(value)
  return check.callable(value), "function"
end

function kinds.table(value)
  return type(value) == "table", "table"
end

function kinds.boolean_or_table(value)
  return type(value) == "boolean" or type(value) == "table", "boolean or table"
end

function kinds.number(least)
  return function(value)
    return type(value) == "number" and value == value and value >= least,
      ("number of at least %g"):format(least)
  end
end

function kinds.integer(least, most)
  return function(value)
    return type(value) == "number" and value % 1 == 0 and value >= least and value <= most,
      ("integer from %d to %d"):format(least, most)
  end
end

function kinds.one_of(...)
  local names = { ... }
  return function(value)
    for _, name in ipairs(names) do
      if value == name then
        return true
      end
    end
    return false, '"' .. table.concat(names, '" or "') .. '"'
  end
end

local function distance(a, b)
  local row = {}
  for j = 0, #b do
    row[j] = j
  end
  for i = 1, #a do
    local corner = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and 0 or 1
      local best = math.min(row[j] + 1, row[j - 1] + 1, corner + cost)
      corner, row[j] = row[j], best
    end
  end
  return row[#b]
end

local function nearest(name, specs)
  local best, least
  for candidate in pairs(specs) do
    local d = distance(name:lower(), candidate:lower())
    if not least or d < least or (d == least and candidate < best) then
      best, least = candidate, d
    end
  end
  return best
end

local function check_one(name, given, specs, what)
  local spec, value = specs[name], check.given(given)
  if not spec then
    check.raise(("unknown %s '%s' (did you mean '%s'?)"):format(what, tostring(name),
      nearest(tostring(name), specs)))
  end
  if value == nil then
    return
  end
  if spec.refuse then
    if value ~= spec[1] then
      check.raise(("%s '%s' %s"):format(what, name, spec.refuse))
    end
    return
  end
  local ok, expected, said = spec[2](value)
  if not ok then
    check.raise(("bad %s '%s' (%s)"):format(what, name, said or ("%s expected, got %s"):format(
      expected, type(value) == "string" and ("%q"):format(value) or check.kind(value))))
  end
end

--- Checks given against specs and returns it completed with the defaults. Raises for an unknown
-- name, with the nearest known one, and for a bad value. what: "option of cors".
function kinds.complete(given, specs, what)
  for name, value in pairs(given) do
    check_one(name, value, specs, what)
  end
  local all = {}
  for name, spec in pairs(specs) do
    all[name] = check.given(given[name])
    if all[name] == nil then
      all[name] = spec[1]
    end
  end
  return all
end

return kinds
