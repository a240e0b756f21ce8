-- What becomes of values on their way to JSON and back.
local core = require "socketio.core"

local null, array, array_mt, binary = core.null, core.array, core.array_mt, core.binary

local function decode(text)
  local value, message = core.decode(text)
  assert(value ~= nil, message)
  return value
end

local function echo(value)
  return decode(core.encode(value))
end

describe("numbers", function()
  it("come in as integers if they have no fraction and fit 64 bits", function()
    for _, text in ipairs { "1", "1.0", "1e0", "10e-1", "-0", "9223372036854775807", "1e18" } do
      assert.equal("integer", math.type(decode(text)), text)
    end
    for _, text in ipairs { "0.5", "1e-1", "9223372036854775808", "1e19", "-1e400" } do
      assert.equal("float", math.type(decode(text)), text)
    end
  end)

  it("go out as JavaScript spells them", function()
    assert.equal("[1,1.5,0,9007199254740992,1e+21,1e-7,0.1,5e-324,-2.5]",
      core.encode { 1.0, 1.5, -0.0, 2.0 ^ 53, 1e21, 1e-7, 0.1, 5e-324, -2.5 })
    assert.equal("[9223372036854775807,-9223372036854775808]",
      core.encode { math.maxinteger, math.mininteger })
  end)

  it("that JSON does not have go out as null", function()
    assert.equal("[null,null,null]", core.encode { 0 / 0, math.huge, -math.huge })
  end)

  it("are the same in every locale", function()
    local before = os.setlocale()
    for _, name in ipairs { "de_DE.UTF-8", "fr_FR.UTF-8", "cs_CZ.UTF-8", "de_DE", "C" } do
      os.setlocale(name)
      assert.equal("[0.30000000000000004,1.5]", core.encode { 0.1 + 0.2, 1.5 })
      assert.equal(1.2345678901234567e-300, decode "1.2345678901234567e-300")
      assert.equal(0.1, decode("0.1" .. ("0"):rep(1000)))
    end
    os.setlocale(before)
  end)
end)

