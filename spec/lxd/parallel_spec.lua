-- SPDX-License-Identifier: MIT
--
-- How many instances live at once. The witness is the kernel's clock, which all instances
-- share: when an instance's init started, and when its testlet was done.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local witness = require "spec.support.witness"

local IMAGE = results.image
local interval, most_at_once = witness.interval, witness.most_at_once

describe("num_threads", function()
  it("caps the instances that live at once, and makes use of what it allows", function()
    local images = {}
    for i = 1, 5 do images[i] = { name = "i" .. i, source = { type = "image", alias = IMAGE } } end
    local list, most_live = {}, 0
    for _, result in ct.lxd { image = images, num_threads = 2 } (witness.testlet)(2) do
      assert.equal("pass", result.status, tostring(result))
      list[#list + 1] = interval(result.value)
      most_live = math.max(most_live, #lxd.of_process(lxd.own_pid()))
    end
    assert.equal(5, #list)
    assert.equal(2, most_at_once(list))
    assert.is_true(most_live <= 2)
  end)

  it("of a pool is what counts there", function()
    local alive = witness.testlet
    local testlet = ct.lxd { image = IMAGE, num_threads = 1 } (function() return alive(3) end)
    local list = {}
    for _, result in ct.run { a = testlet, b = testlet, c = testlet, num_threads = 3 } do
      list[#list + 1] = interval(result.value)
    end
    assert.equal(3, most_at_once(list))
  end)

  it("must be a positive integer", function()
    for _, wrong in ipairs { 0, -1, 1.5, "3", 0 / 0, true, {}, 100001, 2 ^ 32 } do
      local ok, message = pcall(function() ct.lxd { image = IMAGE, num_threads = wrong } end)
      assert.is_false(ok)
      assert.matches("parallel_spec%.lua:%d+: .*num_threads must be a positive integer", message)
      ok, message = pcall(function() ct.run { num_threads = wrong } end)
      assert.is_false(ok)
      assert.matches("num_threads must be a positive integer", message)
    end
  end)
end)

describe("parallel = false", function()
  it("is one at a time, from birth to teardown", function()
    local testlet = ct.lxd { image = IMAGE } (witness.testlet)
    local list = {}
    for _, result in ct.run { a = testlet, b = testlet, c = testlet, parallel = false } do
      list[#list + 1] = interval(result.value)
      assert.is_true(#lxd.of_process(lxd.own_pid()) <= 1)
    end
    assert.equal(3, #list)
    assert.equal(1, most_at_once(list))
  end)
end)

describe("the number of threads that nobody chose", function()
  local folder <const> = new_folder()
  local seen = {}

  lazy_setup(function()
    local with = "CLEANTEST_NUM_THREADS"
    local suite = folder:write("suite.lua", [[
      local ct = require "cleantest"
      local alive = require("spec.support.witness").testlet
      local testlet = ct.lxd { image = "busybox-amd64" } (function() print(alive(3)) end)
      for _, result in ct.run { a = testlet, b = testlet } do print("ran", result.stdout) end
    ]])
    local function start(command, env)
      return process.start(command .. " " .. suite, { env = env })
    end
    local processes = {
      env1 = start("exec lua5.4", { [with] = "1" }),
      env2 = start("exec taskset -c 0 lua5.4", { [with] = "2" }),
      cpu = start("exec taskset -c 0 lua5.4", { [with] = false }),
      jobs = start("exec cleantest -j 1", { [with] = "2" }),
    }
    for name, one in pairs(processes) do
      local result = one:close()
      assert(result.status == 0, result.stdout .. result.stderr)
      local list = {}
      for line in result.stdout:gmatch "ran\t([^\n]+)" do list[#list + 1] = interval(line) end
      assert(#list == 2, result.stdout .. result.stderr)
      seen[name] = most_at_once(list)
    end
  end)

  lazy_teardown(function() folder:remove() end)

  it("comes from CLEANTEST_NUM_THREADS", function()
    assert.equal(1, seen.env1)
    assert.equal(2, seen.env2)
  end)

  it("is the number of CPUs this process may use when that is not set", function()
    assert.equal(1, seen.cpu)
  end)

  it("comes from the command's -j before that", function()
    assert.equal(1, seen.jobs)
  end)

  it("is refused when CLEANTEST_NUM_THREADS is no positive integer", function()
    local suite = folder:write("wrong.lua", [[
      local ct = require "cleantest"
      local testlet = ct.lxd { image = "busybox-amd64" } (function() end)
      for _ in testlet() do end
    ]])
    for _, value in ipairs { "0", "-1", "two", "1.5", "99999999999999999999" } do
      local result = process.run({ "lua5.4", suite }, { env = { CLEANTEST_NUM_THREADS = value } })
      assert.equal(1, result.status)
      assert.matches("wrong%.lua:3: CLEANTEST_NUM_THREADS must be a positive integer, not '"
        .. process.quote(value):sub(2, -2):gsub("%p", "%%%0") .. "'", result.stderr)
    end
  end)
end)
