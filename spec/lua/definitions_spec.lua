-- The definitions in lua/socketio/types are well made, and docs/api.md is made of them.
local definitions = require "support.definitions"

local annotations, defined = definitions.annotations, definitions.all
local relative, expect_none = definitions.relative, definitions.expect_none

describe("the definitions", function()
  it("are Lua", function()
    for _, path in ipairs(definitions.paths) do
      assert(loadfile(path))
    end
  end)

  it("are installed beside the module", function()
    for _, path in ipairs(definitions.paths) do
      local name = "socketio.types." .. path:match "([%w_]+)%.lua$"
      assert(package.searchpath(name, package.path), name)
    end
  end)

  it("name no type that is not defined", function()
    local problems = {}
    definitions.each_type(function(type_, file, line)
      annotations.names(type_, function(name)
        if not (definitions.basic[name] or defined.classes[name] or defined.aliases[name]) then
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

describe("docs/api.md", function()
  it("is what scripts/api-reference makes of the definitions", function()
    assert(os.execute(("lua5.4 '%s/scripts/api-reference' --check"):format(definitions.root)))
  end)

  it("has links that lead to its sections", function()
    local text = definitions.contents "docs/api.md"
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
