-- SPDX-License-Identifier: MIT
--
-- Prepared environments: what start hooks have left is kept and cloned, and a testlet can't
-- tell, but by the time it takes. Bad days are in prepared_faults_spec.

local bases = require "spec.support.bases"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local mark, run, start = bases.mark, bases.run, bases.start

lazy_setup(bases.open)
lazy_teardown(bases.close)
before_each(function() bases.configure() end)
after_each(function() assert.same({}, bases.leftovers()) end)

-- The base of hooks; the testlet does nothing.
local function base_of(hooks, options)
  return run(hooks, ct.command { "true" }, options).base
end

local function all_of(calls)
  local all = {}
  for name, wait in pairs(calls) do
    all[name] = wait()
    assert.equal("pass", all[name].status, tostring(all[name]))
  end
  return all
end

describe("an environment", function()
  it("is built once, and used by those that come later", function()
    local first = run { mark "a" }
    local second = run { mark "a" }
    assert.is_true(first.base_built)
    assert.is_true(first.phases.prepare > 0)
    assert.is_false(second.base_built)
    assert.is_nil(second.phases.prepare)
    assert.matches("^ct%-base%-%x+$", first.base)
    assert.equal(first.base, second.base)
    assert.matches("^[%x-]+\n$", first.value.a)
    assert.equal(first.value.a, second.value.a)
    assert.equal("Stopped", bases.instances()[first.base].status)
  end)

  it("is one for all variants of a testlet, which know what they are", function()
    bases.configure { mark "variants" }
    local testlet = results.decorate(function()
      return { require("cleantest.job").matrix.db, os.getenv "CLEANTEST_MATRIX_DB" }
    end, { matrix = { db = { "pg", "sqlite" } } })
    local all = testlet():all()
    for i, db in ipairs { "pg", "sqlite" } do
      assert.equal("pass", all[i].status, tostring(all[i]))
      assert.same({ db, db }, all[i].value)
      assert.matches("^ct%-base%-%x+$", all[i].base)
      assert.equal(all[1].base, all[i].base)
    end
  end)

  it("is built once for many that need it at the same time", function()
    bases.configure { mark "a", mark "b" }
    local testlets = { num_threads = 3 }
    for i = 1, 6 do testlets["job-" .. i] = results.decorate(bases.marks) end
    local seen, prepared = {}, 0
    for _, result in ct.run(testlets) do
      assert.equal("pass", result.status, tostring(result))
      assert.is_true(result.base_built)
      prepared = prepared + (result.phases.prepare and 1 or 0)
      seen[result.value.b] = true
    end
    local first = next(seen)
    assert.matches("^[%x-]+\n$", first)
    assert.is_nil(next(seen, first))
    assert.equal(1, prepared)
  end)

  it("goes on from what it has in common with another", function()
    local a = run { mark "a" }
    local ab = run { mark "a", mark "b" }
    local ac = run { mark "a", mark "c" }
    assert.equal(a.value.a, ab.value.a)
    assert.equal(a.value.a, ac.value.a)
    assert.matches("^[%x-]+\n$", ab.value.b)
    assert.is_nil(ab.value.c)
    assert.is_nil(ac.value.b)
    assert.not_equal(ab.base, ac.base)
    assert.not_equal(a.base, ab.base)
  end)

  it("is another one when anything that makes it is", function()
    local folder <close> = new_folder { ["file"] = "one" }
    local function uploading()
      return { ct.hook.start_env { name = "up", upload = ct.data.file(folder:at "file", "/file") } }
    end
    local calls = {
      plain = start { mark "a" },
      script = start { mark("a", { run = ct.script "cat /proc/sys/kernel/random/uuid >/a" }) },
      env = start({ mark "a" }, nil, { env = { COLOUR = "blue" } }),
      instance = start({ mark "a" }, nil, {
        image = { { name = results.image, config = { ["user.spec"] = "1" } } },
      }),
      upload = start(uploading()),
    }
    local all = all_of(calls)
    folder:write("file", "two")
    all.content = start(uploading())()
    process.output("touch -d 2001-01-01 " .. folder:at "file")
    assert.equal(all.content.base, base_of(uploading()))
    local owner = {}
    for name, result in pairs(all) do
      assert.is_nil(owner[result.base], name)
      owner[result.base] = name
    end
  end)

  it("is another one when what a profile says is", function()
    local profile = bases.project
    lxd.client("profile", "copy", "default", profile)
    local image = { name = results.image, profiles = { profile } }
    local function base() return base_of({ mark "a" }, { image = { image } }) end
    local first = base()
    assert.equal(first, base())
    lxd.client("profile", "set", profile, "environment.COLOUR", "green")
    local second = base()
    for _, name in ipairs { first, second } do bases.client("delete", name) end
    for _, instance in ipairs(bases.instances()) do
      if instance.profiles[1] == profile then bases.client("delete", instance.name) end
    end
    lxd.client("profile", "delete", profile)
    assert.not_equal(first, second)
  end)

  it("is the same one in another process", function()
    local here = run { mark "a" }
    local folder <close> = new_folder { ["suite.lua"] = bases.prelude() .. [[
      mark "a"
      for _, result in show "a" () do tell(result) end
    ]] }
    local said = process.output { "lua5.4", folder:at "suite.lua" }
    assert.equal(("a\tpass\t%s\tfalse\t%s\tnil"):format(here.base,
      here.value.a:gsub("\n", ",")), said)
  end)

  it("is not changed by what a testlet does in its clone", function()
    local function spoil()
      assert(os.execute "echo spoiled >>/a; echo more >/b; rm -rf /etc")
    end
    local before = run { mark "a" }
    run({ mark "a" }, spoil)
    local after = run { mark "a" }
    assert.equal(before.value.a, after.value.a)
    assert.is_nil(after.value.b)
    assert.equal(before.base, after.base)
  end)
end)

