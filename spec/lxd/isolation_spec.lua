-- SPDX-License-Identifier: MIT
--
-- isolation = "image": testlets that share an instance, in order, and what becomes of it and of
-- them when one of them fails, hangs, or takes it away.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local witness = require "spec.support.witness"

local IMAGE, alive = results.image, witness.testlet

-- Writes its name behind those that were here before, and returns them all.
local function signed(name)
  return function()
    assert(not package.loaded.signed) -- nobody else's process
    package.loaded.signed = true
    local file <close> = assert(io.open("/book", "a+"))
    file:write(name, " ")
    file:seek "set"
    return file:read "a"
  end
end

local function named(name, testlet, options)
  options = options or {}
  options.name = name
  return results.decorate(testlet, options)
end

-- Runs testlets that share, and returns their results by number, and by the testlets' names.
local function share(given)
  given.isolation = given.isolation or "image"
  given.num_threads = given.num_threads or 4
  local all = results.collect(ct.run(given))
  for _, result in ipairs(all) do all[result.testlet] = result end
  return all
end

local function made(all)
  local seen, count = {}, 0
  for _, result in ipairs(all) do
    count = count + (seen[result.instance] and 0 or 1)
    seen[result.instance] = true
  end
  return count
end

local function hook_that_counts(folder)
  local config = ct.configure "lxd"
  config:register_hook(ct.hook.start_env {
    name = "start", run = ct.script "echo start >>/hooks", volatile = true,
  })
  config:register_hook(ct.hook.stop_env {
    name = "stop", run = ct.script "echo stop >>/hooks",
    download = ct.data.file("/hooks", folder:at "{testlet}"),
  })
end

