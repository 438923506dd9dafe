-- SPDX-License-Identifier: MIT
--
-- Instances that others stop, restart or delete under a testlet, and those that do it themselves:
-- only what a testlet did is its failure.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"
local results = require "spec.support.results"

local function under_way(instance)
  local said = lxd.client_in(lxd.folder, { "exec", instance, "--", "ls", "/tmp" })
  return said.stdout:find "under%-way"
end

describe("an instance that somebody else", function()
  local ways = {
    stops = { "stop", "--force" },
    restarts = { "restart", "--force" },
    deletes = { "delete", "--force" },
    ["shuts-down"] = { "stop" },
  }
  local all

  lazy_setup(function()
    local targets = {}
    for way in pairs(ways) do
      targets[#targets + 1] = "outside-spec-" .. way
      lxd.client("launch", "--quiet", results.image, "outside-spec-" .. way)
    end
    local wait = ct.command { "sh", "-c", "touch /tmp/under-way; sleep 60" }
    local call = ct.run {
      ct.lxd.target(targets, { name = "target" })(wait),
      results.decorate(wait, { name = "own" }),
      num_threads = #targets + 1,
    }
    assert.is_truthy(process.within(60, function() return #lxd.of_process(lxd.own_pid()) == 1 end))
    local own = lxd.of_process(lxd.own_pid())[1].name
    for _, name in ipairs { own, table.unpack(targets) } do
      assert.is_truthy(process.within(60, function() return under_way(name) end))
    end
    for way, words in pairs(ways) do
      lxd.client(words[1], "outside-spec-" .. way, table.unpack(words, 2))
    end
    lxd.client("stop", "--force", own)
    all = results.collect(call)
  end)

  lazy_teardown(function()
    for way in pairs(ways) do pcall(lxd.delete, "outside-spec-" .. way) end
  end)

  for way in pairs(ways) do
    it(way .. " is an error that does not blame the testlet", function()
      local result = all["target-outside-spec-" .. way]
      assert.equal("error", result.status, tostring(result))
      assert.matches("somebody else", result.error)
    end)
  end

  it("stops, though it is the run's own, is that, too", function()
    local result = all["own-" .. results.image]
    assert.equal("error", result.status, tostring(result))
    assert.matches("somebody else", result.error)
  end)

  it("restarts or stops has nothing of ours in it afterwards", function()
    lxd.client("start", "outside-spec-stops")
    for _, way in ipairs { "stops", "restarts" } do
      assert.is_nil(lxd.client("exec", "outside-spec-" .. way, "--", "ls", "-a", "/")
        :find "%.cleantest")
    end
  end)
end)

describe("an archon's instance that reboots itself", function()
  it("is found again, and has nothing of ours in it", function()
    local archon <close> = ct.archon()
    archon:add("one", results.image)
    local result = archon:execute("one", "reboot -f; sleep 60").one
    assert.equal("fail", result.status, tostring(result))
    assert.matches("from within", result.error)
    result = archon:execute("one", "ls -d /.cleantest*").one
    assert.equal("pass", result.status, tostring(result))
    assert.equal(1, select(2, result.stdout:gsub("\n", "")), result.stdout)
  end)
end)