describe("what is not kept", function()
  it("is volatile steps and all that come after them", function()
    local hooks = { mark "a", mark("b", { volatile = true }), mark "c" }
    local one, other = run(hooks), run(hooks)
    assert.equal(one.value.a, other.value.a)
    assert.not_equal(one.value.b, other.value.b)
    assert.not_equal(one.value.c, other.value.c)
    for _, name in ipairs { "a", "b", "c" } do -- each step ran once in each
      assert.matches("^[%x-]+\n$", one.value[name])
      assert.matches("^[%x-]+\n$", other.value[name])
    end
    assert.equal(one.base, base_of { mark "a" })
  end)

  it("is an upload to /tmp, which is done in each", function()
    local hooks = { mark "a", ct.hook.start_env {
      name = "up", upload = ct.data.file({ text = "uploaded" }, "/tmp/a"),
    } }
    for _ = 1, 2 do assert.equal("uploaded", run(hooks).value["tmp/a"]) end
    assert.equal(base_of { mark "a" }, run(hooks).base)
  end)

  it("is anything, when an instance is to be fresh", function()
    local kept = run { mark "a" }
    local fresh = run({ mark "a" }, nil, { fresh = true })
    assert.is_nil(fresh.base)
    assert.is_false(fresh.base_built)
    assert.matches("^[%x-]+\n$", fresh.value.a)
    assert.not_equal(kept.value.a, fresh.value.a)
    local folder <close> = new_folder { ["suite.lua"] = bases.prelude() .. [[
      mark "a"
      for _, result in show "a" () do tell(result) end
    ]] }
    local suite = folder:at "suite.lua"
    for _, said in ipairs {
      process.output({ "lua5.4", suite }, { env = { CLEANTEST_FRESH = "1" } }),
      process.output { "cleantest", "--fresh", suite },
    } do
      assert.matches("a\tpass\tnil\tfalse\t[%x-]+,", said)
      assert.is_nil(said:find(kept.value.a:sub(1, -2), 1, true))
    end
  end)
end)

