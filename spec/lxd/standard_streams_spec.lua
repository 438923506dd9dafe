-- SPDX-License-Identifier: MIT
--
-- A process that is started with standard streams closed: all is as with /dev/null in their
-- place. No file of the suite's, no connection of ours, is taken for one of them.

local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

describe("with standard streams closed", function()
  local folder <const> = new_folder { ["suite.lua"] = [[
    local ct = require "cleantest"
    local file = assert(io.open(os.getenv "SPEC_FILE", "w"))
    local function on(name, testlet)
      return ct.lxd { name = name, image = "busybox-amd64" } (testlet)
    end
    local function wait()
      local run = require "cleantest.utils.run"
      run "sleep 0.3"
      return "undisturbed"
    end
    local quick, slow = on("quick", function() end), on("slow", wait)
    for name, result in ct.run { quick, slow, num_threads = 2, order = "completed" } do
      print "a line"
      io.stderr:write "a line on stderr\n"
      file:write(name, " ", result.status, " ", result.value or result.error or "-", "\n")
    end
    file:close()
  ]] }

  lazy_teardown(function() folder:remove() end)

  local function run(command, redirected)
    local file = folder:at "file"
    os.remove(file)
    local ran = process.run(("exec %s %s %s"):format(command, folder:at "suite.lua", redirected),
      { env = { SPEC_FILE = file } })
    return ran.status, folder:read "file"
  end

  local function expect_the_same(command, closed)
    local status, file = run(command, closed)
    assert.equal(0, status, closed)
    assert.equal("quick-busybox-amd64 pass -\nslow-busybox-amd64 pass undisturbed\n", file)
  end

  it("the command does the same as with /dev/null", function()
    expect_the_same("cleantest", ">&-")
    expect_the_same("cleantest", "<&- >&- 2>&-")
  end)

  it("a suite without the command does, too", function()
    expect_the_same("lua5.4", "<&- >&- 2>&-")
  end)
end)
