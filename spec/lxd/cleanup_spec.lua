-- SPDX-License-Identifier: MIT
--
-- Nothing is left behind, however a suite ends; what is to be kept is kept. The helper looks
-- for left instances after each test as well.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local REAPED = 15 -- seconds in which the reaper is done, says the contract

describe("within a process", function()
  local function two()
    return ct.run {
      quick = results.decorate(function() end),
      slow = results.decorate(ct.command { "sleep", "600" }),
      num_threads = 2, order = "completed",
    }
  end

  local function nothing_is_left()
    assert.same({}, lxd.of_process(lxd.own_pid()))
  end

  it("leaving the loop ends the rest", function()
    for name in two() do
      if name == "quick-busybox-amd64" then break end
    end
    nothing_is_left()
  end)

  it("an error in the loop ends the rest, and comes out as it was", function()
    local ok, message = pcall(function()
      for _ in two() do error "the suite's own" end
    end)
    assert.is_false(ok)
    assert.matches("the suite's own", message)
    nothing_is_left()
  end)

  it("leaving the loop before anything was made ends what would have been", function()
    do
      local _, _, _, _ <close> = two()
    end
    nothing_is_left()
  end)

  it("a loop in a coroutine that is closed ends the rest", function()
    local worker = coroutine.create(function()
      for _ in two() do coroutine.yield() end
    end)
    assert(coroutine.resume(worker))
    assert(coroutine.close(worker))
    nothing_is_left()
  end)

  it("a call that nobody iterates still runs, and ct.finish waits for it", function()
    local folder <close> = new_folder()
    ct.configure("lxd"):register_hook(ct.hook.stop_env {
      name = "proof", download = ct.data.file("/proof", folder:at "proof"),
    })
    results.decorate(ct.script "echo ran >/proof")()
    ct.finish()
    assert.equal("ran\n", folder:read "proof")
    nothing_is_left()
  end)

  it("two runs at once have instances of their own", function()
    do
      local next_first, state_first, _, _ <close> = two()
      local next_second, state_second, _, _ <close> = two()
      local one_name, one = next_first(state_first)
      local other_name, other = next_second(state_second)
      assert.equal(one_name, other_name)
      assert.equal("pass", one.status, tostring(one))
      assert.equal("pass", other.status, tostring(other))
      assert.not_equal(one.instance, other.instance)
    end
    nothing_is_left()
  end)
end)