describe("strings", function()
  it("are escaped as JSON.stringify does", function()
    assert.equal([["\"\\/\b\f\n\r\t\u0000\u001f]] .. '\x7f\u{2028}é"',
      core.encode '"\\/\b\f\n\r\t\0\x1f\x7f\u{2028}é')
  end)

  it("come back as they were", function()
    for _, text in ipairs { "", "a", "\0", "žluťoučký kůň", "日本語", "😀", ("é\n"):rep(1000) } do
      assert.equal(text, echo(text))
    end
  end)

  it("may hold lone surrogates, which are escapes in JSON", function()
    local lone = decode [["a\ud800b"]]
    assert.equal("a\xed\xa0\x80b", lone)
    assert.equal([["a\ud800b"]], core.encode(lone))
  end)

  it("must be UTF-8", function()
    assert.has_error(function() core.encode { a = "\xff" } end,
      "cannot encode a string that is not valid UTF-8 at value.a; socketio.binary(s) sends bytes")
    assert.same({ nil, "malformed JSON at byte 4: invalid UTF-8" }, { core.decode '"\xff"' })
  end)
end)

describe("null", function()
  it("is cjson.null inside of values, nil as an argument", function()
    local args = table.pack(core.decodeArgs '[null,[null],{"a":null},null]')
    assert.equal(4, args.n)
    assert.is_nil(args[1])
    assert.equal(null, args[2][1])
    assert.equal(null, args[3].a)
    assert.equal("[null,[null],null]", (core.encodeArgs(nil, { null }, null)))
    local has_cjson, cjson = pcall(require, "cjson")
    if has_cjson then
      assert.equal(cjson.null, null)
    end
  end)
end)

describe("tables", function()
  it("are arrays when they come in as arrays, empty or not", function()
    local value = decode '{"empty":[],"full":[1],"object":{}}'
    assert.equal(array_mt, getmetatable(value.empty))
    assert.equal(array_mt, getmetatable(value.full))
    assert.is_nil(getmetatable(value.object))
    assert.equal("[[],{}]", core.encode { value.empty, value.object })
  end)

  it("are arrays when marked", function()
    assert.equal("[]", core.encode(array {}))
    assert.equal("[]", core.encode(array()))
    assert.equal("[]", core.encode(setmetatable({}, array_mt)))
    local list = { 1 }
    assert.equal(list, array(list))
    assert.has_error(function() array "text" end)
  end)

  it("are arrays when their keys are 1, 2, ...", function()
    assert.equal("[1,[2]]", core.encode { 1, { 2 } })
    assert.equal("[1,null,3]", core.encode { 1, nil, 3 })
    assert.equal("{}", core.encode {})
    assert.has_error(function() core.encode { [1] = 1, [100] = 2 } end,
      "cannot encode an excessively sparse array (2 of 100 elements) at value")
  end)

  it("are objects otherwise", function()
    assert.same({ ["1"] = "one", x = "two" }, echo { "one", x = "two" })
    assert.same({ ["0"] = 1, ["-1"] = 2, ["0.5"] = 3 }, echo { [0] = 1, [-1] = 2, [0.5] = 3 })
    assert.has_error(function() core.encode { x = { [true] = 1 } } end,
      "cannot encode a boolean as a key at value.x")
  end)

  it("that come in are plain, whatever their keys", function()
    local value = decode '{"__index":{"a":1},"__gc":1,"__tojson":2,"toJSON":3,"__proto__":4}'
    assert.is_nil(getmetatable(value))
    assert.is_nil(value.a)
    assert.equal(3, echo(value).toJSON)
  end)

  it("say themselves what they are as JSON", function()
    local Point = {}
    Point.__index = Point
    function Point:toJSON()
      return array { self.x, self.y }
    end
    assert.equal('{"at":[1,2]}', core.encode { at = setmetatable({ x = 1, y = 2 }, Point) })
    assert.equal("[]", core.encode { __tojson = function() return array() end })
    assert.equal('"1.5"', core.encode(setmetatable({}, { __tojson = function() return "1.5" end })))
    assert.has_error(function() core.encode { toJSON = function() error("no", 0) end } end, "no")
  end)

  it("may be 128 levels deep", function()
    local text = ("["):rep(128) .. ("]"):rep(128)
    local deeper = "[" .. text .. "]"
    assert.equal(text, core.encode(decode(text)))
    assert.same({ nil, "malformed JSON at byte 129: too deep" }, { core.decode(deeper) })
    assert.has_error(function() core.encode { decode(text) } end)
    local cycle = { list = {} }
    cycle.list[1] = cycle
    assert.has_error(function() core.encode(cycle) end, "cannot encode a cycle at value.list[1]")
  end)

  it("name the place of what cannot be sent", function()
    assert.has_error(function() core.encodeArgs(1, { user = { name = print } }) end,
      "cannot encode a function at args[2].user.name")
  end)
end)

describe("binary", function()
  it("is bytes", function()
    local bytes = binary "a\0b"
    assert.equal("a\0b", tostring(bytes))
    assert.equal(3, #bytes)
    assert.is_true(bytes == binary "a\0b")
    assert.is_false(bytes == binary "a")
    assert.is_true(core.isBinary(bytes))
    assert.is_false(core.isBinary "a\0b")
    assert.has_error(function() binary(1) end)
  end)

  it("travels beside the text", function()
    local text, attachments = core.encodeArgs({ file = { binary "one" } }, binary "")
    assert.equal('[{"file":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}]', text)
    local value, empty = core.decodeArgs(text, attachments)
    assert.equal("one", tostring(value.file[1]))
    assert.equal("", tostring(empty))
    assert.equal(text, (core.encodeArgs(value, empty)))
  end)

  it("needs attachments, and a place for them", function()
    local placeholder = '[{"_placeholder":true,"num":1}]'
    assert.is_true(core.decodeArgs(placeholder)._placeholder)
    assert.has_error(function() core.decodeArgs(placeholder, { binary "only one" }) end,
      "malformed JSON at byte 31: illegal attachments")
    assert.has_error(function() core.encode { binary "x" } end,
      "cannot encode a Binary at value[1]; only events and acknowledgements carry it")
  end)
end)

describe("ordinary values", function()
  local has_cjson, cjson = pcall(require, "cjson")
  local it_compares = has_cjson and it or pending

  it_compares("are to lua-cjson what they are to us", function()
    local texts = {
      '{"a":[1,2,{"b":"c"}],"d":true,"e":null,"f":"\\u00e9\\n","g":-1.5e3}',
      '[[],{},"",0,false,null]',
      "[0.5,100,1e2,-7]",
    }
    for _, text in ipairs(texts) do
      assert.same(cjson.decode(text), decode(text))
      assert.same(decode(text), decode(cjson.encode(cjson.decode(text))))
    end
  end)
end)
