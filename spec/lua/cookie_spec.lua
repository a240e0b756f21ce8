-- The option cookie: its attributes and their order, what may be in them, and when it is sent.
local socketio = require "socketio"

local support = require "support"

local POLLING = "/socket.io/?EIO=4&transport=polling"

after_each(support.clean)

local function get(io)
  return support.request(io, "GET", POLLING)
end

local function sid_of(answer)
  assert.equal(200, answer.status)
  return answer.body:match '^0{"sid":"(.-)"'
end

local function options_error(options)
  local ok, message = pcall(socketio.Server, options)
  assert.is_false(ok)
  return (message:gsub("^.-: ", "", 1))
end

describe("the cookie", function()
  local function cookie(options)
    local answer = get(support.server { cookie = options })
    return answer.headers["set-cookie"]:gsub("=" .. sid_of(answer):gsub("%-", "%%-"), "=ID", 1)
  end

  it("has attributes, in the order of the reference", function()
    for _, case in ipairs {
      { true, "io=ID; Path=/; HttpOnly; SameSite=Lax" },
      { {}, "io=ID; Path=/; HttpOnly; SameSite=Lax" },
      { { path = false, httpOnly = false, sameSite = false }, "io=ID" },
      { { name = "my", sameSite = true, secure = true },
        "my=ID; Path=/; HttpOnly; Secure; SameSite=Strict" },
      { { maxAge = 86400.9, domain = "a.example", path = "/x", expires = 0, secure = true,
          partitioned = true, priority = "HIGH", sameSite = "none" },
        "io=ID; Max-Age=86400; Domain=a.example; Path=/x; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
        .. "HttpOnly; Secure; Partitioned; Priority=High; SameSite=None" },
    } do
      assert.equal(case[2], (cookie(case[1])))
    end
  end)

  it("is set on the handshake by polling only", function()
    local io = support.server { cookie = true }
    local path = POLLING .. "&sid=" .. sid_of(get(io))
    assert.is_nil(support.request(io, "POST", path, { body = "40" }).headers["set-cookie"])
    assert.is_nil(support.request(io, "GET", path).headers["set-cookie"])
    local socket = support.connect(io)
    assert.is_nil(socket.client.transport.answer.headers["set-cookie"])
  end)

  it("is checked", function()
    for given, message in pairs {
      [5] = "bad option 'cookie' (boolean or table expected, got number)",
      [{ nam = "x" }] = "unknown option of cookie 'nam' (did you mean 'name'?)",
      [{ name = "a b" }] = 'bad option of cookie \'name\' (name of a cookie expected, got "a b")',
      [{ path = "/;x" }] = 'bad option of cookie \'path\' (path or false expected, got "/;x")',
      [{ sameSite = "x" }] = 'bad option of cookie \'sameSite\' ("lax", "strict", "none" or '
        .. 'boolean expected, got "x")',
      [{ priority = true }] = "bad option of cookie 'priority' (\"low\", \"medium\", \"high\" "
        .. "expected, got boolean)",
      [{ expires = 0 / 0 }] = "bad option of cookie 'expires' (number expected, got number)",
    } do
      assert.equal(message, options_error { cookie = given })
    end
  end)

  it("is refused with what npm's cookie refuses", function()
    for option, values in pairs {
      name = { "", "a=b", "a;b", "a\r\nb", "\195\169", 1 },
      path = { "/\n", "/<", "/\127", "/\195\169", true },
      domain = { "a..b", "-a", "a-", "a.", "a_b", "a b", "a;b", ("x"):rep(64), true },
      maxAge = { 1 / 0, 0 / 0, "1" },
      expires = { 1 / 0, "tomorrow" },
      encode = { true, "x" },
      secure = { 1 }, httpOnly = { "yes" }, partitioned = { 0 },
      priority = { "urgent" }, sameSite = { 1 },
    } do
      for _, value in ipairs(values) do
        assert.matches("^bad option of cookie '" .. option .. "'",
          options_error { cookie = { [option] = value } })
      end
    end
    for option, values in pairs {
      name = { "__Host-io", "a!#$%&'*+-.^_`|~b" },
      path = { "", "/a b:=~" },
      domain = { "", ".a.example", "localhost", "a-b.c1", ("x"):rep(63) .. ".y" },
    } do
      for _, value in ipairs(values) do
        assert.is_truthy(cookie { [option] = value }, value)
      end
    end
  end)

  it("has a value of the application's, where it encodes it", function()
    for _, case in ipairs {
      { function(id) return "s-" .. #id end, "io=s-20; Path=/; HttpOnly; SameSite=Lax" },
      { function() return '"quoted"' end, 'io="quoted"; Path=/; HttpOnly; SameSite=Lax' },
      { setmetatable({}, { __call = function(_, id) return id:rep(0) end }),
        "io=; Path=/; HttpOnly; SameSite=Lax" },
    } do
      local answer = get(support.server { cookie = { encode = case[1] } })
      assert.equal(case[2], answer.headers["set-cookie"])
    end
  end)

  it("is not sent when its value cannot be one, which is reported", function()
    for _, case in ipairs {
      { function() return "a b" end, 'cookie.encode returned "a b", which cannot be' },
      { function() return "a;b" end, "cannot be the value of a cookie" },
      { function() return "a\r\nSet-Cookie: b" end, "cannot be the value of a cookie" },
      { function() return 'a"b' end, "cannot be the value of a cookie" },
      { function() return "\\" end, "cannot be the value of a cookie" },
      { function() end, "cookie.encode returned nil, which" },
      { function() error "in encode" end, "in encode" },
      { function() socketio.sleep(1) end, "'sleep' waits for its result" },
    } do
      local answer = get(support.server { cookie = { encode = case[1] } })
      assert.equal(200, answer.status)
      assert.is_nil(answer.headers["set-cookie"])
      local reported = support.errors()
      assert.equal(1, #reported)
      assert.matches(case[2], reported[1].message, 1, true)
      assert.equal("request", reported[1].context.phase)
    end
  end)

  it("is one cookie, whatever its options are made of", function()
    local cookie_options = require "socketio.cookie"
    local kinds = require "socketio.kinds"
    local random = math.random
    math.randomseed(20)
    local function bytes()
      local list = {}
      for i = 1, random(0, 6) do
        list[i] = string.char(random(8) > 1 and random(32, 126) or random(0, 255))
      end
      return table.concat(list)
    end
    local taken = 0
    for _ = 1, 1000 do
      local given = { name = bytes(), path = bytes(), domain = random(3) == 1 and bytes() or nil }
      local ok, all = pcall(kinds.complete, given, cookie_options.known, "option of cookie")
      if ok then
        taken = taken + 1
        local line = all.name .. "=id" .. cookie_options.attributes(all)
        assert.not_matches("[%c\127-\255]", line)
        local name, rest = line:match "^([^=;%s]+)=id(.*)$"
        assert.equal(given.name, name)
        local expected = (all.domain and all.domain ~= "" and "; Domain=" .. all.domain or "")
          .. (all.path ~= "" and "; Path=" .. all.path or "") .. "; HttpOnly; SameSite=Lax"
        assert.equal(expected, rest)
        assert.equal(select(2, expected:gsub(";", "")), select(2, line:gsub(";", "")))
      end
      local fine, value = pcall(cookie_options.value, function() return given.path end, "id")
      assert.is_true(not fine or value:find '^"?[!#-+%-./0-:<-Z%[%]^-~]*"?$' ~= nil, value)
    end
    assert.is_true(taken > 20, taken)
  end)
end)