describe("a process that ends", function()
  local folder <const> = new_folder()
  local ended = {}

  local suites = {
    ["raises.lua"] = [[
      for name, result in ct.run { quick, slow, num_threads = 2, order = "completed" } do
        error "the suite's own"
      end]],
    ["forgets.lua"] = [[ct.run { failing }]],
    ["exits.lua"] = [[
      for name in ct.run { quick, slow, num_threads = 2, order = "completed" } do os.exit(3) end]],
    ["waits.lua"] = [[
      for name in ct.run { quick, slow, num_threads = 2, order = "completed" } do
        print("ready " .. name)
        io.stdout:flush()
      end]],
    ["begins.lua"] = [[
      local call = ct.run { slow, num_threads = 2 }
      print "ready to create"
      io.stdout:flush()
      for _ in call do end]],
  }
  local head = [[
    local ct = require "cleantest"
    local function on(name, testlet)
      return ct.lxd { name = name, image = "busybox-amd64" } (testlet)
    end
    local quick = on("quick", function() end)
    local slow = on("slow", ct.command { "sleep", "600" })
    local failing = on("failing", ct.command { "false" })
  ]]

  -- Watches a process to its end; what is left at once, and whether it goes in time.
  local function watch(one)
    local result = one:close()
    result.left = lxd.of_process(one.pid)
    result.gone = process.within(REAPED, function() return #lxd.of_process(one.pid) == 0 end)
    return result
  end

  local function signalled(command, suite, name, group)
    local one = process.start(command .. " " .. folder:at(suite))
    one:await "ready"
    return { one = one, signal = name, group = group }
  end

  lazy_setup(function()
    for name, text in pairs(suites) do
      folder:write(name, head .. text .. "\nlocal _ = quick, slow, failing\n")
    end
    local plain = {
      raises = process.start("exec cleantest " .. folder:at "raises.lua"),
      forgets = process.start("exec cleantest " .. folder:at "forgets.lua"),
      ["forgets-plain"] = process.start("exec lua5.4 " .. folder:at "forgets.lua"),
      exits = process.start("exec cleantest " .. folder:at "exits.lua"),
    }
    local to_signal = {
      int = signalled("exec cleantest", "waits.lua", "INT"),
      term = signalled("exec cleantest", "waits.lua", "TERM"),
      hup = signalled("exec cleantest", "waits.lua", "HUP"),
    }
    for name, one in pairs(plain) do ended[name] = watch(one) end
    for name, each in pairs(to_signal) do
      each.one:kill(each.signal)
      ended[name] = watch(each.one)
    end
    to_signal = {
      kill = signalled("exec cleantest", "waits.lua", "KILL"),
      ["kill-early"] = signalled("exec cleantest", "begins.lua", "KILL"),
      ["kill-group"] = signalled("exec cleantest", "waits.lua", "KILL", true),
      ["term-plain"] = signalled("exec lua5.4", "waits.lua", "TERM"),
      ["int-plain"] = signalled("exec lua5.4", "waits.lua", "INT"),
      ["int-twice"] = signalled("exec cleantest", "waits.lua", "INT"),
    }
    for _, each in pairs(to_signal) do each.one:kill(each.signal, each.group) end
    to_signal["int-twice"].one:kill "INT"
    for name, each in pairs(to_signal) do ended[name] = watch(each.one) end
  end)

  lazy_teardown(function() folder:remove() end)

  it("by an error of the suite leaves nothing, and says what and where", function()
    assert.equal(1, ended.raises.status)
    assert.matches("raises%.lua:%d+: the suite's own", ended.raises.stderr)
    assert.same({}, ended.raises.left)
  end)

  it("by os.exit in the suite leaves nothing", function()
    assert.equal(1, ended.exits.status)
    assert.same({}, ended.exits.left)
  end)

  it("with a call that it never iterated has run it, and counted it", function()
    assert.equal(1, ended.forgets.status)
    assert.matches("0 passed, 1 failed", ended.forgets.stdout)
    assert.same({}, ended.forgets.left)
    assert.matches("failing%-busybox%-amd64", ended["forgets-plain"].stderr)
    assert.same({}, ended["forgets-plain"].left)
  end)

  it("by SIGINT, SIGTERM or SIGHUP leaves nothing", function()
    for name, status in pairs { int = 130, term = 143, hup = 129 } do
      assert.equal(status, ended[name].status, name .. ended[name].stdout .. ended[name].stderr)
      assert.matches("interrupted by SIG" .. name:upper(), ended[name].stderr)
      assert.same({}, ended[name].left)
    end
  end)

  it("by SIGINT leaves nothing without the command, too", function()
    assert.equal(1, ended["int-plain"].status)
    assert.same({}, ended["int-plain"].left)
  end)

  it("by a signal it can't catch leaves nothing 15 s later", function()
    for _, name in ipairs { "kill", "kill-group", "kill-early", "term-plain" } do
      assert.is_true(ended[name].gone, name)
      assert.is_not_nil(ended[name].signal, name)
    end
    assert.is_true(ended["int-twice"].gone)
  end)
end)

describe("preserve", function()
  local kept, lines

  lazy_setup(function()
    local folder <close> = new_folder { ["suite.lua"] = [[
      local ct = require "cleantest"
      local function on(name, preserve, testlet)
        return ct.lxd { name = name, preserve = preserve, image = "busybox-amd64" } (testlet)
      end
      for _, result in ct.run {
        on("always", true, ct.script "echo here >/proof"),
        on("failed", "on_failure", ct.command { "false" }),
        on("passed", "on_failure", ct.command { "true" }),
        on("never", false, ct.command { "false" }),
        num_threads = 4,
      } do print("made", result.testlet, result.instance) end
    ]] }
    lines = process.run { "cleantest", folder:at "suite.lua" }
    kept = {}
    for testlet, name in lines.stdout:gmatch "made\t(%w+)\t(%S+)" do
      kept[testlet] = { name = name, there = lxd.instance(name) }
    end
    process.run { "cleantest", "clean" }
    for _, each in pairs(kept) do each.after_cleaning = lxd.instance(each.name) ~= nil end
    local command = lines.stdout:match "(%S+ exec always%-%S+ %-%- sh)"
    if command then
      local result = process.run(command .. " -c 'cat /proof'")
      kept.always.seen = result.stdout
    end
    for _, each in pairs(kept) do
      if each.there then pcall(lxd.delete, each.name) end
    end
  end)

  it("= true keeps the instance, and nobody cleans it up", function()
    assert.equal("Running", kept.always.there.status)
    assert.is_false(kept.always.there.ephemeral)
    assert.is_true(kept.always.after_cleaning)
  end)

  it("says how to get in, and that works", function()
    assert.matches("exec always%-%S+ %-%- sh", lines.stdout)
    assert.matches("exec failed%-%S+ %-%- sh", lines.stdout)
    assert.equal("here\n", kept.always.seen)
  end)

  it("says how to get in where LXD's socket has a name of its own", function()
    local folder <close> = new_folder()
    process.output { "ln", "-s", lxd.folder .. "/unix.socket", folder:at "other.sock" }
    folder:write("suite.lua", ([[
      local ct = require "cleantest"
      ct.configure("lxd", { client = { endpoint = %q } })
      ct.lxd { name = "elsewhere", preserve = true, image = "busybox-amd64" } (
        ct.script "echo here >/proof")()
    ]]):format(folder:at "other.sock"))
    local said = process.run({ "cleantest", folder:at "suite.lua" }).stdout
    local command, name = said:match "(%S+ %S+ exec (elsewhere%-%S+) %-%- sh)"
    assert.is_string(command, said)
    local seen = process.run(command .. " -c 'cat /proof'", { env = { LXD_DIR = false } }).stdout
    lxd.delete(name)
    assert.equal("here\n", seen)
  end)

  it("= 'on_failure' keeps the instance of a failure only", function()
    assert.is_not_nil(kept.failed.there)
    assert.is_true(kept.failed.after_cleaning)
    assert.is_nil(kept.passed.there)
  end)

  it("= false keeps nothing, not even a failure's", function()
    assert.is_nil(kept.never.there)
  end)

  it("does not change the status", function()
    assert.equal(1, lines.status)
    assert.matches("2 passed, 2 failed", lines.stdout)
  end)
end)

describe("cleantest clean", function()
  local mark = "spec-clean-" .. lxd.own_pid()

  -- An instance that never runs, with a lease as a live one has it, but for some values.
  local function make(name, lease, changes)
    local words = { "init", results.image, mark .. "-" .. name }
    for key, value in pairs(lease) do
      words[#words + 1] = "--config"
      words[#words + 1] = ("user.cleantest.%s=%s"):format(key, changes[key] or value)
    end
    lxd.client(table.unpack(words))
    return mark .. "-" .. name
  end

  local function lease_of(instance)
    local lease = {}
    for key, value in pairs(instance.config) do
      local field = key:match "^user%.cleantest%.(.*)$"
      if field then lease[field] = value end
    end
    return lease
  end

  -- The id of a process that is over.
  local function dead_pid()
    return process.output("echo $$")
  end

  it("deletes what dead runs left, and never touches anything else", function()
    local lease
    for _, result in results.decorate(function() end)() do
      lease = lease_of(assert(lxd.instance(result.instance)))
    end
    assert.equal(tostring(lxd.own_pid()), lease.pid)
    local dead = make("dead", lease, { pid = dead_pid() })
    local reused = make("reused", lease, { started = "1" }) -- another process has that pid now
    local expired = make("expired", lease, { host = "elsewhere/pid:[1]", expiry = "1000000000" })
    local others = {
      make("alive", lease, {}),
      make("elsewhere", lease, { host = "elsewhere/pid:[1]", pid = dead_pid() }),
      make("foreign", {}, {}),
    }
    local result = process.run { "cleantest", "clean" }
    local left = {}
    for _, name in ipairs { dead, reused, expired } do left[name] = lxd.instance(name) ~= nil end
    local missing = {}
    for _, name in ipairs(others) do
      if lxd.instance(name) then lxd.delete(name) else missing[#missing + 1] = name end
    end
    for name, there in pairs(left) do
      if there then lxd.delete(name) end
      assert.is_false(there, name)
      assert.matches("deleted  " .. name:gsub("%-", "%%-"), result.stdout)
    end
    assert.same({}, missing)
    assert.equal(0, result.status, result.stderr)
    for _, name in ipairs(others) do assert.is_nil(result.stdout:find(name, 1, true)) end
  end)

  it("leaves a living run alone where /proc hides its process", function()
    local lease
    for _, result in results.decorate(function() end)() do
      lease = lease_of(assert(lxd.instance(result.instance)))
    end
    local alive = make("hidden", lease, {})
    local group = process.output { "stat", "-c", "%g", lxd.folder .. "/unix.socket" }
    local hidden = "mount -t proc -o hidepid=2 proc /proc && exec "
      .. process.quote { "setpriv", "--reuid=65534", "--regid=65534", "--groups=" .. group,
        "cleantest", "clean" }
    local result = process.run({ "unshare", "--mount", "sh", "-c", hidden },
      { env = { LXD_DIR = lxd.folder } })
    local left = lxd.instance(alive) ~= nil
    if left then lxd.delete(alive) end
    assert.equal(0, result.status, result.stderr)
    assert.is_true(left, result.stdout)
  end)

  it("says so when there is nothing to do", function()
    local result = process.run { "cleantest", "clean" }
    assert.equal(0, result.status, result.stderr)
    assert.matches("%d+ deleted\n$", result.stdout)
  end)

  it("refuses what it does not know", function()
    local result = process.run { "cleantest", "clean", "--everything" }
    assert.equal(2, result.status)
    assert.matches("%-%-everything", result.stderr)
  end)
end)
