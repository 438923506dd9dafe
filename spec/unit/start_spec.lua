-- SPDX-License-Identifier: MIT
--
-- The start of a batch in an LXD that stops answering: a signal ends the wait, and what was begun
-- may be waited for once more, or cancelled. The LXD is a simulated one, since it is only stopped
-- and let go on; spec/lxd/second_lxd_spec.lua has the same for suites, with a real one.

local new_folder = require "spec.support.folder"
local new_simulated = require "spec.support.simulated"
local process = require "spec.support.process"

describe("ct_batch_start()", function()
  it("hears signals as ct_batch_wait() does, and goes on, or is cancelled", function()
    local folder <close> = new_folder()
    local simulated <close> = new_simulated()
    local build = os.getenv "BUILD"
    process.output { "cc", "-Wall", "-Werror", "-D_GNU_SOURCE", "-Iengine", "-o",
      folder:at "interrupted", "spec/programs/interrupted.c", "-L" .. build, "-lcleantest" }
    local said = process.output(
      { folder:at "interrupted", simulated.socket, tostring(simulated.process.pid) },
      { env = { LD_LIBRARY_PATH = build }, deadline = 60 })
    assert.equal(table.concat({
      "start INTERRUPTED", "add ARGUMENT", "start again OK", "result pass", "close OK",
      "start INTERRUPTED", "add ARGUMENT", "start cancelled CANCELLED", "close OK",
      "start INTERRUPTED", "add ARGUMENT", "close at once OK",
    }, "\n"), said)
  end)
end)