describe("clones", function()
  -- What a testlet sees of an instance that is to be nobody's else.
  local function identity()
    local function read(path)
      local file <close> = io.open(path)
      return file and file:read "a":gsub("%s+$", "") or ""
    end
    local function shell(command)
      local pipe <close> = io.popen(command)
      return (pipe:read "a":gsub("%s+$", ""))
    end
    return {
      machine = read "/etc/machine-id", mac = read "/sys/class/net/eth0/address",
      address = shell "ip -4 -o address show dev eth0 | awk '{ print $4 }'",
      host = read "/proc/sys/kernel/hostname", named = read "/etc/hostname",
      journals = shell "ls /var/log/journal 2>/dev/null; true",
      prepared = read "/a", tmp = shell "ls -A /tmp | grep left; true",
      time = os.time(),
    }
  end

  it("share nothing that a machine has for itself", function()
    bases.configure { mark("a", { run = { bases.marking "a", ct.script "touch /tmp/left" } }) }
    local testlets = { num_threads = 2 }
    for i = 1, 2 do
      testlets["clone-" .. i] = ct.lxd {
        image = "debian-bookworm-amd64", ready = "network",
      } (identity)
    end
    local all = results.collect(ct.run(testlets))
    for _, result in ipairs(all) do assert.equal("pass", result.status, tostring(result)) end
    local one, other = all[1].value, all[2].value
    assert.equal(all[1].base, all[2].base)
    assert.equal(one.prepared, other.prepared)
    for _, what in ipairs { "machine", "mac", "address", "host" } do
      assert.not_equal("", one[what], what)
      assert.not_equal(one[what], other[what], what)
    end
    assert.matches("^%x+$", one.machine)
    for i, seen in ipairs { one, other } do
      assert.equal(all[i].instance, seen.host)
      assert.equal(all[i].instance, seen.named)
      assert.equal("", seen.tmp)
      assert.is_true(seen.journals == "" or seen.journals == seen.machine, seen.journals)
      assert.is_true(math.abs(os.time() - seen.time) < 60)
    end
  end)

  it("have nothing that only the build had", function()
    local hook = ct.hook.start_env {
      name = "litter", upload = ct.data.file({ text = "kept" }, "/kept"),
      run = { ct.script [[
        #!/bin/sh
        sleep 4321 &
        setsid sleep 4322 >/dev/null 2>&1 &
        mkdir -p /tmp/deep/er /var/log/journal/0123
        touch /tmp/deep/er/left /var/log/journal/0123/system.journal /.cleantest/left
        ln -s /kept /tmp/link
        mkdir /tmp/mounted && mount -t tmpfs none /tmp/mounted
      ]], function() end, ct.command { "true" } },
    }
    local function look()
      local pipe <close> = io.popen [[
        ls -A /tmp /var/log/journal /.cleantest; ps | grep '[s]leep 432'; cat /proc/mounts
      ]]
      return pipe:read "a"
    end
    local seen = run({ hook }, function()
      local file <close> = io.open "/kept"
      return file:read "a"
    end)
    assert.equal("kept", seen.value)
    seen = run({ hook }, look).value
    local bare = run({ hook }, look, { fresh = true }).value -- as it is without a base
    assert.matches("sleep 4321", bare)
    assert.is_nil(seen:find("left", 1, true), seen)
    assert.is_nil(seen:find("sleep 432", 1, true), seen)
    assert.is_nil(seen:find("mounted", 1, true), seen)
    assert.is_nil(seen:find("0123", 1, true), seen)
    assert.matches("/%.cleantest:\nartifacts%-%d+\nguest\n", seen) -- the testlet's own folder
  end)

  it("carry no word of being a base, when they are preserved or an archon's", function()
    local kept = run({ mark "a" }, nil, { preserve = true })
    local instance = bases.instances()[kept.instance]
    assert.is_string(kept.base)
    assert.equal("Running", instance.status)
    for _, word in ipairs { "base", "complete", "sealed", "inputs" } do
      assert.is_nil(instance.config["user.cleantest." .. word], word)
    end
    assert.is_nil(instance.config["raw.lxc"])
    assert.equal(kept.value.a, bases.client("exec", kept.instance, "--", "cat", "/a"))
    local target = ct.lxd.target(kept.instance) (function() return "there" end)
    local there = results.only(target())
    assert.equal("there", there.value, tostring(there))
    assert.is_nil(there.base)
    base_of { mark "a", mark "c" } -- a build looks for what is to go, and leaves it alone
    bases.client("delete", "--force", kept.instance)
    assert.equal(kept.base, base_of { mark "a" })
  end)
end)

