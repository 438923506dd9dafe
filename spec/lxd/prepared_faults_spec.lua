-- SPDX-License-Identifier: MIT
--
-- Bad days of prepared environments: bases that others spoil, delete or own, builders that die
-- at any moment, and two that want the same at once.

local bases = require "spec.support.bases"
local cjson = require "cjson"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local mark, run, start = bases.mark, bases.run, bases.start
local MARK <const> = "^[%x-]+\n$"

lazy_setup(bases.open)
lazy_teardown(bases.close)
before_each(function() bases.configure() end)

describe("a base that", function()
  local before, after = {}, {}

  local damages = {
    ["was started"] = function(base)
      bases.client("start", base)
      bases.client("stop", "--force", base)
    end,
    runs = function(base) bases.client("start", base) end,
    ["has another key"] = function(base)
      bases.client("config", "set", base, "user.cleantest.base=" .. ("0"):rep(64))
    end,
    ["was never completed"] = function(base)
      for key, value in pairs { complete = "", run = "dead", host = "elsewhere", pid = "1",
        started = "1", expiry = "1000000000", preserved = "false" } do
        bases.client("config", "set", base, ("user.cleantest.%s=%s"):format(key, value))
      end
    end,
  }

  local function run_all()
    local calls, all = {}, {}
    for name in pairs(damages) do
      local steps = { bases.marking "a", ct.command { "echo", name } }
      calls[name] = start { mark("a", { run = steps }) }
    end
    for name, wait in pairs(calls) do all[name] = wait() end
    return all
  end

  lazy_setup(function()
    before = run_all()
    for name, damage in pairs(damages) do damage(before[name].base) end
    after = run_all()
  end)

  for name in pairs(damages) do
    it(name .. " is not used, and replaced", function()
      assert.equal("pass", before[name].status, tostring(before[name]))
      assert.equal("pass", after[name].status, tostring(after[name]))
      assert.equal(before[name].base, after[name].base)
      assert.is_true(after[name].base_built)
      assert.not_equal(before[name].value.a, after[name].value.a)
      assert.matches(MARK, after[name].value.a)
      assert.same({}, bases.leftovers())
    end)
  end

  it("was deleted while a job waited for its turn is done without", function()
    local kept = run { mark "a" }
    bases.configure { mark "a" }
    local order, status = {}, {}
    for _, result in ct.run {
      results.decorate(ct.command { "sleep", "2" }, { name = "long" }),
      results.decorate(function()
        local file <close> = io.open "/a"
        return file:read "a"
      end, { name = "short" }),
      num_threads = 1, order = "completed",
    } do
      order[#order + 1] = result
      status[result.testlet] = result
      if #order == 1 then bases.client("delete", kept.base) end
    end
    local late = status.short
    assert.equal("pass", late.status, tostring(late))
    assert.matches(MARK, late.value)
  end)
end)

describe("a base that is built anew while a job waits for its turn", function()
  local slow = "sleep 2\n"
  local folder <const> = new_folder { ["suite.lua"] = bases.prelude() .. ([[
    mark("a", %q)
    for _, result in show "a" () do tell(result) end
  ]]):format(slow) }
  lazy_teardown(function() folder:remove() end)

  local function running(pattern)
    return process.within(30, function()
      for _, instance in ipairs(bases.instances()) do
        if instance.name:find(pattern) and instance.status == "Running" then
          return instance.name
        end
      end
    end)
  end

  it("is never cloned half built", function()
    local hook = ct.hook.start_env {
      name = "a", run = ct.script(slow .. "cat /proc/sys/kernel/random/uuid >>/a"),
    }
    local kept = run { hook }
    bases.configure { hook }
    local call = ct.run {
      results.decorate(ct.script "until test -e /go; do sleep 0.1; done", { name = "long" }),
      results.decorate(bases.marks, { name = "short" }),
      num_threads = 1,
    }
    bases.client("delete", kept.base)
    local other <close> = process.start("exec lua5.4 " .. folder:at "suite.lua")
    assert.is_string(running "^ct%-b")
    bases.client("exec", running "^long%-", "--", "touch", "/go")
    local all = results.collect(call)
    local said = other:close().stdout
    assert.matches("a\tpass\t" .. kept.base:gsub("%-", "%%-") .. "\ttrue", said)
    assert.equal("pass", all[2].status, tostring(all[2]))
    assert.matches(MARK, all[2].value.a or "what its hook leaves is not there")
  end)
end)

describe("a file that is uploaded", function()
  it("and changes while its base is built is in no base as what it was", function()
    local folder <close> = new_folder { file = "one" }
    local hooks = {
      ct.hook.start_env { name = "up", upload = ct.data.file(folder:at "file", "/file") },
    }
    local function content()
      local file <close> = io.open "/file"
      return file:read "a"
    end
    local wait = start(hooks, content)
    folder:write("file", "two")
    local result = wait()
    assert.equal("pass", result.status, tostring(result))
    assert.is_nil(result.base)
    assert.equal("two", result.value)
    folder:write("file", "one")
    assert.equal("one", run(hooks, content).value)
    assert.same({}, bases.leftovers())
  end)
end)

describe("a project that allows no low-level configuration", function()
  local project = bases.project .. "-strict"

  lazy_setup(function()
    lxd.client("project", "create", project, "-c", "features.images=false", "-c",
      "restricted=true")
    lxd.client("--project", project, "profile", "device", "add", "default", "root", "disk",
      "path=/", "pool=default")
  end)
  lazy_teardown(function() lxd.client("project", "delete", project) end)

  it("has no bases, its jobs do without, and one is told why", function()
    local folder <close> = new_folder { ["suite.lua"] = bases.prelude() .. ([[
      ct.configure("lxd", { client = { project = %q } })
      mark "a"
      for _, result in show "a" () do tell(result) end
    ]]):format(project) }
    local said = process.output("cleantest " .. folder:at "suite.lua" .. " 2>&1")
    assert.matches("a\tpass\tnil\tfalse\t[%x-]+,\tnil", said)
    assert.matches("no prepared environment of " .. results.image:gsub("%-", "%%-")
      .. ": [^\n]*raw%.lxc[^\n]* forbidden", said)
  end)
end)

describe("a storage pool that is full", function()
  local pool = bases.project .. "-full"
  local image = { name = "small", image = results.image, profiles = { pool } }

  lazy_setup(function()
    lxd.client("storage", "create", pool, "btrfs", "size=200MiB")
    lxd.client("profile", "copy", "default", pool)
    lxd.client("profile", "device", "set", pool, "root", "pool", pool)
  end)
  lazy_teardown(function()
    for _, instance in ipairs(bases.instances()) do
      if instance.profiles[1] == pool then bases.client("delete", instance.name) end
    end
    lxd.client("profile", "delete", pool)
    lxd.client("storage", "delete", pool)
  end)

  local fill = ct.hook.start_env {
    name = "fill", run = ct.command { "dd", "if=/dev/zero", "of=/fill", "bs=1M" },
  }

  -- What was deleted is given back to the pool a little later: btrfs looks for it when it is told
  -- to, and every 30 s by itself.
  local function await_room()
    assert.is_true(process.within(60, function()
      process.run { "btrfs", "filesystem", "sync", lxd.folder .. "/storage-pools/" .. pool }
      local said = lxd.client("query", ("/1.0/storage-pools/%s/resources"):format(pool))
      local space = cjson.decode(said).space
      return space.used < space.total / 2
    end))
  end

  it("fails the step that fills it, leaves no half base, and works again", function()
    local filled = start({ fill }, nil, { image = image })()
    assert.equal("error", filled.status)
    assert.matches("hook fill: run: exit code 1\n.*No space left", filled.error)
    assert.same({}, bases.leftovers())
    await_room()
    assert.equal("pass", start({ mark "a" }, nil, { image = image })().status)
  end)

  it("is an error of those who can't have an instance, or a testlet's own failure", function()
    local hooks = { mark "a" }
    assert.is_string(run(hooks, nil, { image = image }).base)
    bases.client("launch", results.image, "filler", "--profile", pool)
    bases.client("exec", "filler", "--", "sh", "-c", "dd if=/dev/zero of=/fill bs=1M; sync; true")
    local result = start(hooks, ct.command { "dd", "if=/dev/zero", "of=/more", "bs=1M", "count=9" },
      { image = image })()
    assert.is_true(result.status == "fail" or result.status == "error", tostring(result))
    assert.matches("[Nn]o space left", tostring(result))
    bases.client("delete", "--force", "filler")
    assert.same({}, bases.leftovers())
    await_room()
    assert.equal("pass", start(hooks, nil, { image = image })().status)
  end)
end)

describe("an instance of somebody's own", function()
  local own = "somebodys-own"

  it("under a base's name stays, and jobs do without the base", function()
    local kept = run { mark "a" }
    bases.client("delete", kept.base)
    bases.client("init", results.image, kept.base)
    local result = run { mark "a" }
    assert.is_nil(result.base)
    assert.matches(MARK, result.value.a)
    assert.is_nil(bases.instances()[kept.base].config["user.cleantest.base"])
    bases.client("delete", kept.base)
  end)

  it("that was copied from a base stays", function()
    local kept = run { mark "a" }
    bases.client("copy", kept.base, own)
    bases.client("start", own)
    local other = run { mark "a", mark "b" } -- a build looks for what is to go
    local there = bases.instances()[own]
    assert.is_true(other.base_built)
    assert.is_not_nil(there)
    bases.client("delete", "--force", own)
    assert.equal("Running", there.status)
  end)
end)

describe("processes", function()
  local folder <const> = new_folder { ["suite.lua"] = bases.prelude() .. [[
    mark("a", "# " .. os.getenv "SPEC_NUMBER" .. "\nsleep " .. os.getenv "SPEC_SLEEP" .. "\n")
    print "begins"
    io.stdout:flush()
    for _, result in show "a" () do tell(result) end
  ]] }
  lazy_teardown(function() folder:remove() end)

  local function launch(number, sleep, command)
    return process.start(("exec %s %s"):format(command or "lua5.4", folder:at "suite.lua"), {
      env = { SPEC_NUMBER = tostring(number), SPEC_SLEEP = tostring(sleep) },
    })
  end

  local function end_of(one)
    local said = one:close()
    local base, built, content = said.stdout:match "a\tpass\t(%S+)\t(%S+)\t([%x-]+),\tnil"
    assert.is_string(base, said.stdout .. said.stderr)
    return { base = base, built = built == "true", content = content }
  end

  local function is_building()
    return process.within(30, function()
      for _, instance in ipairs(bases.instances()) do
        if instance.name:find "^ct%-build" and instance.status == "Running"
          and instance.config["volatile.base_image"] and not instance.config["raw.lxc"] then
          return instance
        end
      end
    end)
  end

  it("that want the same base at once build it once", function()
    local one <close> = launch("both", 2)
    local other <close> = launch("both", 2)
    local first, second = end_of(one), end_of(other)
    assert.equal(first.base, second.base)
    assert.equal(first.content, second.content)
    assert.not_equal(first.built, second.built)
    assert.same({}, bases.leftovers())
  end)

  it("take over from a builder that dies", function()
    local one <close> = launch("taken", 6)
    assert.is_table(is_building())
    local other <close> = launch("taken", 6)
    other:await "begins"
    one:kill "KILL"
    one:close()
    local finished = end_of(other)
    assert.is_true(finished.built)
    assert.same({}, bases.settled(20))
  end)

  -- Some at once, each to its own end; then the same again, to a good one. Without "--foreground"
  -- a process may get the signal twice, and the second one ends it at once.
  local DELAYS <const> = { 0.2, 0.7, 1.3, 2.1, 3.2, 4.6 } -- seconds

  local function interrupt(signal, command)
    local all = {}
    for i, delay in ipairs(DELAYS) do
      all[i] = launch(signal .. i, 1,
        ("timeout --foreground --preserve-status -s %s %s %s"):format(signal, delay, command))
    end
    for _, each in ipairs(all) do each:close() end
  end

  local function again(signal)
    local all = {}
    for i in ipairs(DELAYS) do all[i] = launch(signal .. i, 0) end
    for _, each in ipairs(all) do end_of(each) end
  end

  it("that are killed at any moment leave nothing that is used by mistake", function()
    interrupt("KILL", "lua5.4")
    assert.same({}, bases.settled(20))
    again "KILL"
    assert.same({}, bases.settled(20))
  end)

  it("that are interrupted at any moment leave no half base", function()
    interrupt("INT", "cleantest")
    assert.same({}, bases.leftovers())
    again "INT"
    assert.same({}, bases.leftovers())
  end)

  it("that are interrupted while LXD makes a base leave none", function()
    for i = 1, 3 do
      local known = bases.instances()
      local one <close> = launch("made" .. i, 0, "cleantest")
      assert.is_true(process.within(30, function()
        for _, instance in ipairs(bases.instances()) do
          if not known[instance.name] then return true end
        end
      end))
      one:kill "INT"
      one:close()
      assert.same({}, bases.leftovers())
    end
  end)
end)
