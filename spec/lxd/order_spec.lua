-- SPDX-License-Identifier: MIT
--
-- What a batch starts when: the longest first, by durations of earlier runs, and no more than
-- a reserve allows. Against a simulated LXD, since it is the engine's own book-keeping.

local core = require "cleantest.core"
local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local new_simulated = require "spec.support.simulated"

local HEADER = "cleantest durations 1\n"

local simulated

setup(function() simulated = new_simulated() end)
teardown(function() simulated:close() end)

-- Runs sleepers, a list of { name, seconds[, image] }, and returns their numbers in the order
-- in which they were begun, and the most that were alive at once.
local function run(state, max_live, sleepers, reserve, cancel)
  local handle = assert(core.run_open { endpoint = simulated.socket, state = state })
  local batch = assert(core.batch_new(handle, max_live, reserve))
  for _, item in ipairs(sleepers) do
    assert(batch:add { name = item[1], image = item[3] or "simulated",
      testlet = { kind = "command", argv = { "sleep", tostring(item[2]) } } })
  end
  assert(batch:start())
  if cancel then batch:cancel() end
  local begun, alive, most = {}, 0, 0
  local event = batch:wait()
  while event do
    if event.type == "phase" and event.phase == "create" then
      begun[#begun + 1] = event.job
      alive = alive + 1
      most = math.max(most, alive)
    elseif event.type == "done" then
      alive = alive - 1
    end
    event = batch:wait()
  end
  assert(batch:close())
  handle:close()
  return begun, most
end

describe("the jobs of a batch", function()
  it("that took longest go first, and those that nobody knows before them", function()
    local folder <close> = new_folder { durations = HEADER .. "1000 job a-simulated #1\n"
      .. "2000 job b-simulated #1\n3000 job c-simulated #1\n" }
    local begun = run(folder:at "durations", 2,
      { { "a", 0 }, { "b", 0.3 }, { "c", 1.5 }, { "d", 0.3 } })
    -- The first two begin together.
    assert.same({ 3, 4 }, { math.min(begun[1], begun[2]), math.max(begun[1], begun[2]) })
    assert.same({ 2, 1 }, { begun[3], begun[4] })
  end)

  it("go as they were added one at a time, or when none is known", function()
    local folder <close> = new_folder { durations = HEADER .. "9000 job c-simulated #1\n" }
    local jobs = { { "a", 0 }, { "b", 0 }, { "c", 0 }, { "d", 0 } }
    assert.same({ 1, 2, 3, 4 }, (run(folder:at "durations", 1, jobs)))
    assert.same({ 1, 2, 3, 4 }, (run("", 1, jobs)))
  end)

  it("leave their durations, each under a key of its own", function()
    local folder <close> = new_folder()
    run(folder:at "durations", 4, { { "a", 0.1 }, { "a", 0.3 }, { "b", 0 }, { "a", 0 } })
    local keys = {}
    for ms, key in folder:read "durations":gmatch "(%d+) (job [^\n]+)\n" do
      keys[#keys + 1] = key
      if key == "job a-simulated #2" then assert.is_true(tonumber(ms) >= 300) end
    end
    table.sort(keys)
    assert.same({ "job a-simulated #1", "job a-simulated #2", "job a-simulated #3",
      "job b-simulated #1" }, keys)
  end)

  it("that were cancelled leave none, nor does anything where none is to be kept", function()
    local folder <close> = new_folder()
    run(folder:at "durations", 1, { { "a", 30 }, { "b", 30 } }, nil, true)
    assert.is_nil(folder:read "durations")
    run("", 1, { { "a", 0 } })
  end)
end)

describe("a reserve", function()
  local jobs = {}
  for i = 1, 12 do jobs[i] = { "job" .. i, 0 } end

  it("that can't be had leaves one at a time", function()
    for _, reserve in ipairs { { cpu = 1000000 }, { memory = 1 << 50 } } do
      local begun, most = run("", 4, jobs, reserve)
      assert.equal(12, #begun)
      assert.equal(1, most)
    end
  end)

  it("that there is holds nothing back", function()
    local _, most = run("", 2, { { "a", 0.5 }, { "b", 0.5 } }, { memory = 1 })
    assert.equal(2, most)
  end)

  it("is said by suites: to ct.run, and to ct.lxd", function()
    ct.configure("lxd", { client = { endpoint = simulated.socket } })
    local testlet = ct.lxd { image = "simulated", reserve = { memory = "1 KiB", cpu = 1000000 } }
      (ct.command { "true" })
    for _, result in testlet() do assert.equal("pass", result.status, tostring(result)) end
    for _, result in ct.run({ testlet, other = testlet }, { reserve = { memory = 1 } }) do
      assert.equal("pass", result.status, tostring(result))
    end
  end)

  it("is refused by name when it is none", function()
    local function refused(message, reserve)
      for what, call in pairs { ["ct.lxd"] = ct.lxd, ["ct.run"] = ct.run } do
        local ok, text = pcall(function() call { reserve = reserve } end)
        assert.is_false(ok)
        assert.matches("order_spec%.lua:%d+: " .. what .. ": reserve" .. message, text)
      end
    end
    refused(": the options must be a table, not '2GiB'", "2GiB")
    refused(" must be a table of memory or cpu, or both, not a table", {})
    refused(": unknown option 'cpus'; the options are: cpu, memory", { cpus = 1 })
    for _, wrong in ipairs { "2GB", "2", "GiB", "-1GiB", "0MiB", "1e3MiB", 0, -1, 0 / 0,
      math.huge, 1 << 60, "2000TiB", true } do
      refused(": memory must be a number of bytes above 0, or a string like '512MiB' or "
        .. "'2GiB', not ", { memory = wrong })
    end
    for _, wrong in ipairs { 0, -1, "1", math.huge, 0 / 0, false } do
      refused(": cpu must be a number of CPUs above 0, not ", { cpu = wrong })
    end
  end)
end)