describe("an archon", function()
  it("has its instances from what is prepared", function()
    local cluster <close> = ct.archon()
    local resources = { ct.data.file({ text = "resource" }, "/resource") }
    local before = #bases.instances()
    cluster:add({ "one", "two" }, results.image, { resources = resources })
    local said = cluster:execute({ "one", "two" }, "cat /resource", { check = true })
    assert.equal("resource", said.one.stdout)
    assert.equal("resource", said.two.stdout)
    assert.equal(before + 3, #bases.instances()) -- the two, and a base with the resource
  end)
end)

describe("a step that fails", function()
  local suite = bases.prelude() .. [[
    config:register_hook(ct.hook.start_env { name = "a", run = ct.script "echo kept >/a" })
    config:register_hook(ct.hook.start_env { name = "broken", run = ct.script(
      "cat /proc/sys/kernel/random/uuid; echo the reason >&2; exit 9") })
    mark "c"
    for _, result in ct.run { x = show "a", y = show "a", z = show "a", num_threads = 3 } do
      print(result.status, result.base, result.error)
    end
  ]]

  it("is done once, fails all that need it, and is tried again by the next run", function()
    local folder <close> = new_folder { ["suite.lua"] = suite }
    local times = {}
    for i = 1, 2 do
      local said = process.output { "lua5.4", folder:at "suite.lua" }
      local _, failed = said:gsub("error\tnil\t", "%0")
      local _, reasons = said:gsub("hook broken: .-exit code 9.-the reason", "%0")
      assert.equal(3, failed, said)
      assert.equal(3, reasons, said)
      for time in said:gmatch "\n([%x-]+)\n" do
        times[i] = times[i] or time
        assert.equal(times[i], time)
      end
      assert.is_string(times[i])
      assert.same({}, bases.leftovers())
    end
    assert.not_equal(times[1], times[2])
    for _, base in ipairs(bases.instances()) do
      assert.is_nil((base.config["user.cleantest.label"] or ""):find("broken", 1, true))
    end
  end)
end)

describe("an instance that is to be preserved", function()
  it("is there to be looked into when its start hook fails", function()
    local broken = ct.hook.start_env { name = "broken", run = ct.script "echo >/trace; exit 9" }
    for _, preserve in ipairs { "on_failure", true } do
      local result = start({ broken }, nil, { preserve = preserve })()
      assert.equal("error", result.status)
      assert.matches("hook broken: .-exit code 9", result.error)
      assert.matches("/trace", bases.client("exec", result.instance, "--", "ls", "/trace"))
      bases.client("delete", "--force", result.instance)
    end
  end)
end)

describe("on storage that copies all of an instance", function()
  local pool = bases.project

  lazy_setup(function()
    lxd.client("storage", "create", pool, "dir")
    lxd.client("profile", "copy", "default", pool)
    lxd.client("profile", "device", "set", pool, "root", "pool", pool)
  end)

  lazy_teardown(function()
    lxd.client("profile", "delete", pool)
    lxd.client("storage", "delete", pool)
  end)

  it("instances are made from the image, and a note says why", function()
    local folder <close> = new_folder { ["suite.lua"] = bases.prelude() .. ([[
      mark "a"
      local image = { name = "on-dir", image = %q, profiles = { %q } }
      for _, result in ct.lxd { name = "a", image = { image } } (ct.script "cat /a") () do
        tell(result)
      end
    ]]):format(results.image, pool) }
    local said = process.output { "cleantest", folder:at "suite.lua" }
    assert.matches("a\tpass\tnil\tfalse\t[%x-]+,\tnil", said)
    assert.matches("no prepared environments for on%-dir: .*" .. pool:gsub("%-", "%%-")
      .. ".*driver dir", said)
  end)
end)
