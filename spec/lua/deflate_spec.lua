-- The option perMessageDeflate: what is taken, and what the error for anything else says.
local socketio = require "socketio"

local support = require "support"

local function with(value)
  return pcall(socketio.Server, { perMessageDeflate = value })
end

after_each(support.clean)

describe("perMessageDeflate", function()
  it("is off unless it is given", function()
    assert.is_false(socketio.Server().opts.perMessageDeflate)
  end)

  it("takes the options of the reference", function()
    for _, value in ipairs {
      true, false, {},
      { threshold = 0, concurrencyLimit = 4 },
      { serverNoContextTakeover = true, clientNoContextTakeover = true },
      { serverNoContextTakeover = false, clientNoContextTakeover = false },
      { serverMaxWindowBits = true, clientMaxWindowBits = false },
      { serverMaxWindowBits = 8, clientMaxWindowBits = 15.0 },
      {
        zlibDeflateOptions = { chunkSize = 1024, memLevel = 7, level = 3, strategy = 1 },
        zlibInflateOptions = { chunkSize = 10 * 1024 },
      },
      { zlibDeflateOptions = { level = -1 } },
    } do
      assert.is_true(with(value))
    end
  end)

  for _, case in ipairs {
    { "on", "bad option 'perMessageDeflate' (boolean or table expected, got \"on\")" },
    { { treshold = 1 },
      "unknown option of perMessageDeflate 'treshold' (did you mean 'threshold'?)" },
    { { serverMaxWindowsBits = 10 }, "unknown option of perMessageDeflate "
      .. "'serverMaxWindowsBits' (did you mean 'serverMaxWindowBits'?)" },
    { { threshold = -1 },
      "bad option of perMessageDeflate 'threshold' (number of at least 0 expected, got number)" },
    { { serverNoContextTakeover = 1 }, "bad option of perMessageDeflate "
      .. "'serverNoContextTakeover' (boolean expected, got number)" },
    { { serverMaxWindowBits = 7 }, "bad option of perMessageDeflate 'serverMaxWindowBits' "
      .. "(boolean or integer from 8 to 15 expected, got number)" },
    { { clientMaxWindowBits = 16 }, "bad option of perMessageDeflate 'clientMaxWindowBits' "
      .. "(boolean or integer from 8 to 15 expected, got number)" },
    { { clientMaxWindowBits = 9.5 }, "bad option of perMessageDeflate 'clientMaxWindowBits' "
      .. "(boolean or integer from 8 to 15 expected, got number)" },
    { { zlibDeflateOptions = { level = 10 } }, "bad option of "
      .. "perMessageDeflate.zlibDeflateOptions 'level' "
      .. "(integer from -1 to 9 expected, got number)" },
    { { zlibDeflateOptions = { memlevel = 1 } }, "unknown option of "
      .. "perMessageDeflate.zlibDeflateOptions 'memlevel' (did you mean 'memLevel'?)" },
    { { zlibInflateOptions = { level = 1 } }, "unknown option of "
      .. "perMessageDeflate.zlibInflateOptions 'level' (did you mean 'chunkSize'?)" },
    { { concurrencyLimit = 0 }, "bad option of perMessageDeflate 'concurrencyLimit' "
      .. "(integer from 1 to 2147483648 expected, got number)" },
    { { zlibInflateOptions = { chunkSize = 10.5 } }, "bad option of "
      .. "perMessageDeflate.zlibInflateOptions 'chunkSize' "
      .. "(integer from 64 to 2147483648 expected, got number)" },
    { { zlibDeflateOptions = 9 }, "bad option of perMessageDeflate 'zlibDeflateOptions' "
      .. "(table expected, got number)" },
  } do
    it("refuses: " .. case[2], function()
      local ok, message = with(case[1])
      assert.is_false(ok)
      assert.equal(case[2], (message:gsub("^%S+:%d+: ", "")))
    end)
  end
end)
