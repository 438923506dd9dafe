-- SPDX-License-Identifier: MIT
--
-- What the command says on a terminal, or in a log: what happened, where it went wrong, what is not
-- shown and where it is.

local cleantest = require "spec.unit.support.command"
local core = require "cleantest.core"
local nearest = require "cleantest.nearest"
local output = require "cleantest.report.output"
local recorded = require "spec.unit.support.recorded"
local surroundings = require "cleantest.report.surroundings"
local new_folder = require "spec.support.folder"

local function run(testlet, options)
  return cleantest({ ["suite.lua"] = ("ct.lxd { name = 't', image = 'here' } (%s)():all()")
    :format(testlet) }, options)
end

local function with_env(env, f)
  local getenv = os.getenv
  os.getenv = function(name) -- luacheck: ignore 122
    return env[name] or getenv(name)
  end
  local ok, problem = pcall(f)
  os.getenv = getenv -- luacheck: ignore 122
  assert(ok, problem)
end

describe("a failure", function()
  it("shows both of its streams, with their names", function()
    local got = run [[ct.script "echo cannot find foo.h; echo W: something old >&2; exit 4"]]
    assert.matches("\n       stdout:\n       | cannot find foo%.h\n       stderr:\n"
      .. "       | W: something old\n", got.stdout)
  end)

  it("that printed much says what is left out, and how to see it", function()
    local long = [[ct.script "seq 200; exit 1"]]
    local got = run(long)
    assert.matches("stdout, the last 20 of 200 lines; all of them: %-v, or %-%-artifacts DIR:\n"
      .. "       | 181\n", got.stdout)
    local folder <close> = new_folder()
    got = run(long, { artifacts = folder.path })
    assert.matches("all of them: " .. folder.path:gsub("%p", "%%%0") .. "/%S+:\n", got.stdout)
    got = run(long, { verbose = true })
    assert.matches("stdout:\n       | 1\n       | 2\n", got.stdout)
    with_env({ CI = "true" }, function() got = run(long) end)
    assert.matches("stdout:\n       | 1\n       | 2\n", got.stdout)
  end)
end)

describe("an output", function()
  it("is shown as a terminal would, after carriage returns and without colours", function()
    assert.same({ "(Reading database ... 100%", "done" },
      output.lines "(Reading database ... 5%\r(Reading database ... 100%\r\ndone\n\n")
    assert.same({ "xycdef" }, output.lines "abcdef\rxy")
    assert.same({ "xy" }, output.lines "abcdef\r\27[Kxy")
    assert.same({ "café" }, output.lines "cxxx\rcaf\u{e9}")
    assert.same({ "red ?" }, output.lines "\27[1;31mred\27[0m \7")
    assert.same({}, output.lines "\n \n")
  end)

  it("has its last lines counted among all", function()
    local lines, total = output.tail(("line\n"):rep(100000) .. "\nlast\n\n", 2)
    assert.same({ { "", "last" }, 100002 }, { lines, total })
    assert.same({ {}, 0 }, { output.tail(" \n", 2) })
    assert.same({ { "one" }, 1 }, { output.tail("one", 2) })
  end)

  it("of what passed is shown with -v", function()
    assert.is_nil(run([[ct.script "echo hello"]]).stdout:find "hello")
    assert.matches("pass   t%-here .*\n       stdout:\n       | hello\n",
      run([[ct.script "echo hello"]], { verbose = true }).stdout)
  end)
end)

describe("a result's line", function()
  local function line_of(like)
    local folder <close> = new_folder()
    recorded.write({ "plain:" .. folder:at "out" }, function()
      local events = require "cleantest.call.events"
      local job = recorded.job(1)
      events.emit("jobs", { job })
      events.emit("result", job, recorded.result(job, like))
    end)
    return folder:read "out":match "[^\n]*"
  end

  it("says where the time went, and what the machine was made from", function()
    local like = { status = "pass", exit_code = 0, duration = 1.4,
      phases = { prepare = 4.4, create = 0.3, ready = 0.5, testlet = 0.6 }, base = "ct-base-1",
      base_built = true }
    assert.equal("pass   t1-debian-13  (5.8 s: prepare 4.4, testlet 0.6; built)", line_of(like))
    like.phases.prepare = nil
    assert.equal("pass   t1-debian-13  (1.4 s: create 0.3, ready 0.5, testlet 0.6; prepared)",
      line_of(like))
    like.base = nil
    assert.matches("testlet 0%.6; cold%)$", line_of(like))
  end)

  it("has the reason of a skip", function()
    assert.matches("^skip   t1%-debian%-13  no systemd  ",
      line_of { status = "skip", exit_code = 77, reason = "no systemd" })
  end)
end)

