--- The option cors: its forms, and what the core sends of it. Most is decided once; what a function
-- decides is asked for at each request (src/lua/admission.c, slot "share").

local check = require("socketio.check")
local kinds = require("socketio.kinds")
local origins = require("socketio.origins")
local pattern = require("socketio.pattern")

local cors = {}

local EXPECTED = "string, pattern, list of these, function or boolean"

-- What can stand in a header.
local function is_text(value)
  return type(value) == "string" and not value:find("[%c\127]")
end

local function is_allowed(value)
  return type(value) == "boolean" or is_text(value) or pattern.is(value)
end

local function is_list(value, is)
  local ok = type(value) == "table" and not pattern.is(value)
    and (#value > 0 or next(value) == nil)
  for _, one in ipairs(ok and value or {}) do
    ok = ok and is(one)
  end
  return ok
end

local function origin(value)
  return is_allowed(value) or check.callable(value) or is_list(value, is_allowed), EXPECTED
end

local function text_list(value)
  return is_text(value) or is_list(value, is_text), "string or list of strings"
end

--- Name to { default, kind }.
cors.known = {
  origin = { "*", origin },
  methods = { "GET,HEAD,PUT,PATCH,POST,DELETE", text_list },
  allowedHeaders = { nil, text_list },
  exposedHeaders = { nil, text_list },
  credentials = { false, kinds.boolean },
  maxAge = { nil, kinds.number(0) },
  preflightContinue = { false, kinds.boolean },
  optionsSuccessStatus = { 204, kinds.integer(200, 599) },
}

local function complete(given)
  return kinds.complete(given == true and {} or given, cors.known, "option of cors")
end

local function joined(value)
  return type(value) == "table" and table.concat(value, ",") or value
end

-- The table that the core reads (src/lua/options.c).
local function for_core(all)
  return {
    fixed = type(all.origin) == "string" and all.origin ~= "" and all.origin or nil,
    none = not all.origin or all.origin == "",
    methods = joined(all.methods),
    allowedHeaders = joined(all.allowedHeaders),
    exposedHeaders = joined(all.exposedHeaders) or "",
    credentials = all.credentials,
    preflightContinue = all.preflightContinue,
    optionsSuccessStatus = all.optionsSuccessStatus,
    maxAge = all.maxAge or -1,
  }
end

--- The kind of the option: checks what a table says.
function cors.is(value)
  if type(value) == "table" and not check.callable(value) then
    complete(value)
    return true
  end
  return type(value) == "boolean" or check.callable(value), "table, function or boolean"
end

--- Is it decided anew at each request?
function cors.is_asked(given)
  return check.callable(given) or type(given) == "table" and check.callable(given.origin)
end

--- The table that the core reads and the function (origin) that tells whether one is allowed; false
-- when there is no CORS, or when it is asked for.
function cors.fixed(given)
  if not given or cors.is_asked(given) then
    return false, nil
  end
  local all = complete(given)
  local allowed = all.origin
  local fixed = for_core(all)
  if type(allowed) == "string" or type(allowed) == "boolean" then
    return fixed, nil
  end
  fixed.asks = true
  return fixed, function(asked)
    return origins.allow(allowed, asked)
  end
end

-- Calls fn(question, callback), which answers by its result or by calling back, now or later; then
-- answered(err, answer), once.
local function ask(fn, question, answered)
  local function callback(err, answer)
    if answered then
      local tell = answered
      answered = nil
      tell(check.given(err), check.given(answer))
    end
  end
  local result = check.given(fn(question, callback))
  if result ~= nil then
    callback(nil, result)
  end
end

-- The table for the core, once the origins that are allowed are known.
local function decide(all, allowed, asked)
  if allowed ~= nil and not is_allowed(allowed) and not is_list(allowed, is_allowed) then
    check.raise(("bad answer for cors.origin (string, pattern, list of these or boolean expected, "
      .. "got %s)"):format(check.kind(allowed)))
  end
  all.origin = allowed
  local decided = for_core(all)
  decided.allowed = origins.allow(allowed, asked)
  return decided
end

--- Finds out what holds for a request: the option itself may be a function (req, callback), and so
-- may its origin (origin, callback). Calls answered(err, table that the core reads), with a field
-- more: allowed, whether this origin is. What cannot be an answer is an error of who gave it.
function cors.ask(given, req, answered)
  local asked = req.headers.origin
  local function try(fn, ...)
    local ok, result = pcall(fn, ...)
    if ok then
      return result
    end
    answered(result)
    error(result, 0)
  end
  local function with_options(err, options)
    if err ~= nil then
      answered(err)
      return
    end
    local all = try(complete, options or { origin = false })
    if not check.callable(all.origin) then
      answered(nil, try(decide, all, all.origin, asked))
      return
    end
    ask(all.origin, asked, function(err2, allowed)
      if err2 ~= nil then
        answered(err2)
        return
      end
      local decided = try(decide, all, allowed, asked)
      decided.none = false -- caches are to know that it depends on the origin
      answered(nil, decided)
    end)
  end
  if check.callable(given) then
    ask(given, req, with_options)
  else
    with_options(nil, given)
  end
end

return cors
