-- SPDX-License-Identifier: MIT
--
-- Values that travel: arguments into an instance, results.value back, upvalues; and those that
-- can't, which are refused by name before any instance is made.

local ct = require "cleantest"
local results = require "spec.support.results"

local function every_byte()
  local bytes = {}
  for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
  return table.concat(bytes)
end

describe("values", function()
  local sent = {
    empty = {},
    list = { "a", "b", "c" },
    nested = { { { level = 3, list = { 1, 2, { 3 } } } } },
    keys = { [1.5] = "float", [-7] = "negative", [true] = "boolean", ["with space"] = 1 },
    binary = every_byte(),
    long = ("0123456789abcdef"):rep(64 * 1024), -- 1 MiB
    integers = { 0, -1, 42, math.maxinteger, math.mininteger, 2 ^ 53 | 0 },
    floats = { 0.5, 1.0, -0.0, 1e308, 5e-324, math.huge, -math.huge },
    booleans = { true, false },
    utf8 = "grüße, 世界",
  }
  local echoed, seen

  lazy_setup(function()
    local nothing = nil
    local echo = results.decorate(function(...)
      local args = table.pack(...)
      local kinds = {}
      for i, number in ipairs(args[1].integers) do kinds[i] = math.type(number) end
      for _, number in ipairs(args[1].floats) do kinds[#kinds + 1] = math.type(number) end
      return {
        n = args.n,
        first = args[1],
        middle = args[2] == nil,
        last = args[args.n] == nil,
        third = args[3],
        upvalue = nothing == nil,
        kinds = table.concat(kinds, " "),
        nan = 0 / 0,
      }
    end)
    local result = results.only(echo(sent, nil, "third", nil))
    assert(result.status == "pass", tostring(result))
    seen = result.value
    echoed = seen.first
  end)

  it("come back as they went in, nested or not", function()
    for _, name in ipairs { "empty", "list", "nested", "keys", "booleans" } do
      assert.same(sent[name], echoed[name])
    end
  end)

  it("are bytes: a string may hold anything, and be long", function()
    assert.equal(sent.binary, echoed.binary)
    assert.is_true(sent.long == echoed.long)
    assert.equal(sent.utf8, echoed.utf8)
  end)

  it("are integers or floats on both sides", function()
    assert.equal(("integer "):rep(6) .. ("float "):rep(6) .. "float", seen.kinds)
    for i, number in ipairs(sent.integers) do
      assert.equal("integer", math.type(echoed.integers[i]))
      assert.equal(number, echoed.integers[i])
    end
    for i, number in ipairs(sent.floats) do
      assert.equal("float", math.type(echoed.floats[i]))
      assert.equal(number, echoed.floats[i])
    end
    assert.equal(-math.huge, 1 / echoed.floats[3]) -- it was -0.0
    assert.not_equal(seen.nan, seen.nan)
  end)

  it("may be nil, in the middle, at the end, and as an upvalue", function()
    assert.equal(4, seen.n)
    assert.is_true(seen.middle)
    assert.equal("third", seen.third)
    assert.is_true(seen.last)
    assert.is_true(seen.upvalue)
  end)
end)

describe("what a testlet returns", function()
  local all

  lazy_setup(function()
    all = results.run {
      ["nothing"] = function() return end,
      ["nil"] = function() return nil end,
      ["false"] = function() return false end,
      several = function() return "first", "second" end,
      ["a-function"] = function() return print end,
      ["a-cycle"] = function()
        local cycle = {}
        cycle.again = cycle
        return cycle
      end,
      ["too-much"] = function() return ("x"):rep(40 * 1024 * 1024) end,
    }
  end)

  it("may be nothing, nil or false", function()
    assert.is_nil(all["nothing"].value)
    assert.is_nil(all["nil"].value)
    assert.is_false(all["false"].value)
    for _, name in ipairs { "nothing", "nil", "false" } do
      assert.equal("pass", all[name].status, tostring(all[name]))
    end
  end)

  it("is its first value", function()
    assert.equal("first", all.several.value)
  end)

  it("is plain data, or the testlet fails and says why", function()
    for name, why in pairs {
      ["a-function"] = "function", ["a-cycle"] = "contains itself", ["too-much"] = "limit",
    } do
      local result = all[name]
      assert.equal("fail", result.status, name)
      assert.is_nil(result.value)
      assert.matches(why, (result.error or "") .. result.stderr, nil, nil, name)
    end
  end)
end)

describe("values that can't travel", function()
  local busybox = results.image

  local function refusal(testlet, ...)
    local decorated, args = ct.lxd { image = busybox } (testlet), table.pack(...)
    local ok, message = pcall(function() decorated(table.unpack(args, 1, args.n)) end)
    assert.is_false(ok)
    assert.matches("value_spec%.lua:%d+: ", message)
    return message
  end

  it("are refused by the upvalue's name, with the suite's line", function()
    local socket = io.tmpfile()
    assert.matches("upvalue 'socket' is a userdata", refusal(function() return socket end))
    local worker = coroutine.create(print)
    assert.matches("upvalue 'worker' is a coroutine", refusal(function() return worker end))
  end)

  it("are found inside of tables and of other functions", function()
    local settings = { path = { handle = io.tmpfile() } }
    local message = refusal(function() return settings end)
    assert.matches("settings", message)
    assert.matches("userdata", message)
    local file = io.tmpfile()
    local function helper() return file end
    assert.matches("upvalue 'file' is a userdata", refusal(function() return helper() end))
  end)

  it("are refused when they are too deep", function()
    local deep = {}
    for _ = 1, 200 do deep = { deep } end
    assert.matches("'deep'.*too deeply", refusal(function() return deep end))
  end)

  it("are refused as arguments too", function()
    assert.matches("userdata", refusal(function() end, "fine", io.tmpfile()))
  end)

  it("are refused when they are C functions", function()
    local clock = require("cleantest.core").clock
    assert.matches("upvalue 'clock' is a C function: require its module inside the testlet",
      refusal(function() return clock() end))
  end)

  it("are refused with a metatable, rather than lose it", function()
    local object = setmetatable({}, { __index = string })
    assert.matches("'object'.*metatable", refusal(function() return object end))
  end)
end)
