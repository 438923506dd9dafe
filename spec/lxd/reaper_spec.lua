-- SPDX-License-Identifier: MIT
--
-- The reaper: that it starts wherever the engine runs, holds nothing of the host's, and acts on
-- what it is told alone. That nothing is left behind of those who die is in cleanup_spec.

local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local REAPED = 15 -- seconds in which the reaper is done, says the contract

local SUITE = [[
  local ct = require "cleantest"
  local function on(testlet) return ct.lxd { image = "busybox-amd64" } (testlet) end
  local sleep = on(ct.command { "sleep", "600" })
  local quick = on(function() return "fine" end)
]]

describe("the reaper", function()
  local folder <const> = new_folder {
    ["quick.lua"] = SUITE .. "for _, r in quick() do print(r.status, r.value, r.error, sleep) end",
    ["slow.lua"] = SUITE .. [[
      local next_result, state, _, call <close> = ct.run({ quick = quick, sleep = sleep },
        { order = "completed" })
      print(next_result(state))
      io.stdout:flush()
      next_result(state)]],
  }

  folder:write("strays.lua", [[
    local ct = require "cleantest"
    local stray = require("cleantest_internals").stray
    local archon = ct.archon()
    archon:add("one", "busybox-amd64")
    for _, text in ipairs { "a line on stderr\n", "h", "R\0\0\0\0", ("x"):rep(10000) } do
      assert(stray(text) > 0, "no socket was found")
    end
    os.execute "sleep 3" -- more than the reaper takes to delete an instance
    print(archon:execute("one", "true").one.status)
    io.stdout:flush()
    archon:execute("one", "sleep 600")]])

  lazy_setup(function()
    process.output { "cc", "-std=c11", "-D_GNU_SOURCE", "-o", folder:at "older_kernel",
      "spec/programs/older_kernel.c" }
  end)

  lazy_teardown(function() folder:remove() end)

  -- Runs the suite in a pid namespace with this setting, which kernels have since Linux 6.3.
  local function with_memory_programs(value)
    local command = ("! [ -e $f ] || echo %d >$f; exec lua5.4 %s"):format(value,
      folder:at "quick.lua")
    return process.run({ "unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", command },
      { env = { f = "/proc/sys/vm/memfd_noexec" } })
  end

  it("starts where programs in memory must be asked for", function()
    local result = with_memory_programs(1)
    assert.equal("", result.stderr)
    assert.matches("^pass\tfine\t", result.stdout)
  end)

  it("says what forbids programs in memory", function()
    local known <close> = io.open "/proc/sys/vm/memfd_noexec"
    assert.matches(known and "^error\tnil\treaper: .*set vm.memfd_noexec to 1" or "^pass",
      with_memory_programs(2).stdout)
  end)

  it("does its work on an older kernel, and holds nothing that the host had open", function()
    local mark = "older-" .. lxd.own_pid()
    local one = process.start(("exec %s lua5.4 %s 7</dev/zero"):format(
      folder:at "older_kernel", folder:at "slow.lua"), { env = { SPEC_MARK = mark } })
    one:await "pass"
    local held = process.output { "ls", "/proc/" .. process.reaper_of(mark) .. "/fd" }
    one:kill "KILL"
    one:close()
    assert.is_true(process.within(REAPED, function() return #lxd.of_process(one.pid) == 0 end))
    assert.equal("0\n1\n2", held)
  end)

  it("passes over what is none of its protocol, and does its work all the same", function()
    local one = process.start { "lua5.4", folder:at "strays.lua" }
    local status = one:await "^%l+$"
    one:kill "KILL"
    one:close()
    assert.is_true(process.within(REAPED, function() return #lxd.of_process(one.pid) == 0 end))
    assert.equal("pass", status)
  end)

  -- With the lowest limits the suite itself may not be loaded; which limit is high enough for a
  -- reaper depends on what this process has inherited.
  it("is no reaper at all where descriptors are used up: nothing is made then", function()
    local told = false
    for limit = 8, 64 do
      local mark = ("full-%d-%d"):format(limit, lxd.own_pid())
      local result = process.run(("ulimit -n %d; exec lua5.4 %s"):format(
        limit, folder:at "quick.lua"), { env = { SPEC_MARK = mark } })
      assert.is_nil(process.reaper_of(mark))
      if result.stdout:match "^pass" then break end
      assert.same({}, lxd.of_process(result.pid))
      told = told or result.stdout:find "^error\tnil\t.*reaper: .*descriptor"
    end
    assert.is_truthy(told)
  end)
end)
