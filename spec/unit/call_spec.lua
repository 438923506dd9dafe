-- SPDX-License-Identifier: MIT
--
-- What a suite's calls give back, with the real guest on this machine.

local ct = require "cleantest"
local local_guest = require "spec.unit.support.local_guest"
require "spec.unit.support.refuses"

setup(local_guest.use)

local function on(testlet, options)
  local all = { image = "here" }
  for key, value in pairs(options or {}) do all[key] = value end
  return ct.lxd(all)(testlet)
end

describe("a call", function()
  it("gives a result for each image, in order", function()
    local names = {}
    local testlet = on(function(word) print(word) return #word end, { image = { "a", "b" } })
    for name, result in testlet "hello" do
      names[#names + 1] = name
      assert.equal("hello\n", result.stdout)
      assert.equal(5, result.value)
    end
    assert.same({ "test-a", "test-b" }, names)
  end)

  it("knows a pass, a failure and a skip by the exit code", function()
    local seen = {}
    for code = 0, 77, 7 do
      for _, result in on(function() os.exit(code) end)() do seen[code] = result.status end
    end
    assert.equal("pass", seen[0])
    assert.equal("fail", seen[7])
    assert.equal("skip", seen[77])
  end)
end)

describe("a call that is kept", function()
  it("is its own iterator, and can be looped over later", function()
    local call, names = on(function() end, { image = { "a", "b", "c" } })(), {}
    assert.equal("call of test-a, test-b, test-c: 0 of 3 results", tostring(call))
    for name in call do names[#names + 1] = name end
    assert.same({ "test-a", "test-b", "test-c" }, names)
    assert.is_nil(call())
  end)

  it("gives all of its results, those of a loop too, or its only one", function()
    local call = on(function() return 7 end, { image = { "a", "b" } })()
    assert.equal("test-a", (call()))
    local all = call:wait():all()
    assert.same({ "test-a", "test-b" }, { all[1].name, all[2].name })
    assert.refuses("call:only: this call has 2 results; use all%(%), or loop", function()
      call:only()
    end)
    assert.equal(7, on(function() return 7 end)():only().value)
  end)

  it("cancels what is left when its block, or its loop, is left", function()
    local before = #local_guest.jobs
    do
      local call <close> = on(function() end, { image = { "a", "b" } })()
      call()
    end
    local function first()
      for name in on(function() end, { image = { "a", "b" } })() do
        if name then return name end
      end
    end
    assert.equal("test-a", first())
    assert.equal(before + 4, #local_guest.jobs)
    assert.equal(2, local_guest.cancelled)
    local call = on(function() end, { image = { "a", "b" } })()
    call:cancel()
    assert.is_nil(call())
  end)

  it("gives arguments to every testlet of ct.run", function()
    local testlet = on(function(...) return { ... } end)
    local all = ct.run({ a = testlet, b = testlet }, { args = { 1, "x" }, num_threads = 2 }):all()
    assert.same({ { 1, "x" }, { 1, "x" } }, { all[1].value, all[2].value })
  end)
end)

describe("arguments", function()
  it("are the tables and functions that the testlet has by itself, where they are", function()
    local shared = { n = 1 }
    local function add() shared.n = shared.n + 1 end
    local result = on(function(same, again, other, call)
      call()
      return { same == shared, again == shared, other == shared, same.n, select("#", nil, nil) }
    end)(shared, shared, { n = 1 }, add):only()
    assert.same({ true, true, false, 2, 2 }, result.value)
  end)

  it("may be nil, in between and at the end", function()
    local function count(...) return { select("#", ...), (select(3, ...)) } end
    local result = on(count)(nil, {}, 7, nil):only()
    assert.same({ 4, 7 }, result.value)
  end)

  it("are refused by their number, with the suite's line", function()
    assert.refuses("test: the arguments can't travel into an instance: argument 2.x is a userdata",
      function() on(function() end)(1, { x = io.tmpfile() }) end)
  end)

  it("leave a testlet's lines in its errors", function()
    local result = on(function(t) error("no " .. t.word) end)({ word = "way" }):only()
    assert.matches("call_spec.lua:%d+: no way", result.stderr)
    assert.is_nil(result.stderr:find "cleantest/testlet")
  end)
end)
