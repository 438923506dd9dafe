-- SPDX-License-Identifier: MIT
--
-- What is remembered of earlier runs (--lf, --ff), what ends a run early, and what runs more than
-- once, by chance, or in parts.

local cjson = require "cjson"
local cleantest = require "spec.unit.support.command"
local cli = require "cleantest.command.cli"
local new_folder = require "spec.support.folder"
local new_simulated = require "spec.support.simulated"
local process = require "spec.support.process"

local HEAD <const> = [[
  local function on(name, options, testlet)
    options.name, options.image = name, options.image or "here"
    return ct.lxd(options)(testlet or function() end)
  end
  local function bad() os.exit(1) end
]]

-- A project: a folder that stays from run to run, and its state beside it.
local function new_project()
  local folder, state = new_folder { [".git/HEAD"] = "" }, new_folder()
  local self = { folder = folder, state = state:at "durations" }
  function self.run(suite, options)
    options = options or {}
    options.keep = folder
    local getenv = os.getenv
    os.getenv = function(name) -- luacheck: ignore 122
      if name == "CLEANTEST_STATE" then return self.state end
      return getenv(name)
    end
    local files = type(suite) == "table" and suite or { ["suite.lua"] = suite }
    for name, text in pairs(files) do files[name] = HEAD .. text end
    local ok, got = pcall(cleantest, files, options)
    os.getenv = getenv -- luacheck: ignore 122
    assert(ok, got)
    return got
  end
  return setmetatable(self, { __close = function()
    folder:remove()
    state:remove()
  end })
end

-- A project whose testlets go to a simulated LXD.
local function simulated_project(simulated, testlets, options)
  return new_folder { [".git/HEAD"] = "", ["suite.lua"] = ([[
    local ct = require "cleantest"
    ct.configure("lxd", { client = { endpoint = "%s" } })
    local function on(name, ...)
      return ct.lxd { name = name, image = "simulated" } (ct.command { ... })
    end
    return { %s }, { %s }]]):format(simulated.socket, testlets, options) }
end

local MIXED <const> = [[return {
  on("fine", {}), on("bad", {}, bad), on("worse", {}, bad), on("skipped", { skip = "no" }),
  on("known", { xfail = "bug 7" }, bad),
}]]

