-- SPDX-License-Identifier: MIT
--
-- The warm pool: clones of what is prepared, booted and frozen before a testlet needs one. LXD's
-- own client tells what there is.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local FILLED = 60 -- seconds in which a pool is filled on any machine

-- The frozen instances of a process, by name.
local function frozen(pid)
  local names = {}
  for _, instance in ipairs(lxd.of_process(pid or lxd.own_pid())) do
    if instance.status == "Frozen" then names[#names + 1] = instance.name end
  end
  return names
end

local function await_pool(count, pid)
  assert.is_true(process.within(FILLED, function() return #frozen(pid) == count end))
end

-- The pool is its run's: other settings are another run, and end the one before.
local function end_run()
  ct.finish()
  collectgarbage()
  ct.configure("lxd", { client = { timeout = 299 } })
  for _ in results.decorate(function() end)() do end -- luacheck: ignore 542
  ct.configure("lxd"):reset()
end

local function look()
  local function read(path)
    local file <close> = io.open(path)
    return file and file:read "a" or ""
  end
  return {
    host = read "/proc/sys/kernel/hostname", time = os.time(), left = read "/left",
    random = read "/proc/sys/kernel/random/uuid", number = math.random(0),
  }
end

describe("the warm pool", function()
  after_each(end_run)

  it("is filled, taken from and filled again, never beyond its number", function()
    local testlet = results.decorate(look, { warm = 2 })
    local seen = {}
    for _ = 1, 3 do
      for _, result in testlet() do
        assert.equal("pass", result.status, tostring(result))
        seen[#seen + 1] = result
      end
      await_pool(2)
    end
    assert.not_matches("^warm%-", seen[1].instance)
    for i = 2, 3 do
      assert.matches("^warm%-busybox", seen[i].instance)
      assert.equal(seen[i].instance .. "\n", seen[i].value.host)
      assert.truthy(seen[i].base)
    end
    assert.not_equal(seen[2].instance, seen[3].instance)
    assert.equal(2, #lxd.of_process(lxd.own_pid()))
  end)

  it("gives each testlet an instance of its own, with the host's time", function()
    local function leave_something()
      local file <close> = assert(io.open("/left", "w"))
      file:write "something"
    end
    for _ in results.decorate(leave_something, { warm = 2 })() do end -- luacheck: ignore 542
    await_pool(2)
    for _ in results.decorate(leave_something, { warm = 2 })() do end -- luacheck: ignore 542
    await_pool(2)
    for _, result in results.decorate(look, { warm = 2 })() do
      assert.matches("^warm%-", result.instance)
      assert.equal("", result.value.left)
      assert.is_true(math.abs(os.time() - result.value.time) <= 5)
    end
  end)

  it("gives each random numbers of its own", function()
    local seen = {}
    for _ = 1, 2 do
      for _, result in results.decorate(look, { warm = 2 })() do seen[#seen + 1] = result.value end
      await_pool(2)
    end
    for _, result in ct.run {
      results.decorate(look, { warm = 2, name = "one" }),
      results.decorate(look, { warm = 2, name = "two" }), num_threads = 2,
    } do
      assert.matches("^warm%-", result.instance)
      seen[#seen + 1] = result.value
    end
    for _, field in ipairs { "random", "number" } do
      assert.not_equal(seen[2][field], seen[3][field])
      assert.not_equal(seen[3][field], seen[4][field])
    end
  end)

  it("has machines of their own: machine-id, MAC and address", function()
    local testlet = ct.lxd { image = "debian-bookworm-amd64", warm = 2, num_threads = 2,
      ready = "network" } (function()
      local address = assert(require("cleantest.guest").address("inet", 60))
      local id <close> = assert(io.open "/etc/machine-id")
      local mac <close> = assert(io.open "/sys/class/net/eth0/address")
      return { address = address, id = id:read "a", mac = mac:read "a" }
    end)
    for _ in testlet() do end -- luacheck: ignore 542
    await_pool(2)
    local one, two
    for name, result in ct.run { one = testlet, two = testlet, num_threads = 2 } do
      assert.equal("pass", result.status, tostring(result))
      assert.matches("^warm%-", result.instance)
      assert.matches("^%x+\n$", result.value.id)
      if name:find "^one" then one = result.value else two = result.value end
    end
    for _, what in ipairs { "address", "id", "mac" } do
      assert.not_equal(one[what], two[what])
    end
  end)

  it("does what is volatile when an instance is taken", function()
    local folder <close> = new_folder { uploaded = "first" }
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "upload", upload = ct.data.file(folder:at "uploaded", "/left", { volatile = true }),
    })
    local testlet = results.decorate(look, { warm = 1 })
    for _ in testlet() do end -- luacheck: ignore 542
    await_pool(1)
    folder:write("uploaded", "second")
    for _, result in testlet() do
      assert.matches("^warm%-", result.instance)
      assert.equal("second", result.value.left)
    end
  end)

  it("is done without when somebody has deleted what is in it", function()
    local testlet = results.decorate(look, { warm = 1 })
    for _ in testlet() do end -- luacheck: ignore 542
    await_pool(1)
    lxd.delete(frozen()[1])
    for _, result in testlet() do assert.equal("pass", result.status, tostring(result)) end
  end)

  it("makes none while the reserve can't be had", function()
    local testlet = results.decorate(look, { warm = 2, reserve = { memory = "900TiB" } })
    for _ = 1, 2 do
      for _, result in testlet() do
        assert.equal("pass", result.status, tostring(result))
        assert.not_matches("^warm%-", result.instance)
      end
      process.run "sleep 2"
      assert.same({}, frozen())
    end
  end)

  it("refuses a number that is none", function()
    for _, wrong in ipairs { -1, 100001, 1 << 32 } do
      local ok, message = pcall(ct.lxd, { image = results.image, warm = wrong })
      assert.is_false(ok)
      assert.matches("warm must be a positive integer", message)
    end
  end)
end)

describe("a warm pool's instances", function()
  local SUITE = [[
    local ct = require "cleantest"
    for _ in ct.lxd { image = "%s", warm = 2 } (function() end)() do end
    print "done"
    io.stdout:flush()
    %s
  ]]

  local function start(folder, rest)
    folder:write("suite.lua", SUITE:format(results.image, rest))
    local one = process.start({ "lua5.4", folder:at "suite.lua" }, { deadline = 120 })
    one:await "done"
    return one
  end

  it("go with the run, filled or not", function()
    local folder <close> = new_folder()
    local one = start(folder, "")
    local result = one:close()
    assert.equal(0, result.status, result.stderr)
    assert.same({}, lxd.of_process(one.pid))
  end)

  it("go when the process is killed", function()
    local folder <close> = new_folder()
    local one = start(folder, "while true do end")
    await_pool(2, one.pid)
    one:kill "KILL"
    one:close()
    assert.is_true(process.within(20, function() return #lxd.of_process(one.pid) == 0 end))
  end)
end)
