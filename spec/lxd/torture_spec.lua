-- SPDX-License-Identifier: MIT
--
-- Two minutes of `make torture`. Which faults there are is the seed's doing, and the seed is the
-- time: what was found says how to repeat it.

local process = require "spec.support.process"

local MINUTES <const> = 2

describe("a run under faults and kills", function()
  it("never gives a wrong result, hangs, or leaves anything behind", function()
    local result = process.run({ "spec/torture/run" }, {
      env = { MINUTES = MINUTES, SEED = false, TORTURE_FOLDER = false }, deadline = 900 })
    local faults, kills = result.stdout:match "faults (%d+), kills (%d+)"
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.is_true(tonumber(faults) > 0 and tonumber(kills) > 0, result.stdout)
  end)
end)
