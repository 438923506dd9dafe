-- SPDX-License-Identifier: MIT
--
-- The guest's own library, as a testlet uses it: run and os. apt is in package_spec.

local ct = require "cleantest"
local results = require "spec.support.results"

describe("cleantest.utils.run", function()
  local seen

  lazy_setup(function()
    local result = results.only(results.decorate(function()
      local run = require "cleantest.utils.run"
      local list = run { "printf", "%s|", "a b", "$HOME", "" }
      local both = run "echo out; echo err >&2; exit 3"
      local killed = run "kill -9 $$"
      local missing = run { "no-such-program" }
      local long = run "head -c 3000000 /dev/zero"
      return {
        list = list, both = both, killed = killed, missing = missing, long = #long.stdout,
      }
    end)())
    assert(result.status == "pass", tostring(result))
    seen = result.value
  end)

  it("runs a line of shell, or a list of words as they are", function()
    assert.equal("a b|$HOME||", seen.list.stdout)
    assert.equal(0, seen.list.exit_code)
  end)

  it("gives the exit code, stdout and stderr", function()
    assert.equal(3, seen.both.exit_code)
    assert.equal("out\n", seen.both.stdout)
    assert.equal("err\n", seen.both.stderr)
    assert.equal(3000000, seen.long)
  end)

  it("does not take a signal or a missing program for success", function()
    assert.not_equal(0, seen.killed.exit_code)
    assert.not_equal(0, seen.missing.exit_code)
    assert.matches("no%-such%-program", seen.missing.stderr)
  end)
end)

describe("cleantest.utils.os", function()
  it("knows the release, without the quotes that its file may have", function()
    local images = {
      "debian-bookworm-amd64", "debian-trixie-amd64", "debian-bullseye-amd64", results.image,
    }
    local testlet = ct.lxd { image = images, num_threads = 2 } (function()
      return require("cleantest.utils.os").release()
    end)
    local all = results.collect(testlet())
    for i, version in ipairs { "12", "13", "11" } do
      assert.equal("pass", all[i].status, tostring(all[i]))
      assert.equal("debian", all[i].value.id)
      assert.equal(version, all[i].value.version_id)
      assert.matches("^Debian GNU/Linux", all[i].value.name)
    end
    assert.equal("busybox", all[4].value.id, tostring(all[4]))
    local result = results.only(results.decorate(function()
      local file <close> = assert(io.open("/etc/os-release", "w"))
      file:write 'ID="rocky"\nID_LIKE="rhel fedora"\nPRETTY_NAME=\'A "name"\'\n'
      file:close()
      return require("cleantest.utils.os").release()
    end)())
    assert.same({ id = "rocky", like = { "rhel", "fedora" }, name = 'A "name"' }, result.value)
  end)
end)
