-- SPDX-License-Identifier: MIT
--
-- Testlets that misbehave: each gets the status it deserves, with a reason; none hangs, takes
-- memory without end, or harms the others, which all run beside it.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"

local MIB = 1024 * 1024

local function memory()
  local file <close> = assert(io.open "/proc/self/status")
  return tonumber(file:read("a"):match "VmHWM:%s+(%d+) kB") * 1024
end

describe("a testlet that", function()
  local all, used
  local folder <const> = new_folder()

  lazy_setup(function()
    local good = function() print "fine" return true end
    local before = memory()
    -- What is no shell any more can't hinder the guest's own work: bring a file home.
    ct.configure("lxd"):register_hook(ct.hook.stop_env {
      name = "home", download = ct.data.file("/etc/hostname", folder:at "{testlet}"),
    })
    all = results.run {
      ["never-ends"] = { function() while true do end end, timeout = 1 },
      ["never-listens"] = { ct.script "trap '' TERM INT; while :; do sleep 1; done", timeout = 1 },
      ["ends-well-too-late"] = { ct.script "trap 'exit 0' TERM; sleep 60 & wait", timeout = 1 },
      ["skips-too-late"] = { ct.script "trap 'exit 77' TERM; sleep 60 & wait", timeout = 1 },
      ["leaves-children-in-time"] = { ct.script "echo before; sleep 600", timeout = 2 },
      ["prints-100-mb"] = function()
        local block = ("0123456789abcde\n"):rep(65536)
        for _ = 1, 100 do io.write(block) end
      end,
      ["prints-100-mb-to-stderr"] = ct.script "head -c 104857600 /dev/zero >&2",
      ["prints-8-mb"] = function()
        local block = ("0123456789abcde\n"):rep(65536)
        for _ = 1, 8 do io.write(block) io.stderr:write(block) end
      end,
      ["prints-little"] = { ct.script "head -c 101 /dev/zero", output_limit = 100 },
      ["prints-binary"] = function()
        for i = 0, 255 do io.write(string.char(i)) io.stderr:write(string.char(255 - i)) end
      end,
      ["leaves-a-daemon"] = ct.script "sleep 600 & setsid sleep 600 & echo left",
      ["fills-its-disk"] = ct.script [[
        #!/bin/sh
        mount -t tmpfs -o size=1m none /mnt && cd /mnt || exit 3
        dd if=/dev/zero of=full bs=4096 count=1024
      ]],
      ["fills-every-disk"] = function()
        for _, path in ipairs { "/tmp", "/run", "/var/tmp" } do
          os.execute("mount -t tmpfs -o size=64k none " .. path)
          os.execute("head -c 1048576 /dev/zero >" .. path .. "/full 2>/dev/null")
        end
        return "still here"
      end,
      ["removes-its-shell"] = function()
        assert(os.remove "/bin/busybox")
        assert(not os.execute "true")
        return "who needs it"
      end,
      ["kills-everything"] = ct.script "kill -9 -1; sleep 60",
      ["stops-its-instance"] = ct.script "poweroff -f; sleep 60",
      ["closes-its-output"] = ct.script "exec >&- 2>&-; exit 6",
      ["eats-memory-and-dies"] = ct.script "kill -SEGV $$",
      ["good-1"] = good, ["good-2"] = good, ["good-3"] = good, ["good-4"] = good,
    }
    used = memory() - before
  end)

  lazy_teardown(function() folder:remove() end)

  local function fails(name, reason)
    local result = all[name]
    assert.equal("fail", result.status, tostring(result))
    assert.matches(reason, result.error)
    return result
  end

  it("never ends is ended at its timeout", function()
    local result = fails("never-ends", "timed out after 1 s")
    assert.is_true(result.timed_out)
    assert.is_not_equal(0, result.exit_code)
    assert.is_true(fails("never-listens", "timed out").timed_out)
    assert.is_true(fails("ends-well-too-late", "timed out").timed_out)
    assert.is_true(fails("skips-too-late", "timed out").timed_out)
    result = fails("leaves-children-in-time", "timed out after 2 s")
    assert.equal("before\n", result.stdout)
  end)

  it("prints 100 MB is ended, and what fits the limit is kept", function()
    local result = fails("prints-100-mb", "16777216 bytes to stdout %(output_limit%)")
    assert.equal(16 * MIB, #result.stdout)
    assert.equal("0123456789abcde\n", result.stdout:sub(-16))
    result = fails("prints-100-mb-to-stderr", "to stderr")
    assert.equal(16 * MIB, #result.stderr)
    result = fails("prints-little", "more than 100 bytes")
    assert.equal(100, #result.stdout)
    assert.is_true(used < 400 * MIB, ("%d MiB"):format(used // MIB))
  end)

  it("prints much, but not too much, has all of it in its result", function()
    local result = all["prints-8-mb"]
    assert.equal("pass", result.status, result.error)
    local expected = ("0123456789abcde\n"):rep(8 * 65536)
    assert.is_true(expected == result.stdout)
    assert.is_true(expected == result.stderr)
  end)

  it("prints binary has it back byte by byte", function()
    local result = all["prints-binary"]
    assert.equal(256, #result.stdout)
    for i = 0, 255 do
      assert.equal(i, result.stdout:byte(i + 1))
      assert.equal(255 - i, result.stderr:byte(i + 1))
    end
  end)

  it("leaves a daemon behind, or closes its output, is over all the same", function()
    local result = all["leaves-a-daemon"]
    assert.equal("pass", result.status, tostring(result))
    assert.equal("left\n", result.stdout)
    assert.is_true(result.phases.testlet < 60)
    fails("closes-its-output", "code 6")
  end)

  it("fills a disk fails by itself, and does not hinder the guest", function()
    local result = fails("fills-its-disk", "exit")
    assert.matches("No space left", result.stderr)
    result = all["fills-every-disk"]
    assert.equal("pass", result.status, tostring(result))
    assert.equal("still here", result.value)
  end)

  it("removes its own shell can still return, and files still come home", function()
    local result = all["removes-its-shell"]
    assert.equal("pass", result.status, tostring(result))
    assert.equal("who needs it", result.value)
    assert.matches("%S", folder:read "removes-its-shell")
  end)

  it("is killed by a signal says by which", function()
    assert.equal(11, fails("eats-memory-and-dies", "signal 11").signal)
  end)

  it("kills the guest, or its instance, is at fault itself", function()
    for _, name in ipairs { "kills-everything", "stops-its-instance" } do
      local result = all[name]
      assert.not_equal("pass", result.status, name)
      assert.is_string(result.error)
    end
    assert.equal("fail", all["stops-its-instance"].status, tostring(all["stops-its-instance"]))
    assert.equal("fail", all["kills-everything"].status, tostring(all["kills-everything"]))
  end)

  it("misbehaves does not harm the others", function()
    for i = 1, 4 do
      local result = all["good-" .. i]
      assert.equal("pass", result.status, tostring(result))
      assert.equal("fine\n", result.stdout)
      assert.is_true(result.value)
    end
  end)
end)

describe("an image that does not exist", function()
  it("is refused by its name, with the suite's line and what there is", function()
    local folder <close> = new_folder { ["suite.lua"] = [[
      local ct = require "cleantest"
      local testlet = ct.lxd { image = { "busybox-amd64", "no-such-image" } } (function() end)
      local ok, message = pcall(testlet)
      return message
    ]] }
    local message = dofile(folder:at "suite.lua")
    assert.matches('unknown image "no%-such%-image"', message)
    assert.matches("busybox%-amd64", message)
    assert.equal(0, #lxd.of_process(lxd.own_pid()))
    local ok, where = pcall(function()
      results.decorate(function() end, { image = "a b/c?d" })()
    end)
    assert.is_false(ok)
    assert.matches('bad_days_spec%.lua:%d+: .*unknown image "a b/c%?d"', where)
  end)
end)

describe("options of ct.lxd", function()
  it("that are unknown or wrong are refused by name, with the suite's line", function()
    for _, case in ipairs {
      { "unknown option 'imge'; the options are: .*image", { imge = "x" } },
      { "image is missing", { name = "x" } },
      { "image must not be empty", { image = {} } },
      { "image%[2%] must be", { image = { "x", 7 } } },
      { "preserve must be false, true or 'on_failure'", { image = "x", preserve = "always" } },
      { "timeout must be a number of seconds above 0", { image = "x", timeout = 0 } },
      { "timeout must be a number of seconds above 0", { image = "x", timeout = "10" } },
      { "order must be one of", { image = "x", order = "random" } },
      { "name must not be empty", { image = "x", name = "" } },
      { "parallel must be true or false", { image = "x", parallel = 1 } },
      { "the options must be a table", "busybox" },
    } do
      local ok, message = pcall(function() ct.lxd(case[2]) end)
      assert.is_false(ok)
      assert.matches("bad_days_spec%.lua:%d+: ct%.lxd: ", message)
      assert.matches(case[1], message)
    end
  end)
end)
