-- SPDX-License-Identifier: MIT
--
-- What suites say wrongly is refused by name, at the suite's line, and changes nothing.

local ct = require "cleantest"
local local_guest = require "spec.unit.support.local_guest"
require "spec.unit.support.refuses"

setup(local_guest.use)

local config = ct.configure "lxd"

local function testlet() end

local function hook(name)
  return ct.hook.start_env { name = name }
end

describe("arguments", function()
  it("are all taken, or refused", function()
    config:register_hook(hook "a", hook "b")
    local said = "config:register_hook: the hook 'a' is registered already; registered are: a, b"
    assert.refuses(said, function()
      config:register_hook(hook "c", hook "a")
    end)
    config:unregister_hook("a", "b")
    said = "config:unregister_hook: no hook 'c' is registered; registered are: none"
    assert.refuses(said, function()
      config:unregister_hook("c")
    end)
    assert.refuses("config:register_hook: the hook is missing: give at least one", function()
      config:register_hook()
    end)
    assert.refuses("config:register_hook: the hook 2 must be made by ct.hook.*, not nil", function()
      config:register_hook(hook "c", nil)
    end)
    ct.env:add({ A = 1 }, { B = 2 })
    assert.same({ A = "1", B = "2" }, ct.env:dump())
    assert.refuses("ct.env:add: the table 2 must be a table, not 7", function()
      ct.env:add({ C = 3 }, 7)
    end)
    assert.is_nil(ct.env:get "C")
    assert.refuses("ct.env:remove: the name 2 must be a string, not nil", function()
      ct.env:remove("A", nil, "B")
    end)
    assert.equal("1", ct.env:get "A")
  end)

  it("of ct.lxd.target may not be nil in between", function()
    assert.refuses("ct.lxd.target: instance 2 must be a string, not nil", function()
      ct.lxd.target("node-1", nil, "node-3")(testlet)
    end)
  end)

  it("too many are refused", function()
    local function refuses(message, f, ...)
      local given = table.pack(...)
      assert.refuses(message .. " is one argument too many", function()
        f(table.unpack(given, 1, given.n))
      end)
    end
    local said = "ct.lxd: a function is one argument too many; the testlet is in parentheses of its"
      .. " own: ct.lxd { ... } %(testlet%)"
    assert.refuses(said, function() ct.lxd({ image = "x" }, testlet) end)
    assert.refuses("ct.command: '%-q' is one argument too many; its words are a list",
      function() ct.command("pytest", "-q") end)
    refuses("ct.pkg.apt: 'git'", ct.pkg.apt, "curl", "git")
    refuses("ct.lxd: the testlet: 7", ct.lxd { image = "x" }, testlet, 7)
    refuses("ct.run: a cleantest.decorated", ct.run, {}, {}, ct.lxd { image = "x" } (testlet))
    refuses("ct.script: nil", ct.script, "x", nil)
    refuses("ct.hook.start_env: a table", ct.hook.start_env, { name = "x" }, {})
    refuses("ct.data.file: 7", ct.data.file, "a", "/a", {}, 7)
    refuses("ct.configure: 7", ct.configure, "lxd", {}, 7)
    refuses("config:get_instance: 'y'", config.get_instance, config, "debian-12-amd64", "y")
    refuses("ct.env:get: 'B'", ct.env.get, ct.env, "A", "B")
    refuses("archon:exists: 'b'", ct.archon().exists, ct.archon(), "a", "b")
  end)

  it("of a download may not be volatile", function()
    assert.refuses("volatile is for uploads", function()
      ct.hook.stop_env { name = "x", download = ct.data.file("/a", "a", { volatile = true }) }
    end)
  end)
end)

describe("settings", function()
  it("are all changed, or none", function()
    for _ = 1, 20 do
      assert.refuses("cache: count must be a positive integer, not 0", function()
        ct.configure("lxd", { client = { project = "x" }, cache = { count = 0 } })
      end)
      assert.same({}, require("cleantest.config").settings(config))
    end
  end)

  it("of the number of instances have a limit, in words", function()
    assert.refuses("num_threads must be a positive integer, at most 100000, not 200000", function()
      ct.lxd { image = "x", num_threads = 200000 }
    end)
    assert.refuses("warm must be a positive integer, at most 1000, not 8589934592", function()
      ct.lxd { image = "x", warm = 1 << 33 }
    end)
  end)
end)

describe("names", function()
  local function on(options)
    options.image = options.image or "here"
    return ct.lxd(options)(testlet)
  end

  it("of results are one each in a call", function()
    assert.refuses("ct.%a+: two results of this call would be called 'test%-here'", function()
      ct.run { on {}, on {} }
    end)
    assert.refuses("ct.%a+: two results of this call would be called 'test%-here'", function()
      on { image = { "here", "here" } }()
    end)
    assert.equal(2, #ct.run({ on {}, other = on {} }):all())
  end)

  it("of testlets may be those of options", function()
    local all = ct.run({ order = on {}, reserve = on {} }, { num_threads = 2 }):all()
    assert.same({ "order-here", "reserve-here" }, { all[1].name, all[2].name })
  end)

  it("of hooks of a testlet are none that are registered", function()
    config:register_hook(hook "a")
    assert.refuses("test: there are two hooks called 'a'", function() on { hooks = hook "a" }() end)
    on { hooks = { hook "b", hook "c" } }():all()
    local seen = {}
    for i, known in ipairs(local_guest.jobs[#local_guest.jobs].start_hooks) do
      seen[i] = known.name
    end
    assert.same({ "a", "b", "c" }, seen)
  end)
end)

describe("numbers", function()
  it("that are whole are written so, wherever they came from", function()
    ct.env:add { RETRIES = 6 / 2 }
    local image = { name = "here", config = { ["limits.cpu"] = 4 / 2 } }
    local decorated = ct.lxd { image = image } (ct.command { "echo", 4 / 2 })
    assert.equal("2 3\n", decorated(6 / 2):only().stdout)
    local job = local_guest.jobs[#local_guest.jobs]
    assert.same({ "RETRIES=3" }, job.env)
    assert.matches('"limits.cpu":"2"', job.instance)
  end)
end)
