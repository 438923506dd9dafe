-- SPDX-License-Identifier: MIT
--
-- Virtual machines. Their agent, which comes late or never, is simulated (see the program):
-- what runs is a container. That LXD is asked for a virtual machine is seen with a real one,
-- which refuses on most test machines, or makes one that has nothing to boot from.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local NEVER <const> = 1000000 -- refusals

local folder, agent
local agents = 0 -- started

-- An agent that comes after so many refusals.
local function simulate(refusals)
  agents = agents + 1
  local path = folder:at("agent-" .. agents)
  agent = process.start { folder:at "simulated_agent", path, lxd.folder .. "/unix.socket",
    tostring(refusals) }
  agent:await "listening"
  return path
end

local function configure(refusals)
  ct.configure("lxd", { client = { endpoint = simulate(refusals) } })
end

-- Ends it.
-- @treturn number its refusals
local function refused()
  if not agent.result then agent:kill "TERM" end
  return select(2, agent:close().stdout:gsub("refused", ""))
end

local SUITE = [[
  local ct = require "cleantest"
  ct.configure("lxd", { client = { endpoint = %q } })
  for name, result in ct.lxd {
    name = "late", image = "busybox-amd64", ready_timeout = 600, fresh = true,
  } (function() end)() do print(name, result.status) end
]]

describe("a virtual machine's agent (simulated)", function()
  lazy_setup(function()
    folder = new_folder()
    process.output { "cc", "-std=c11", "-D_GNU_SOURCE", "-o", folder:at "simulated_agent",
      "spec/programs/simulated_agent.c" }
  end)

  lazy_teardown(function() folder:remove() end)

  after_each(function() refused() end)

  it("that comes late is waited for, in the phase that says so", function()
    configure(3)
    local result = results.only(results.decorate(function() return "ran" end, {
      name = "late", fresh = true,
    })())
    assert.equal(3, refused())
    assert.equal("pass", result.status, tostring(result))
    assert.equal("ran", result.value)
    assert.is_true(result.phases.ready >= 0.5, result.phases.ready) -- three pauses
  end)

  it("that comes late to an instance that exists is waited for, too", function()
    local name = ("late-target-%d"):format(lxd.own_pid())
    lxd.client("launch", results.image, name)
    configure(2)
    local result = results.only(ct.lxd.target(name) (function() return "ran" end)())
    lxd.delete(name)
    assert.equal(2, refused())
    assert.equal("pass", result.status, tostring(result))
  end)

  it("that never comes is an error that says so, in time, and nothing is left", function()
    configure(NEVER)
    local result = results.only(results.decorate(function() print "ran" end, {
      name = "late", ready_timeout = 1, fresh = true,
    })())
    assert.equal("error", result.status)
    assert.matches("^" .. result.instance:gsub("%p", "%%%0")
      .. " could not be reached within 1 s %(it is a virtual machine: .*lxd%-agent.*%): "
      .. "lxd: make .*: LXD VM agent isn't currently running$", result.error)
    assert.equal("", result.stdout)
    assert.is_nil(result.phases.testlet)
    assert.is_nil(lxd.instance(result.instance))
    assert.is_true(refused() > 1)
  end)

  it("is not waited for any more once the run is cancelled", function()
    local suite = folder:write("suite.lua", SUITE:format(simulate(NEVER)))
    local one = process.start({ "cleantest", suite }, { deadline = 100 })
    for _ = 1, 3 do agent:await "refused" end
    assert.equal(1, #lxd.of_process(one.pid))
    one:kill "INT"
    local result = one:close()
    assert.matches("interrupted by SIGINT", result.stderr)
    assert.matches("1 cancelled", result.stdout)
    assert.same({}, lxd.of_process(one.pid))
  end)
end)

describe("a container", function()
  it("that can't be reached is an error at once", function()
    local blocked <close> = new_folder { file = "" }
    local image = {
      name = results.image,
      devices = { file = { type = "disk", source = blocked:at "file", path = "/.cleantest" } },
    }
    local result = results.only(ct.lxd { image = image, ready_timeout = 600 } (function() end)())
    assert.equal("error", result.status)
    assert.matches("^lxd: push /%.cleantest/guest to ", result.error)
  end)
end)

describe("the type of an instance", function()
  it("is passed to LXD, whose refusal of virtual machines is the result's error", function()
    local image = {
      name = "nothing-to-boot", type = "virtual-machine", source = { type = "none" },
      config = { ["security.secureboot"] = "false" },
    }
    local result = results.only(ct.lxd { image = image, ready_timeout = 2 } (function() end)())
    assert.equal("error", result.status)
    assert.is_truthy(
      result.error:find 'create .*: .*[Ii]nstance type "virtual%-machine" is not supported'
      or result.error:find "could not be reached within 2 s %(it is a virtual machine",
      result.error)
    assert.is_nil(lxd.instance(result.instance))
  end)
end)
