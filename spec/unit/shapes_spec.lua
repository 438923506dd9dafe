-- SPDX-License-Identifier: MIT
--
-- One idea is said in one shape, wherever it is said: one or a list, sizes and times with their
-- units, credentials, the steps of a hook.

local config = require "cleantest.config"
local ct = require "cleantest"
local local_guest = require "spec.unit.support.local_guest"
local units = require "cleantest.units"
require "spec.unit.support.refuses"

setup(local_guest.use)

local lxd = ct.configure "lxd"

local function hook(name)
  return ct.hook.start_env { name = name }
end

-- The job that a testlet becomes, and its result.
local function job_of(options, testlet, ...)
  options.image = options.image or "here"
  local result = ct.lxd(options)(testlet or function() end)(...):only()
  return local_guest.jobs[#local_guest.jobs], result
end

describe("one or a list", function()
  it("is taken by all that takes several", function()
    lxd:register_hook(hook "a", { hook "b", hook "c" })
    lxd:unregister_hook { "a", "b" }
    assert.refuses("registered are: c", function() lxd:unregister_hook "x" end)
    lxd:add_instance({ name = "x", image = "here" }, { { name = "y" }, { name = "z" } })
    lxd:remove_instance({ "x" }, "y")
    assert.refuses("registered are: z", function() lxd:remove_instance "x" end)
    ct.env:add({ A = 1 }, { { B = 2 }, { C = 3 } })
    ct.env:remove({ "A", "B" })
    assert.same({ C = "3" }, ct.env:dump())
    ct.env:add {}
  end)

  it("changes nothing when one is wrong", function()
    assert.refuses("config:add_instance: an instance 'x' is registered already", function()
      lxd:add_instance({ name = "x" }, { name = "x" })
    end)
    lxd:add_instance { name = "x" }
    assert.refuses("config:remove_instance: no instance 'y' is registered", function()
      lxd:remove_instance("x", "y")
    end)
    assert.equal("x", lxd:get_instance("x").name)
  end)

  it("is the packages, with options among them", function()
    local function spec_of(package)
      return package.spec.packages
    end
    for _, kind in ipairs { "apt", "dnf", "zypper", "pacman", "apk", "pip", "npm", "rock",
      "system" } do
      local make = ct.pkg[kind]
      assert.same({ "curl", "git" }, spec_of(make { "curl", "git", volatile = true }), kind)
      assert.same({ "curl" }, spec_of(make "curl"))
      assert.is_true(make({ "curl", volatile = true }).volatile)
    end
    assert.is_true(ct.pkg.apt({ "curl", update = true }).spec.update)
    assert.same({ "curl" }, spec_of(ct.pkg.apt { packages = "curl" }))
    assert.same({ "hello" }, ct.pkg.snap({ "hello" }).spec.snaps)
    assert.refuses("ct.pkg.apt: give a list, or packages, not both", function()
      ct.pkg.apt { "curl", packages = "git" }
    end)
    assert.refuses("ct.pkg.apt: packages%[2%] must be a string, not 7", function()
      ct.pkg.apt { "curl", 7 }
    end)
  end)

  it("is a command's words, or a string for the shell", function()
    local _, result = job_of({}, ct.command "echo a$((1 + 1)) $1", "b")
    assert.equal("a2 b\n", result.stdout)
    _, result = job_of({}, ct.command { "echo", "a$((1))" }, "b")
    assert.equal("a$((1)) b\n", result.stdout)
    assert.refuses("ct.command must be a string, or a list", function() ct.command(7) end)
  end)
end)

describe("sizes and times", function()
  it("have their units wherever they are asked for", function()
    local data = ct.data.file("/a", "b", { limit = "1MiB" })
    local job = job_of({
      timeout = "5m", ready_timeout = "1.5h", output_limit = "2KiB",
      hooks = ct.hook.stop_env { name = "x", download = data, timeout = "90s" },
    })
    assert.same({ 300, 5400, 2048 }, { job.timeout, job.ready_timeout, job.output_limit })
    assert.same({ 90, 1 << 20 }, { job.stop_hooks[1].steps[1].timeout,
      job.stop_hooks[1].steps[1].limit })
    lxd.client = { timeout = "2min" }
    lxd.cache = { age = "7d", size = "2GiB" }
    assert.same({ timeout = 120, base_age = 7 * 86400, base_size = 2 << 30 }, config.settings(lxd))
  end)

  it("are numbers where the unit is clear", function()
    local job = job_of { timeout = 2.5, output_limit = 4096.0 }
    assert.same({ 2.5, 4096 }, { job.timeout, job.output_limit })
    assert.equal("integer", math.type(job.output_limit))
  end)

  it("are refused by name where they are none", function()
    for _, value in ipairs { 0, -1, 0 / 0, math.huge, "10", "5 years", "-3s", true } do
      assert.refuses("ct.lxd: timeout must be a number of seconds above 0, or a time", function()
        ct.lxd { image = "x", timeout = value }
      end)
    end
    assert.refuses("cache: age must be a time with its unit, like .*, not 7", function()
      lxd.cache = { age = 7 }
    end)
    for _, value in ipairs { 0, "2", "2 XiB", 1 << 60 } do
      assert.refuses("output_limit must be a number of bytes above 0, or a string", function()
        ct.lxd { image = "x", output_limit = value }
      end)
    end
  end)

  it("are read alike, and shown", function()
    assert.same({ 90, 90, 5400, 604800 }, { units.seconds "1.5m", units.seconds "1.5min",
      units.seconds "1.5 h", units.seconds "7d" })
    assert.same({ 1536, nil, nil }, { units.bytes "1.5KiB", units.bytes "x", units.seconds(7) })
    assert.same({ "40s", "5min", "36h", "3d" }, { units.show_seconds(40), units.show_seconds(300),
      units.show_seconds(36 * 3600), units.show_seconds(3 * 86400) })
    assert.same({ "12B", "1.5KiB" }, { units.show_bytes(12), units.show_bytes(1536) })
  end)
end)

describe("credentials", function()
  it("are a certificate and its key, with or without their names", function()
    local here = "spec/unit"
    local expected = { client_cert = here .. "/c.crt", client_key = "/c.key", verify = "no" }
    lxd.client = { cert = { crt = "c.crt", key = "/c.key" }, verify = false }
    assert.same(expected, config.settings(lxd))
    lxd.client = { cert = { "c.crt", "/c.key" }, verify = false }
    assert.same(expected, config.settings(lxd))
    assert.refuses("client: cert: key is missing", function()
      lxd.client = { cert = { crt = "c" } }
    end)
    assert.refuses("client: cert: unknown option 1", function() lxd.client = { cert = { "c" } } end)
  end)
end)

describe("the steps of a hook", function()
  local upload = ct.data.file({ text = "x" }, "/x")
  local function kinds(made)
    local job = job_of { hooks = made }
    local hooks, found = #job.start_hooks > 0 and job.start_hooks or job.stop_hooks, {}
    for i, step in ipairs(hooks[1].steps) do found[i] = step.name end
    return found
  end

  it("are done in the order that is given", function()
    local made = ct.hook.start_env {
      name = "x", steps = { function() end, upload, ct.pkg.apt "curl", ct.command "true", upload },
    }
    assert.same({ "run", "upload", "apt", "run", "upload" }, kinds(made))
    assert.equal("hook 'x' (run, upload, apt, run, upload)", tostring(made))
    local download = ct.data.file("/a", "b")
    made = ct.hook.stop_env { name = "y", steps = { download, function() end }, timeout = 7 }
    assert.same({ "download", "run" }, kinds(made))
    assert.equal("hook 'y' (download, run)", tostring(made))
  end)

  it("are else packages, uploads, run, downloads", function()
    local made = ct.hook.start_env {
      name = "x", run = function() end, upload = { upload, upload }, packages = ct.pkg.pip "y",
    }
    assert.same({ "pip", "upload", "upload", "run" }, kinds(made))
    assert.equal("hook 'x' (pip, upload, run)", tostring(made))
    assert.equal("hook 'x' (empty)", tostring(hook "x"))
  end)

  it("are of the kinds that there are, said in one way", function()
    assert.refuses("ct.hook.start_env: steps%[2%] must be made by ct.pkg or ct.data, or a testlet",
      function() ct.hook.start_env { name = "x", steps = { upload, 7 } } end)
    assert.refuses("ct.hook.stop_env: steps must be a testlet, or made by ct.data", function()
      ct.hook.stop_env { name = "x", steps = ct.pkg.apt "curl" }
    end)
    assert.refuses("ct.hook.stop_env: steps%[1%]: a text can't be downloaded", function()
      ct.hook.stop_env { name = "x", steps = { upload } }
    end)
    assert.refuses("ct.hook.start_env: give steps, or run, not both", function()
      ct.hook.start_env { name = "x", steps = { upload }, run = function() end }
    end)
  end)

  it("give what packages add to the environment, too", function()
    local package = ct.pkg.apt "curl"
    package.env = { PYTHONPATH = "/x" }
    local job = job_of { hooks = ct.hook.start_env { name = "x", steps = { package } } }
    assert.same({ "PYTHONPATH=/x" }, job.env)
  end)
end)
