-- SPDX-License-Identifier: MIT
--
-- What a suite's calls give back, with the real guest on this machine.

local ct = require "cleantest"
local local_guest = require "spec.unit.support.local_guest"

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
