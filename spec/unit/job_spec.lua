-- SPDX-License-Identifier: MIT
--
-- What a testlet knows of its own job.

local ct = require "cleantest"
local job = require "cleantest.job"
local local_guest = require "spec.unit.support.local_guest"
require "spec.unit.support.refuses"

setup(local_guest.use)

local function on(options, testlet)
  options.image = "here"
  return ct.lxd(options)(testlet)
end

describe("cleantest.job", function()
  it("says which job it is, with values as they are in the matrix", function()
    local matrix = { db = "pg", n = { 1, 2.5 }, tls = true }
    local all = on({ name = "told", matrix = matrix }, function()
      return { job.id, job.testlet, job.image, job.attempt, job.matrix }
    end)():all()
    assert.equal(2, #all)
    for i, result in ipairs(all) do
      assert.same({ result.id, "told", "here", 1, { db = "pg", n = ({ 1, 2.5 })[i], tls = true } },
        result.value)
    end
  end)

  it("has no variant where there is no matrix", function()
    assert.same({}, on({}, function() return require("cleantest.job").matrix end)():only().value)
  end)

  it("skips, with a reason", function()
    local result = on({}, function() job.skip("no " .. job.image) end)():only()
    assert.same({ "skip", "no here" }, { result.status, result.reason })
  end)

  it("works in a testlet only", function()
    assert.refuses("cleantest.job works inside an instance only", function() print(job.id) end)
  end)
end)

describe("variables", function()
  it("tell scripts and commands the same, whatever the suite sets", function()
    ct.env:add { CLEANTEST_ID = "mine", OTHER = "x" }
    local script = ct.script [[
      echo "$CLEANTEST $CLEANTEST_ID $CLEANTEST_TESTLET $CLEANTEST_IMAGE $CLEANTEST_ATTEMPT $OTHER"
      echo "$CLEANTEST_MATRIX_DB $CLEANTEST_MATRIX_ON $CLEANTEST_MATRIX"]]
    local result = on({ name = "s", matrix = { db = "pg", on = false } }, script)():only()
    local first, second = result.stdout:match "^(.*)\n(.*)\n$"
    assert.equal(("1 %s s here 1 x"):format(result.id), first)
    assert.matches("^pg false {.*}$", second)
  end)
end)