describe("--lf", function()
  it("runs what failed, and nothing else, until it passes", function()
    local project <close> = new_project()
    assert.equal(4, #project.run(MIXED).ids)
    local got = project.run(MIXED, { last_failed = true })
    assert.same({ "bad@here", "worse@here" }, got.ids)
    assert.matches("2 of 5 selected: 0 passed, 2 failed", got.stdout)
    local mended = MIXED:gsub('on%("bad", {}, bad%)', 'on("bad", {})')
    assert.same({ "bad@here", "worse@here" }, project.run(mended, { last_failed = true }).ids)
    assert.same({ "worse@here" }, project.run(mended, { last_failed = true }).ids)
    got = project.run([[return { on("fine", {}) }]], { last_failed = true })
    assert.equal(3, got.status)
    assert.matches("nothing ran: 0 of 1 selected", got.stdout)
  end)

  it("runs what is new, and in a run of a part changes nothing of the others", function()
    local project <close> = new_project()
    project.run(MIXED)
    project.run(MIXED, { keyword = "fine" })
    local more = MIXED:gsub("return {", 'return { on("new", {}),')
    local got = project.run(more, { last_failed = true })
    assert.same({ "new@here", "bad@here", "worse@here" }, got.ids)
  end)

  it("holds for suites that loop by themselves", function()
    local project <close> = new_project()
    local suite = [[on("a", {})():all() on("b", {}, bad)():all()]]
    project.run(suite)
    assert.same({ "b@here" }, project.run(suite, { last_failed = true }).ids)
  end)

  it("has each project's own results, and none where there is to be no state", function()
    local one <close> = new_project()
    local other <close> = new_project()
    other.state = one.state
    one.run(MIXED)
    assert.equal(4, #other.run(MIXED, { last_failed = true }).ids)
    one.state = ""
    assert.equal(4, #one.run(MIXED, { last_failed = true }).ids)
  end)

  it("does not believe a file that is none of ours, and leaves it alone", function()
    local project <close> = new_project()
    project.run(MIXED)
    local path = process.output { "sh", "-c", 'ls "$0".results/*', project.state }
    process.output { "sh", "-c", 'echo "my diary" >"$0"', path }
    assert.equal(4, #project.run(MIXED, { last_failed = true }).ids)
    assert.equal("my diary", process.output { "cat", path })
  end)

  local function due(folder, env)
    return process.run({ "cleantest", "--list", "--lf", "suite.lua" },
      { cwd = folder.path, env = env }).stdout
  end

  it("knows what was cut short, right after a kill -9", function()
    local simulated <close> = new_simulated()
    local folder <close> = simulated_project(simulated,
      'on("fine", "true"), on("cut", "sleep", "100"), on("waits", "true")', "parallel = false")
    local env = { CLEANTEST_STATE = folder:at "state", LXD_DIR = false }
    local running <close> = process.start({ "cleantest", "suite.lua" },
      { cwd = folder.path, env = env })
    running:await "pass   fine"
    running:kill "KILL"
    assert.equal("suite.lua::cut@simulated\nsuite.lua::waits@simulated\n", due(folder, env))
  end)

  it("knows what was interrupted, in a pool as elsewhere", function()
    local simulated <close> = new_simulated()
    local folder <close> = simulated_project(simulated,
      'on("fine", "true"), on("a", "sleep", "100"), on("b", "sleep", "100")', "num_threads = 3")
    local env = { CLEANTEST_STATE = folder:at "state", LXD_DIR = false }
    local running <close> = process.start({ "cleantest", "suite.lua" },
      { cwd = folder.path, env = env })
    running:await "pass   fine"
    running:kill "INT"
    local ran = running:close()
    assert.equal(130, ran.status)
    assert.matches("interrupted: 1 passed, 0 failed, 0 errors, 0 skipped, 2 cancelled", ran.stdout)
    assert.equal("suite.lua::a@simulated\nsuite.lua::b@simulated\n", due(folder, env))
  end)

  it("knows what --global-timeout has ended", function()
    local simulated <close> = new_simulated()
    local folder <close> = simulated_project(simulated,
      'on("a", "sleep", "100"), on("b", "true"), on("c", "sleep", "100")', "num_threads = 3")
    local env = { CLEANTEST_STATE = folder:at "state", LXD_DIR = false }
    local ran = process.run({ "cleantest", "--global-timeout", "1", "suite.lua" },
      { cwd = folder.path, env = env })
    assert.equal(1, ran.status, ran.stdout)
    assert.matches("note   stopped after 1 s %(%-%-global%-timeout%); nothing more", ran.stdout)
    assert.matches("1 passed, 0 failed, 0 errors, 0 skipped, 2 cancelled", ran.stdout)
    assert.equal("suite.lua::a@simulated\nsuite.lua::c@simulated\n", due(folder, env))
  end)
end)

describe("--ff", function()
  it("runs what failed first, then the others", function()
    local project <close> = new_project()
    project.run(MIXED)
    local got = project.run(MIXED, { failed_first = true })
    assert.same({ "bad@here", "worse@here", "fine@here", "known@here" }, got.ids)
    local suites = { ["a_suite.lua"] = [[on("a", {})():all()]],
      ["b_suite.lua"] = [[on("b", {}, bad)():all()]] }
    project.run(suites, { suites = { "." } })
    suites = { ["a_suite.lua"] = [[on("a", {})():all()]],
      ["b_suite.lua"] = [[on("b", {}, bad)():all()]] }
    assert.same({ "b@here", "a@here" },
      project.run(suites, { suites = { "a_suite.lua", "b_suite.lua" }, failed_first = true }).ids)
  end)

  it("beats the durations that are known, by which the longest would be first", function()
    local simulated <close> = new_simulated()
    local folder <close> = simulated_project(simulated,
      'on("a", "sleep", "0.1"), on("b", "sleep", "0.2"), on("c", "sleep", "0.4")',
      "num_threads = 2")
    local env = { CLEANTEST_STATE = folder:at "state", LXD_DIR = false }
    local function first_two(...)
      local numbers = {}
      local out = process.output({ "cleantest", "--report", "json", "suite.lua", ... },
        { cwd = folder.path, env = env })
      for line in out:gmatch "[^\n]+" do
        local event = cjson.decode(line)
        local number = event.event == "phase" and event.number
        if number and number ~= numbers[1] then numbers[#numbers + 1] = number end
        if #numbers == 2 then break end
      end
      table.sort(numbers)
      return numbers
    end
    assert.same({ 1, 2 }, first_two())
    assert.same({ 2, 3 }, first_two())
    assert.same({ 1, 2 }, first_two "--ff")
  end)

  it("is not for --lf", function()
    local _, message = cli.parse { "--lf", "--ff", "a.lua" }
    assert.matches("give %-%-lf or %-%-ff, not both", message)
  end)
end)

local function run(suite, options)
  return cleantest({ ["suite.lua"] = HEAD .. suite }, options)
end

local THREE_BAD <const> = [[return {
  on("a", {}), on("b", {}, bad), on("c", {}), on("d", {}, bad), on("e", {}, bad), on("f", {}) }]]

-- The order in which results came, as the plain report has it.
local function ran(got)
  local names = {}
  for name in got.stdout:gmatch "%f[%w]%l+ +(%l)%-here" do names[#names + 1] = name end
  return table.concat(names)
end

describe("a run is stopped", function()
  it("by -x after the first failure, by --max-fail after some", function()
    local got = run(THREE_BAD, { fail_fast = true })
    assert.equal(1, got.status)
    assert.matches("note   stopped after 1 failure; nothing more is started", got.stdout)
    assert.matches("1 passed, 1 failed, 0 errors, 0 skipped, 4 cancelled", got.stdout)
    got = run(THREE_BAD, { max_fail = 2 })
    assert.matches("stopped after 2 failures", got.stdout)
    assert.matches("2 passed, 2 failed, 0 errors, 0 skipped, 2 cancelled", got.stdout)
    assert.matches("3 passed, 3 failed", run(THREE_BAD, { max_fail = 4 }).stdout)
    local _, message = cli.parse { "-x", "--max-fail", "2", "a.lua" }
    assert.matches("give %-x or %-%-max%-fail, not both", message)
  end)

  it("in suites that loop, whose later calls and suites are not started", function()
    local got = cleantest({
      ["a_suite.lua"] = HEAD .. [[
        on("a", {}, bad)():all()
        for _, result in on("b", {})() do print(result.error) end]],
      ["b_suite.lua"] = HEAD .. [[on("c", {})():all()]],
      ["c_suite.lua"] = HEAD .. [[return { on("d", {}) }]],
    }, { suites = { "." }, fail_fast = true })
    assert.same({ "a@here" }, got.ids)
    assert.equal(1, got.status)
    assert.matches("0 passed, 1 failed, 0 errors, 0 skipped, 1 cancelled", got.stdout)
    assert.equal(0, run([[on("c", {})():all()]]).status) -- and the next run is none of its business
  end)

  it("by --global-timeout, which is no success", function()
    local got = run((THREE_BAD:gsub(", bad", "")), { global_timeout = 0.01 })
    assert.equal(1, got.status)
    assert.matches("stopped after 0%.01 s %(%-%-global%-timeout%)", got.stdout)
    assert.equal(0, run([[return { on("a", {}) }]], { global_timeout = 600 }).status)
  end)
end)

describe("--timeout", function()
  it("is the most that a testlet may take, and what it may where it says nothing", function()
    local suite = [[return { on("a", {}), on("b", { timeout = 5 }), on("c", { timeout = 90 }) }]]
    local function timeouts(seconds)
      local list = {}
      for i, job in ipairs(run(suite, { timeout = seconds }).jobs) do list[i] = job.timeout or 0 end
      return list
    end
    assert.same({ 30, 5, 30 }, timeouts(30))
    assert.same({ 0, 5, 90 }, timeouts())
    assert.equal(90, cli.parse({ "--timeout", "90", "a.lua" }).options.timeout)
    assert.equal(300, cli.parse({ "--timeout=5m", "a.lua" }).options.timeout)
    assert.matches("%-%-timeout must be a number of seconds above 0, or a time like '90s'",
      select(2, cli.parse { "--timeout", "soon", "a.lua" }))
  end)
end)

describe("--shuffle", function()
  local suite <const> = [[
    local list = {}
    for letter in ("abcdefgh"):gmatch "." do list[#list + 1] = on(letter, {}) end
    return list]]

  it("runs in an order that its seed repeats", function()
    local project <close> = new_project()
    local first = project.run(suite, { shuffle = 7 })
    assert.matches("note   shuffled; to have this order again: %-%-shuffle=7\n", first.stdout)
    assert.same(first.ids, project.run(suite, { shuffle = 7 }).ids)
    assert.is_not.same(first.ids, project.run(suite, { shuffle = 8 }).ids)
    assert.equal(8, #first.ids)
    assert.is_not.equal("abcdefgh", ran(first))
  end)

  it("chooses a seed, where none is given", function()
    assert.equal("integer", math.type(cli.parse({ "--shuffle", "a.lua" }).options.shuffle))
    assert.equal(12, cli.parse({ "--shuffle=12", "a.lua" }).options.shuffle)
    assert.matches("%-%-shuffle must be a number", select(2, cli.parse { "--shuffle=x", "a.lua" }))
  end)
end)

describe("everything", function()
  it("is run N times by --repeat, under ids of its own", function()
    local got = run([[return { on("a", {}), on("b", {}) }]], { ["repeat"] = 3 })
    assert.same({ "a@here", "b@here", "a@here~2", "b@here~2", "a@here~3", "b@here~3" }, got.ids)
    assert.matches("note   run 3 of 3", got.stdout)
    assert.matches("6 passed", got.stdout)
    got = run([[on("a", {})():all() on("b", {})():all()]], { ["repeat"] = 2, keyword = "a@" })
    assert.same({ "a@here", "a@here~2" }, got.ids)
  end)

  it("is run until something fails", function()
    local folder <close> = new_folder()
    local suite = ([[return { on("a", {}, function()
      local file = io.open("COUNT", "a+")
      file:write "x"
      file:seek "set"
      os.exit(#file:read "a" < 3 and 0 or 1)
    end) }]]):gsub("COUNT", folder:at "count")
    local got = run(suite, { until_fail = true })
    assert.equal(1, got.status)
    assert.matches("2 passed, 1 failed", got.stdout)
    got = run([[return { on("a", {}) }]], { until_fail = true, ["repeat"] = 2 })
    assert.matches("2 passed, 0 failed", got.stdout)
    assert.equal(3, run("return nil", { until_fail = true }).status)
  end)

  it("that failed once has failed, whatever came of it later", function()
    local project <close> = new_project()
    local mark = project.folder:at "mark"
    local suite = ([[return { on("a", {}, function()
      local there = io.open "MARK"
      io.open("MARK", "w"):close()
      os.exit(there and 0 or 1)
    end), on("b", {}) }]]):gsub("MARK", mark)
    project.run(suite, { ["repeat"] = 2 })
    assert.same({ "a@here" }, project.run(suite, { last_failed = true }).ids)
  end)
end)

describe("--shard", function()
  local suite <const> = [[
    local list = {}
    for i = 1, 40 do list[i] = on("t" .. i, {}) end
    return list]]

  local function listed(text)
    local shard = cli.parse({ "--shard", text, "a.lua" }).options.shard
    local list = {}
    local project <close> = new_project()
    local got = project.run(suite, { list = "ids", shard = shard })
    for id in got.stdout:gmatch "::([^\n]*)" do list[#list + 1] = id end
    return list
  end

  it("divides what there is: each job is in one part, and no part has nearly all", function()
    for _, how in ipairs { "", ":hash", ":slice", ":time" } do
      local seen = {}
      for part = 1, 3 do
        local list = listed(part .. "/3" .. how)
        assert.is_true(#list > 4 and #list < 25, how .. #list)
        for _, id in ipairs(list) do
          assert.is_nil(seen[id])
          seen[id] = true
        end
      end
      for i = 1, 40 do assert.is_true(seen["t" .. i .. "@here"]) end
    end
    assert.equal("t1@here", listed("1/4:slice")[1])
    assert.equal(10, #listed "1/4:slice")
  end)

  it("divides the time, as far as it is known", function()
    local shard = require "cleantest.select.shard"
    local jobs = {}
    for i = 1, 4 do jobs[i] = { id = "s::t" .. i } end
    local function seconds(id) return id == "s::t2" and 30 or 10 end
    local has = shard.filter(shard.parse "1/2:time", jobs, seconds)
    local list = {}
    for i, job in ipairs(jobs) do list[i] = has(job) end
    assert.same({ false, true, false, false }, list)
  end)

  it("refuses what is no part", function()
    for _, text in ipairs { "0/3", "4/3", "1", "1/3:x", "a/b", "1/0" } do
      assert.matches("%-%-shard must be M/N", select(2, cli.parse { "--shard", text, "a.lua" }))
    end
  end)
end)
