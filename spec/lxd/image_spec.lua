-- SPDX-License-Identifier: MIT
--
-- What an instance is made from, and how far it must have come before a testlet runs in it.

local cjson = require "cjson"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"

local IMAGE = results.image

-- What limits, devices and profiles make of the inside.
local function look_around()
  local run = require "cleantest.utils.run"
  local function dd(size)
    return run { "dd", "if=/dev/zeros", "of=/dev/null", "count=1", "bs=" .. size }.exit_code == 0
  end
  local greeting <close> = assert(io.open "/mnt/shared/greeting")
  local cpus = run("nproc").stdout -- before what may run has run out
  return {
    little_memory = dd "20M", much_memory = dd "300M",
    processes = run("for i in $(seq 150); do sleep 1 & done; wait").exit_code == 0,
    colour = os.getenv "COLOUR",
    greeting = greeting:read "l", cpus = cpus,
  }
end

describe("an image", function()
  it("may be named by its fingerprint", function()
    local alias = cjson.decode(lxd.client("query", "/1.0/images/aliases/" .. IMAGE))
    local result = results.only(results.decorate(function() end, { image = alias.target })())
    assert.equal("pass", result.status, tostring(result))
    assert.equal(alias.target, result.image)
  end)

  it("may come with configuration, devices and profiles of its own", function()
    local image = {
      name = IMAGE, profiles = { "default" },
      config = { ["user.colour"] = "blue", ["limits.processes"] = 500 },
      devices = { extra = { type = "none" } },
    }
    for _, result in ct.lxd { image = image } (function() end)() do
      assert.equal("pass", result.status, tostring(result))
      local instance = lxd.instance(result.instance)
      assert.equal("blue", instance.config["user.colour"])
      assert.equal("500", instance.config["limits.processes"])
      assert.equal("none", instance.devices.extra.type)
      assert.is_string(instance.config["user.cleantest.run"])
    end
  end)

  it("has its limits, devices and profiles in effect when the testlet runs", function()
    local shared <close> = new_folder { greeting = "from the host\n" }
    local profile = ("image-spec-%d"):format(lxd.own_pid())
    lxd.client("profile", "create", profile)
    lxd.client("profile", "set", profile, "environment.COLOUR", "green")
    lxd.client("profile", "set", profile, "limits.processes", "1000")
    local image = {
      name = IMAGE, profiles = { "default", profile },
      config = {
        ["limits.memory"] = "96MiB", ["limits.memory.swap"] = "false",
        ["limits.processes"] = 100, ["limits.cpu"] = "0-0",
      },
      devices = {
        shared = { type = "disk", source = shared.path, path = "/mnt/shared" },
        zeros = { type = "unix-char", source = "/dev/zero", path = "/dev/zeros" },
      },
    }
    local result = results.only(ct.lxd { image = image, fresh = true } (look_around)())
    lxd.client("profile", "delete", profile)
    assert.equal("pass", result.status, tostring(result))
    assert.same({
      little_memory = true, much_memory = false, processes = false, colour = "green",
      greeting = "from the host", cpus = "1\n",
    }, result.value)
  end)

  it("that LXD refuses is an error with LXD's own words", function()
    local image = { name = IMAGE, config = { ["limits.memory"] = "plenty" } }
    local result = results.only(ct.lxd { image = image } (function() end)())
    assert.equal("error", result.status)
    assert.matches("create", result.error)
    assert.matches("plenty", result.error)
    assert.is_nil(result.phases.testlet)
  end)

  it("that can't be meant is refused by name, with the suite's line", function()
    for _, case in ipairs {
      { "unknown option 'imag'", { name = IMAGE, imag = "x" } },
      { "name is missing", { config = {} } },
      { "config must be a table", { name = IMAGE, config = "x" } },
      { "type must be one of 'container', 'virtual%-machine'", { name = IMAGE, type = "vm" } },
    } do
      local ok, message = pcall(function() ct.lxd { image = case[2] } end)
      assert.is_false(ok)
      assert.matches("image_spec%.lua:%d+: ct%.lxd: image", message)
      assert.matches(case[1], message)
    end
  end)
end)

describe("an instance", function()
  local function look()
    local run = require "cleantest.utils.run"
    return {
      route = run("ip route | grep -c ^default").stdout,
      server = run("grep -c ^nameserver /etc/resolv.conf").stdout,
      system = run("systemctl is-system-running").stdout,
    }
  end

  it("that is to have a network has it before the testlet runs", function()
    local result = results.only(results.decorate(look, { ready = "network" })())
    assert.equal("pass", result.status, tostring(result))
    assert.equal("1\n", result.value.route)
    assert.matches("^[1-9]", result.value.server)
  end)

  it("that is to have started has, and needs no cloud-init to be done with it", function()
    local image = { "debian-bookworm-amd64", "debian-bullseye-amd64" }
    local testlet = ct.lxd { image = image, ready = "cloud-init", num_threads = 2 } (look)
    for _, result in testlet() do
      assert.equal("pass", result.status, tostring(result))
      assert.is_truthy(result.value.system == "running\n" or result.value.system == "degraded\n",
        result.value.system)
      assert.equal("1\n", result.value.route)
    end
  end)

  it("that never gets a network is an error that says so, in time", function()
    local image = { name = IMAGE, devices = { eth0 = { type = "none" } } }
    local result = results.only(ct.lxd {
      image = image, ready = "network", ready_timeout = 1,
    } (function() print "ran" end)())
    assert.equal("error", result.status)
    assert.matches("network", result.error)
    assert.matches("route", result.error)
    assert.equal("", result.stdout)
  end)
end)

describe("the stock names", function()
  it("are all that the Python program knew, and the short forms of some", function()
    local stock = require "cleantest.stock"
    local known = {}
    for _, name in ipairs(stock.names()) do known[name] = true end
    local names = "almalinux-8 almalinux-9 archlinux centos-8-stream centos-9-stream debian-10 "
      .. "debian-11 debian-12 fedora-35 fedora-36 fedora-37 rockylinux-8 rockylinux-9 "
      .. "ubuntu-bionic ubuntu-focal ubuntu-jammy "
      .. "bionic focal jammy buster bullseye bookworm"
    for name in names:gmatch "%S+" do
      for _, architecture in ipairs { "amd64", "arm64" } do
        local full = name .. "-" .. architecture
        assert.is_true(known[full], full)
        assert.is_true(stock.has(full), full)
      end
    end
  end)
end)