describe("the summary", function()
  it("counts suites that broke", function()
    local got = cleantest { ["suite.lua"] = "error 'no'" }
    assert.matches("0 errors, 0 skipped, 1 suite broke in ", got.stdout)
    got = cleantest({ ["a.lua"] = "x = = 1", ["b.lua"] = "error 'no'" },
      { suites = { "a.lua", "b.lua" } })
    assert.matches("0 skipped, 2 suites broke in ", got.stdout)
  end)

  it("names again what was bad among many, in few lines", function()
    local folder <close> = new_folder()
    recorded.write({ "plain:" .. folder:at "out" }, function() recorded.jobs(200) end)
    local again = folder:read "out":match "\n\n(.*)$"
    assert.matches("^fail   t2%-fedora%-44  the testlet exited with code 4\n", again)
    assert.matches("\n       and 66 more\n57 passed, 57 failed, 29 errors", again)
    assert.is_true(select(2, again:gsub("\n", "")) < 30)
  end)
end)

describe("colours", function()
  local function colours(env, asked, able)
    local got
    with_env(env, function() got = surroundings.colours(asked, able) end)
    return got
  end

  it("are there on a terminal, unless something says otherwise", function()
    assert.is_true(colours({}, nil, true))
    assert.is_false(colours({}, "auto", false))
    assert.is_false(colours({ NO_COLOR = "1", CLICOLOR_FORCE = "1" }, nil, true))
    assert.is_true(colours({ CLICOLOR_FORCE = "1", CLICOLOR = "0" }, nil, false))
    assert.is_false(colours({ CLICOLOR_FORCE = "0" }, nil, false))
    assert.is_true(colours({ FORCE_COLOR = "1" }, nil, false))
    assert.is_false(colours({ CLICOLOR = "0" }, nil, true))
    assert.is_true(colours({ NO_COLOR = "1" }, "always", false))
    assert.is_false(colours({ CLICOLOR_FORCE = "1" }, "never", true))
  end)

  it("are the command's with --color", function()
    assert.matches("\27%[32mpass", run("function() end", { color = "always" }).stdout)
    assert.is_nil(run("function() end").stdout:find "\27")
  end)
end)

describe("a CI", function()
  it("that can fold its log has long outputs folded, and whole", function()
    local got
    with_env({ GITHUB_ACTIONS = "true" }, function()
      got = run([[ct.script "seq 50; echo one line >&2; exit 1"]]).stdout
    end)
    assert.matches("\n::group::stdout of t%-here, 50 lines\n       | 1\n.*| 50\n::endgroup::\n"
      .. "       stderr:\n       | one line\n", got)
    with_env({ GITLAB_CI = "true" }, function()
      got = run([[ct.script "seq 50; exit 1"]]).stdout
    end)
    assert.matches("\n\27%[0Ksection_start:%d+:cleantest_1%[collapsed=true%]\r\27%[0K       stdout "
      .. "of t%-here, 50 lines\n.*\n\27%[0Ksection_end:%d+:cleantest_1\r\27%[0K\n", got)
  end)

  it("is known by its variables", function()
    for name, env in pairs {
      github = { GITHUB_ACTIONS = "true", CI = "true" }, gitlab = { GITLAB_CI = "true" },
      other = { BUILD_NUMBER = "17" },
    } do with_env(env, function() assert.equal(name, surroundings.ci()) end) end
    with_env({ CI = "false" }, function() assert.is_nil(surroundings.ci()) end)
  end)

  it("has no live view", function()
    local terminal = core.terminal
    core.terminal = function() return 80, 24 end
    finally(function() core.terminal = terminal end)
    with_env({ TERM = "xterm" }, function()
      assert.matches("\27%[J", run("function() end", { color = "never" }).stdout)
    end)
    with_env({ TERM = "xterm", CI = "1" }, function()
      assert.is_nil(run("function() end", { color = "never" }).stdout:find "\27")
    end)
  end)
end)

describe("the nearest word", function()
  local known = { junit = 1, json = 1, tap = 1, ["debian-12-amd64"] = 1, ["jammy-amd64"] = 1 }

  it("is one with a letter more, less, changed or swapped, or that has it in it", function()
    for word, wanted in pairs {
      junt = "junit", jsno = "json", tpa = "tap", jammy = "jammy-amd64",
      ["debian/12"] = "debian-12-amd64",
    } do assert.equal(wanted, nearest.find(word, known)) end
  end)

  it("is none where none is near", function()
    assert.is_nil(nearest.find("fedora", known))
    assert.equal("", nearest.hint("x", known))
  end)
end)
