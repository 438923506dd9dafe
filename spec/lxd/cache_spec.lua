-- SPDX-License-Identifier: MIT
--
-- What is kept of prepared environments, and `cleantest cache`, which shows and deletes them. All
-- in a project of LXD's of its own, where nobody else's are.

local core = require "cleantest.core"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"
local results = require "spec.support.results"
local settings_of = require("cleantest.config").settings

local project <const> = "spec-cache-" .. lxd.own_pid()
local DAY <const> = 86400

local function client(...)
  return lxd.client("--project", project, ...)
end

local function command(...)
  return process.run { "cleantest", "cache", ... }
end

local function cache(action, ...)
  return command(action, "--project", project, ...)
end

local function bases(limits)
  local settings = { project = project }
  for key, value in pairs(limits or {}) do settings[key] = value end
  local list = assert(core.bases(settings))
  table.sort(list, function(one, other) return one.instance < other.instance end)
  return list
end

local function names(list)
  local found = {}
  for _, base in ipairs(list or bases()) do found[#found + 1] = base.instance end
  table.sort(found)
  return found
end

local function find(label)
  for _, base in ipairs(bases()) do
    if base.label == label then return base end
  end
end

-- Runs a testlet behind hooks of one run step each; a list of name and text in turn.
local function run(hooks, limits)
  local config = ct.configure("lxd", { client = { project = project }, cache = limits or {} })
  for i = 1, #hooks, 2 do
    config:register_hook(ct.hook.start_env { name = hooks[i], run = ct.script(hooks[i + 1]) })
  end
  local result = results.only(results.decorate(ct.command { "true" })())
  assert.equal("pass", result.status, tostring(result))
  config:reset()
  return result
end

local function set_back(base, field, seconds)
  client("config", "set", base.instance, "user.cleantest." .. field,
    tostring(os.time() - seconds))
end

lazy_setup(function()
  client("project", "create", project, "--config", "features.images=false",
    "--config", "features.profiles=false")
end)

lazy_teardown(function()
  for _, base in ipairs(bases()) do client("delete", "--force", base.instance) end
  lxd.client("project", "delete", project)
end)

describe("cleantest cache, where there is none,", function()
  it("says so", function()
    assert.equal("no prepared environments\n", command("--project", project).stdout)
    for action, said in pairs { list = "no prepared environments\n",
      explain = "no prepared environments\n", prune = "0 deleted\n" } do
      local result = cache(action)
      assert.equal(0, result.status, result.stderr)
      assert.equal(said, result.stdout)
    end
  end)
end)

describe("cleantest cache", function()
  local first, second, listed
  local long <const> = "a-hook-with-a-name-that-is-long-enough-to-fill-a-line"

  lazy_setup(function()
    first = run { long, "echo 0 >/base", "tools", "echo 1 >/tools" }
    second = run { long, "echo 0 >/base", "tools", "echo 2 >/tools" }
    listed = cache "list"
  end)

  lazy_teardown(function() cache("prune", "--all") end)

  it("lists each in a row: name, state, size, age, last use, and what it is", function()
    assert.equal(0, listed.status, listed.stderr)
    assert.matches("^NAME +STATE +SIZE +BUILT +USED +WHAT\n", listed.stdout)
    local row = listed.stdout:match("\n(" .. first.base:gsub("%-", "%%-") .. "[^\n]*)")
    assert.matches("^%S+  ready +[%d.]+%a+ +%d+%a+ +%d+%a+  busybox%-amd64 %+ a%S+ %+ tools$", row)
    assert.matches("\n4 prepared environments, [%d.]+%a+\n$", listed.stdout)
    local _, rows = listed.stdout:gsub("\nct%-base%-%x+ ", "")
    assert.equal(4, rows)
  end)

  it("lists where nothing else is asked for", function()
    assert.matches("\n4 prepared environments, ", command("--project", project).stdout)
  end)

  it("fits a terminal", function()
    local said = process.run({ "cleantest", "cache", "--project", project }, { pty = true }).stdout
    local longest = 0
    for line in said:gmatch "[^\r\n]+" do longest = math.max(longest, #line) end
    assert.is_true(longest <= 100, said)
    assert.matches("a%-hook%-with", said)
  end)

  it("explains why each was built, and of what", function()
    local said = cache("explain", first.base).stdout
    assert.matches("\n  why +there was none of busybox%-amd64 %+ a%S+ %+ tools\n", said)
    assert.matches("\n  input +image +%x+\n", said)
    assert.matches("\n  input +hook tools, step 1 %(%C+%) +%x+\n$", said)
    assert.matches("\n  built +%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d ", said)
  end)

  it("explains which input has changed", function()
    assert.is_true(second.base_built)
    assert.not_equal(first.base, second.base)
    local said = cache("explain", second.base).stdout
    local why = ("why      not as in %s: hook tools, step 1"):format(first.base)
    assert.is_truthy(said:find(why, 1, true), said)
  end)

  it("explains all, and those whose names begin alike", function()
    local all = cache("explain").stdout
    for _, name in ipairs(names()) do assert.is_truthy(all:find(name, 1, true)) end
    for _, name in ipairs { first.base:sub(1, 16), first.base:sub(9, 20) } do
      local said = cache("explain", name).stdout
      assert.matches("^" .. first.base:gsub("%-", "%%-"), said)
      assert.is_nil(said:find("\nct-base-", 1, true))
    end
  end)

  it("ends with 1 for a name that nothing has", function()
    local result = cache("explain", "ct-base-nothing")
    assert.equal(1, result.status)
    assert.equal("cleantest: there is no prepared environment 'ct-base-nothing'\n", result.stderr)
  end)

  it("ends with 2 when LXD can't be reached, or has no such project", function()
    for _, action in ipairs { "list", "explain", "prune" } do
      local result = command(action, "--endpoint", "/nowhere/unix.socket")
      assert.equal(2, result.status)
      assert.matches("^cleantest: .*/nowhere/unix%.socket", result.stderr)
    end
    assert.equal(2, command("list", "--project", project .. "-none").status)
  end)

  it("refuses what it does not know, and says how it is used", function()
    for said, words in pairs {
      ["'--everything'"] = { "--everything" }, ["'forget'"] = { "forget" },
      ["'--all'"] = { "list", "--all" }, ["too many"] = { "explain", "one", "two" },
      ["--age must be a time with its unit, like '12h' or '7d', not 'soon'"] =
        { "prune", "--age", "soon" },
      ["not '0'"] = { "prune", "--age", "0" },
      ["not '7'"] = { "prune", "--age", "7" },
      ["--count must be a positive integer, not '0'"] = { "prune", "--count", "0" },
      ["not '1.5'"] = { "prune", "--count", "1.5" },
      ["--size must be a number of bytes, or like '2GiB', not '20GB'"] =
        { "prune", "--size", "20GB" },
      ["not 'much'"] = { "prune", "--size", "much" },
    } do
      local result = command(table.unpack(words))
      assert.equal(2, result.status, said)
      assert.is_truthy(result.stderr:find(said, 1, true), result.stderr)
      local of = #words > 1 and " " .. words[1] or ""
      assert.matches("Usage: cleantest cache" .. of, result.stderr)
    end
  end)
end)

describe("pruning", function()
  before_each(function() cache("prune", "--all") end)

  it("deletes those that were not used for the longest time, by count", function()
    local old = run { "one", "echo 1 >/f" }.base
    local recent = run { "two", "echo 2 >/f" }.base
    set_back(find "busybox-amd64", "used", 2 * DAY)
    set_back(find "busybox-amd64 + one", "used", DAY)
    local result = cache("prune", "--count", "1")
    assert.equal(0, result.status, result.stderr)
    assert.same({ recent }, names())
    assert.matches("deleted  " .. old:gsub("%-", "%%-") .. "\n", result.stdout)
    assert.matches("\n2 deleted\n$", result.stdout)
  end)

  it("deletes by size, and by age", function()
    local kept = run { "one", "head -c 2000000 /dev/urandom >/f" }.base
    local large = find "busybox-amd64 + one"
    assert.equal("0 deleted\n", cache("prune", "--size", "1GiB").stdout)
    set_back(find "busybox-amd64", "built", 3 * DAY)
    assert.matches("1 deleted\n$", cache("prune", "--age", "2d").stdout)
    assert.same({ kept }, names())
    assert.matches("1 deleted\n$", cache("prune", "--size", tostring(large.size - 1)).stdout)
    assert.same({}, names())
  end)

  it("deletes what was started since, which is never used", function()
    local base = run { "one", "echo 1 >/f" }.base
    client("start", base)
    client("stop", "--force", base)
    assert.matches(base:gsub("%-", "%%-") .. "  spoiled", cache("list").stdout)
    assert.matches("deleted  " .. base:gsub("%-", "%%-"), cache("prune").stdout)
    assert.is_not_nil(find "busybox-amd64")
  end)

  it("--all deletes all but what is being built", function()
    local base = run({ "one", "echo 1 >/f" }).base
    local words = { "init", results.image, "ct-base-" .. ("0"):rep(24) }
    local lease = {
      base = ("0"):rep(64), run = "specspecspec", pid = 1, started = 1,
      host = "elsewhere/pid:[1]", expiry = os.time() + 1000,
    }
    for key, value in pairs(lease) do
      words[#words + 1] = "--config"
      words[#words + 1] = ("user.cleantest.%s=%s"):format(key, value)
    end
    client(table.unpack(words))
    local result = cache("prune", "--all")
    local listed = cache("list").stdout
    client("delete", words[3])
    assert.equal(0, result.status, result.stderr)
    assert.matches("deleted  " .. base:gsub("%-", "%%-"), result.stdout)
    assert.matches(words[3]:gsub("%-", "%%-") .. "  building +%-", listed)
    assert.matches("\n1 prepared environment, 0B\n$", listed)
  end)
end)

describe("a suite's limits", function()
  before_each(function() cache("prune", "--all") end)

  it("on the count hold after each build", function()
    run { "one", "echo 1 >/f" }
    set_back(find "busybox-amd64", "used", 2 * DAY)
    set_back(find "busybox-amd64 + one", "used", DAY)
    local last = run({ "two", "echo 2 >/f" }, { count = 1 })
    assert.is_true(last.base_built)
    assert.same({ last.base }, names())
  end)

  it("on the age have expired ones built again, once", function()
    local hooks = { "one", "echo 1 >/f" }
    local first = run(hooks)
    assert.is_false(run(hooks).base_built)
    set_back(find "busybox-amd64 + one", "built", 3600)
    assert.is_false(run(hooks, { age = "2h" }).base_built)
    local again = run(hooks, { age = "30min" })
    assert.is_true(again.base_built)
    assert.equal(first.base, again.base)
    assert.matches("why +the one there was had expired\n", cache("explain", again.base).stdout)
    assert.is_false(run(hooks, { age = "30min" }).base_built)
  end)

  it("are seven days where nothing is said", function()
    local hooks = { "one", "echo 1 >/f" }
    run(hooks)
    set_back(find "busybox-amd64 + one", "built", 7 * DAY - 3600)
    assert.is_false(run(hooks).base_built)
    set_back(find "busybox-amd64 + one", "built", 7 * DAY + 3600)
    assert.is_true(run(hooks).base_built)
  end)
end)

describe("ct.configure's cache", function()
  local function settings(value)
    return settings_of(ct.configure("lxd", { cache = value }))
  end

  it("takes seconds and bytes, or words for them", function()
    assert.same({ base_age = 90, base_count = 3, base_size = 4096 },
      settings { age = "90s", count = 3, size = 4096 })
    assert.same({ base_age = 1.5 * DAY, base_size = 20 << 30 },
      settings { age = "1.5d", size = "20GiB" })
    assert.same({ base_age = 12 * 3600 }, settings { age = "12h" })
  end)

  it("is forgotten by reset, and replaced by the next", function()
    settings { age = "1d", count = 2 }
    assert.same({ base_count = 4 }, settings { count = 4 })
    ct.configure("lxd"):reset()
    assert.same({}, settings_of(ct.configure "lxd"))
  end)

  it("refuses anything else by name, with the suite's line", function()
    local size = "a number of bytes above 0, or a string like '512MiB' or '2GiB'"
    local age = "a time with its unit, like '90s', '12h' or '7d'"
    for _, case in ipairs {
      { { keep = 3 },
        "ct.configure: cache: unknown option 'keep'; the options are: age, count, size" },
      { { size = "20GB" }, ("cache: size must be %s, not '20GB'"):format(size) },
      { { size = 0 }, ("cache: size must be %s, not 0"):format(size) },
      { { age = "1w" }, ("cache: age must be %s, not '1w'"):format(age) },
      { { age = -1 }, ("cache: age must be %s, not -1"):format(age) },
      { { age = 0 / 0 }, "cache: age must be" },
      { { count = 0 }, "cache: count must be a positive integer, not 0" },
      { "7d", "ct.configure: cache: the options must be a table, not '7d'" },
    } do
      local ok, message = pcall(settings, case[1])
      assert.is_false(ok)
      assert.is_truthy(message:find(case[2], 1, true), message)
      assert.matches("cache_spec%.lua:%d+: ", message)
    end
  end)
end)

describe("core.bases", function()
  it("has all that is known of each", function()
    local result = run { "tools", "echo 1 >/tools" }
    local base = find "busybox-amd64 + tools"
    assert.equal(result.base, base.instance)
    assert.equal("ct-base-" .. base.key:sub(1, 24), base.instance)
    assert.equal(64, #base.key)
    assert.equal("ready", base.state)
    assert.equal("there was none of busybox-amd64 + tools", base.reason)
    assert.equal("integer", math.type(base.built))
    assert.is_true(base.used >= base.built and base.size > 0)
    assert.matches("\nhook tools, step 1 [^\t]*\t%x+\n$", base.inputs)
  end)

  it("returns nil, a message and a name when it fails", function()
    local list, message, name = core.bases { endpoint = "/nowhere/unix.socket" }
    assert.is_nil(list)
    assert.matches("/nowhere/unix%.socket", message)
    assert.equal("CONNECT", name)
    assert.has_error(function() core.bases { base_count = "many" } end)
  end)
end)