for _, threads in ipairs { 1, 4 } do
  describe(('isolation = "image", num_threads = %d'):format(threads), function()
    it("is one instance, and its testlets in order, each in a process of its own", function()
      local all = share { named("a", signed "a"), named("b", signed "b"),
        named("c", signed "c"), num_threads = threads }
      assert.same({ "a ", "a b ", "a b c " }, { all.a.value, all.b.value, all.c.value })
      assert.equal(1, made(all))
      assert.matches("^a%-busybox", all.c.instance)
      assert.is_truthy(all.a.phases.create and all.a.phases.start)
      for _, later in ipairs { all.b, all.c } do
        assert.is_nil(later.phases.create or later.phases.start or later.phases.prepare)
        assert.is_not_nil(later.phases.testlet)
      end
    end)

    it("is an instance for each image", function()
      local function image(name)
        return { name = name, source = { type = "image", alias = IMAGE },
          config = { ["user.of"] = name } }
      end
      local testlet = ct.lxd { name = "t", image = { image "one", image "two" } }
        (function() return alive(1) end)
      local list, of, live = {}, {}, 0
      for _, result in ct.run { a = testlet, b = testlet, isolation = "image",
        num_threads = threads } do
        assert.equal("pass", result.status, tostring(result))
        list[#list + 1] = result
        of[result.image] = of[result.image] or result
        assert.equal(of[result.image].instance, result.instance)
        assert.equal(witness.interval(of[result.image].value).from,
          witness.interval(result.value).from)
        live = math.max(live, #lxd.of_process(lxd.own_pid()))
      end
      assert.equal(4, #list)
      assert.equal(2, made(list))
      assert.is_true(live <= threads)
    end)
  end)
end

describe("a shared instance", function()
  it("is prepared once, and collected from for each testlet", function()
    local folder <close> = new_folder()
    hook_that_counts(folder)
    local all = share { named("a", function() end), named("b", ct.command { "false" }),
      named("c", function() end) }
    assert.same({ "pass", "fail", "pass" }, { all.a.status, all.b.status, all.c.status })
    assert.equal("start\nstop\n", folder:read "a")
    assert.equal("start\nstop\nstop\n", folder:read "b")
    assert.equal("start\nstop\nstop\nstop\n", folder:read "c")
  end)

  it("may come from a base, which is built for the first", function()
    local folder <close> = new_folder()
    ct.configure("lxd"):register_hook(ct.hook.start_env { name = "base", run = ct.script
      ("echo " .. folder.path .. " >>/hooks") }) -- which no other run has
    local all = share { named("a", ct.command { "cat", "/hooks" }),
      named("b", ct.command { "cat", "/hooks" }) }
    for _, result in ipairs(all) do
      assert.equal(folder.path .. "\n", result.stdout, tostring(result))
      assert.equal(all.a.base, result.base)
    end
    assert.is_nil(all.b.phases.prepare)
    if all.a.base then
      assert.is_true(all.a.base_built and all.a.phases.prepare > 0)
      lxd.delete(all.a.base)
    end
  end)

  it("outlives testlets that fail, raise, skip, or time out", function()
    local all = share { named("a", signed "a"), named("failed", ct.command { "false" }),
      named("raised", function() error "oh" end), named("skipped", function() os.exit(77) end),
      named("hung", function() while true do end end, { timeout = 0.5 }),
      named("killed", ct.script "kill -9 $$"), named("z", signed "z") }
    assert.equal("pass", all.a.status)
    assert.equal("fail", all.failed.status)
    assert.equal("fail", all.raised.status)
    assert.equal("skip", all.skipped.status)
    assert.is_true(all.hung.timed_out)
    assert.equal(9, all.killed.signal)
    assert.equal("a z ", all.z.value)
    assert.equal(1, made(all))
  end)

  it("has variables, arguments and limits of each testlet's own", function()
    local function with(name, value)
      return named(name, ct.script "echo $WHO", { env = { WHO = value } })
    end
    local all = share { with("a", "ann"), with("b", "bob"),
      named("c", ct.command { "yes" }, { output_limit = 1000 }) }
    assert.same({ "ann\n", "bob\n" }, { all.a.stdout, all.b.stdout })
    assert.matches("output_limit", all.c.error)
    assert.equal(1, made(all))
  end)

  it("is not shared where it would be prepared with other variables", function()
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "env", run = ct.script "echo $WHO >/who", volatile = true,
    })
    local function who(name, value)
      return named(name, ct.command { "cat", "/who" }, { env = { WHO = value } })
    end
    local all = share { who("a", "ann"), who("b", "bob"), who("c", "ann") }
    assert.same({ "ann\n", "bob\n", "ann\n" }, { all.a.stdout, all.b.stdout, all.c.stdout })
    assert.equal(all.a.instance, all.c.instance)
    assert.equal(2, made(all))
  end)

  it("that a testlet stops is an error for those behind it, naming who did it", function()
    local all = share { named("a", signed "a"),
      named("stopper", ct.script "poweroff -f; sleep 60"), named("b", signed "b"),
      named("c", signed "c") }
    assert.equal("pass", all.a.status)
    assert.equal("fail", all.stopper.status)
    for _, later in ipairs { all.b, all.c } do
      assert.equal("error", later.status)
      assert.equal("the instance was lost to stopper-" .. IMAGE, later.error)
      assert.is_nil(later.phases.testlet)
    end
  end)

  it("is taken for lost with the guest that a testlet killed: it may be about to stop", function()
    -- the guest is the parent of the testlet's parent
    local kill = ct.script "kill -9 $(cut -d ' ' -f 4 /proc/$PPID/stat); sleep 60"
    local all = share { named("killer", kill), named("b", signed "b") }
    assert.equal("fail", all.killer.status)
    assert.equal("the instance was lost to killer-" .. IMAGE, all.b.error)
  end)

  it("that stops behind a testlet's back is lost to the one that was there last", function()
    ct.configure("lxd"):register_hook(ct.hook.stop_env { name = "stop", run = ct.script
      "if [ -e /off ]; then poweroff -f; sleep 60; fi" })
    local all = share { named("a", ct.command { "touch", "/off" }), named("b", signed "b"),
      named("c", signed "c") }
    assert.equal("error", all.a.status)
    assert.matches("hook stop: run: ended the guest or stopped the instance", all.a.error)
    for _, later in ipairs { all.b, all.c } do
      assert.equal("the instance was lost to a-" .. IMAGE, later.error)
    end
  end)

  it("that can't be made is an error for all, with its cause", function()
    local image = { name = "wrong", source = { type = "image", alias = IMAGE },
      config = { ["limits.cpu"] = "many" } }
    local testlet = ct.lxd { image = image } (function() end)
    local all = share { a = testlet, b = testlet, c = testlet }
    assert.equal(3, #all)
    for _, result in ipairs(all) do
      assert.equal("error", result.status)
      assert.equal(all.a.error, result.error)
      assert.matches("create a%-wrong", result.error)
    end
  end)

  it("whose start hook fails is an error for all, with what the step wrote", function()
    for _, volatile in ipairs { true, false } do
      ct.configure("lxd"):reset()
      ct.configure("lxd"):register_hook(ct.hook.start_env {
        name = "bad", run = ct.script "echo no luck; exit 3", volatile = volatile,
      })
      local all = share { named("a", signed "a"), named("b", signed "b") }
      for _, result in ipairs(all) do
        assert.equal("error", result.status)
        assert.matches("hook bad: .*exit code 3.*no luck", result.error)
        assert.is_nil(result.phases.testlet)
      end
    end
  end)

  it("goes when the rest is cancelled", function()
    local instance
    for _, result in ct.run { named("a", signed "a"), named("b", ct.command { "sleep", "600" }),
      named("c", ct.command { "sleep", "600" }), isolation = "image" } do
      instance = result.instance
      assert.is_not_nil(lxd.instance(instance))
      if result.testlet == "a" then break end
    end
    collectgarbage()
    assert.is_nil(lxd.instance(instance))
  end)
end)

describe("a shared instance that is to be preserved", function()
  local function run(preserve, ...)
    local folder <close> = new_folder { ["suite.lua"] = ([[
      local ct = require "cleantest"
      local given = { isolation = "image" }
      for i, command in ipairs { ... } do
        given[i] = ct.lxd { name = "t" .. i, image = "busybox-amd64", preserve = PRESERVE }
          (ct.command { command })
      end
      for _, result in ct.run(given) do print("made", result.instance) end
    ]]):gsub("PRESERVE", preserve):gsub("%.%.%.", "'" .. table.concat({ ... }, "', '") .. "'") }
    local said = process.run { "cleantest", folder:at "suite.lua" }
    local name = assert(said.stdout:match "made\t(%S+)", said.stdout .. said.stderr)
    local there = lxd.instance(name)
    if there then lxd.delete(name) end
    return there, select(2, said.stdout:gsub("exec " .. name:gsub("%p", "%%%0") .. " %-%- sh", ""))
  end

  it("stays when any of its testlets failed, and one is told how to get in once", function()
    local there, hints = run("'on_failure'", "true", "false", "true")
    assert.equal("true", there.config["user.cleantest.preserved"])
    assert.equal(1, hints)
    there, hints = run("'on_failure'", "true", "true")
    assert.is_nil(there)
    assert.equal(0, hints)
  end)

  it("stays always where that was said", function()
    local there, hints = run("true", "true", "true")
    assert.is_not_nil(there)
    assert.equal(1, hints)
  end)
end)

describe("isolation", function()
  it("is each testlet's own instance by default, and where a testlet says so", function()
    local all = share { named("a", signed "a"), named("b", signed "b"), isolation = "testlet" }
    assert.same({ "a ", "b " }, { all.a.value, all.b.value })
    assert.equal(2, made(all))
    all = share { named("a", signed "a"), named("own", signed "own", { isolation = "testlet" }),
      named("b", signed "b") }
    assert.same({ "a ", "own ", "a b " }, { all.a.value, all.own.value, all.b.value })
    assert.equal(2, made(all))
  end)

  it("is an option of ct.lxd, too", function()
    local all = results.collect(ct.run { named("a", signed "a", { isolation = "image" }),
      named("own", signed "own"), named("b", signed "b", { isolation = "image" }) })
    assert.equal("a b ", all[3].value)
    assert.equal("own ", all[2].value)
  end)

  it("means nothing for instances that exist already", function()
    local archon <close> = ct.archon()
    archon:add("node", IMAGE)
    local on_node = ct.lxd.target("node", { archon = archon, name = "there" }) (signed "there")
    for _, result in on_node() do assert.equal("there ", result.value, tostring(result)) end
    assert.equal("there ", archon:execute("node", "cat /book").node.stdout)
    local ok, message = pcall(function() ct.lxd.target("node", { isolation = "image" }) end)
    assert.is_false(ok)
    assert.matches("isolation_spec%.lua:%d+: ct%.lxd%.target: unknown option 'isolation'", message)
    local target = archon:instance "node"
    local all = share { ct.lxd.target(target, { name = "x" }) (signed "x"),
      named("a", signed "a"), named("b", signed "b") }
    assert.equal("there x ", all.x.value)
    assert.equal("a b ", all.b.value)
    assert.is_true(archon:exists "node")
  end)

  it("is refused by name when it is none", function()
    for _, wrong in ipairs { "suite", "", 1, true, {} } do
      for what, call in pairs { ["ct.lxd"] = ct.lxd, ["ct.run"] = ct.run } do
        local ok, message = pcall(function() call { isolation = wrong } end)
        assert.is_false(ok)
        assert.matches("isolation_spec%.lua:%d+: " .. what
          .. ": isolation must be one of 'testlet', 'image', not ", message)
      end
    end
  end)
end)
