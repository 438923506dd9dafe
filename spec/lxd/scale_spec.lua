-- SPDX-License-Identifier: MIT
--
-- Many jobs: more than there could be instances for, against a simulated LXD. What is looked
-- at is the engine's own book-keeping; how long it takes is make bench's business.

local ct = require "cleantest"
local process = require "spec.support.process"
local results = require "spec.support.results"
local new_simulated = require "spec.support.simulated"

local COUNT = 500

-- The instances that are no bases, which stay.
local function left(simulated)
  local all = {}
  for _, url in ipairs(simulated:get "/1.0/instances") do
    if not url:find("/ct-base-", 1, true) then all[#all + 1] = url end
  end
  return all
end

describe("five hundred jobs", function()
  local simulated

  before_each(function()
    simulated = new_simulated()
    ct.configure("lxd", { client = { endpoint = simulated.socket } })
  end)

  after_each(function() simulated:close() end)

  local function declare(options)
    local given = { num_threads = 16 }
    for i = 1, COUNT do
      given[i] = ct.lxd { name = "job" .. i, image = "simulated" } (ct.command { "true" })
    end
    for key, value in pairs(options or {}) do given[key] = value end
    return given
  end

  it("all pass, in declared order, each in an instance of its own, and none is left", function()
    local instances = {}
    local all = results.collect(ct.run(declare()))
    assert.equal(COUNT, #all)
    for i, result in ipairs(all) do
      assert.equal("pass", result.status, tostring(result))
      assert.equal("job" .. i, result.testlet)
      assert.equal("hello\n", result.stdout)
      assert.is_nil(instances[result.instance])
      instances[result.instance] = true
    end
    assert.same({}, left(simulated))
  end)

  it("that are left early are cancelled, and none is left", function()
    local seen = 0
    for _, result in ct.run(declare { order = "completed" }) do
      assert.equal("pass", result.status, tostring(result))
      seen = seen + 1
      if seen == 20 then break end
    end
    assert.equal(20, seen)
    assert.same({}, left(simulated))
    assert.same({}, simulated:get "/1.0/operations")
  end)
end)

describe("the simulated LXD", function()
  it("takes the time that a testlet sleeps, and keeps what is preserved", function()
    local simulated <close> = new_simulated { "--create-ms", "5", "--exec-ms", "5" }
    ct.configure("lxd", { client = { endpoint = simulated.socket } })
    local testlet = ct.lxd { image = "simulated", preserve = true } (ct.command { "sleep", "0.2" })
    local result = results.only(testlet())
    assert.equal("pass", result.status, tostring(result))
    assert.is_true(result.duration >= 0.2)
    assert.same({ "/1.0/instances/" .. result.instance }, left(simulated))
    local instance = simulated:get("/1.0/instances/" .. result.instance)
    assert.equal("Running", instance.status)
    assert.equal("true", instance.config["user.cleantest.preserved"])
  end)

  it("has bases, which are built once and cloned", function()
    local simulated <close> = new_simulated()
    ct.configure("lxd", { client = { endpoint = simulated.socket } })
      :register_hook(ct.hook.start_env { name = "nothing", run = ct.command { "true" } })
    local testlet = ct.lxd { image = "simulated" } (ct.command { "true" })
    local first, second = results.only(testlet()), results.only(testlet())
    assert.same({ "pass", true }, { first.status, first.base_built }, tostring(first))
    assert.same({ "pass", false }, { second.status, second.base_built }, tostring(second))
    assert.equal(first.base, second.base)
    local base = simulated:get("/1.0/instances/" .. second.base)
    assert.equal("Stopped", base.status)
    assert.equal(base.last_used_at, base.config["user.cleantest.sealed"])
    assert.is_nil(base.config["raw.lxc"])
    assert.same({}, left(simulated))
  end)

  it("tells of what happens, so that a run waits for another's base", function()
    local simulated <close> = new_simulated { "--start-ms", "300" }
    local script = ([[
      local ct = require "cleantest"
      ct.configure("lxd", { client = { endpoint = %q } })
      for _, result in ct.lxd { image = "simulated" } (ct.command { "true" })() do
        print(result.status, result.base_built)
      end]]):format(simulated.socket)
    local command = { "lua5.4", "-e", script }
    local one, other = process.start(command), process.start(command)
    local said = { one:close().stdout, other:close().stdout }
    table.sort(said)
    assert.same({ "pass\tfalse\n", "pass\ttrue\n" }, said)
  end)

  it("refuses what LXD would", function()
    local simulated <close> = new_simulated()
    ct.configure("lxd", { client = { endpoint = simulated.socket } })
    local testlet = ct.lxd { image = {
      { name = "copy", source = { type = "copy", source = "nobody" } },
    } } (ct.command { "true" })
    local result = results.only(testlet())
    assert.equal("error", result.status)
    assert.matches("lxd: create [^:]+: Instance not found", result.error)
  end)
end)
