-- SPDX-License-Identifier: MIT
--
-- Reports: which of them a run has, where they are written, that they are whole whatever happens,
-- and what is in them. Who else reads them is in spec/report_readers_spec.lua.

local cjson = require "cjson"
local cleantest = require "spec.unit.support.command"
local events = require "cleantest.call.events"
local new_folder = require "spec.support.folder"
local recorded = require "spec.unit.support.recorded"
local report = require "cleantest.report"

-- Runs f with variables of the environment.
local function with_env(env, f)
  local getenv = os.getenv
  os.getenv = function(name) -- luacheck: ignore 122
    return env[name] or getenv(name)
  end
  local results = table.pack(pcall(f))
  os.getenv = getenv -- luacheck: ignore 122
  assert(results[1], results[2])
  return table.unpack(results, 2, results.n)
end

local function kinds_of(specs)
  local kinds = {}
  for i, entry in ipairs(assert(report.choose(specs))) do kinds[i] = entry.kind end
  return kinds
end

describe("the reports of a run", function()
  it("are the terminal's, and those asked for", function()
    assert.same({ "terminal" }, kinds_of {})
    assert.same({ "terminal", "junit", "tap" }, kinds_of { "junit:a.xml", "tap:b.tap" })
    assert.same({ "terminal", "./mine.lua" }, kinds_of { "./mine.lua:out.txt" })
  end)

  it("may take standard output from the terminal's, one of them", function()
    assert.same({ "tap" }, kinds_of { "tap" })
    assert.same({ "json" }, kinds_of { "json:-" })
    assert.same({ "none", "junit" }, kinds_of { "none", "junit:a.xml" })
    local list, wrong = report.choose { "tap", "junit" }
    assert.is_nil(list)
    assert.matches("tap and %-%-report junit would both write to standard output", wrong)
  end)

  it("have annotations on GitHub by themselves, unless there are to be none", function()
    with_env({ GITHUB_ACTIONS = "true" }, function()
      assert.same({ "terminal", "github" }, kinds_of {})
      assert.same({ "none" }, kinds_of { "none" })
      assert.same({ "terminal", "github" }, kinds_of { "github" })
    end)
  end)

  it("are refused by name, with the nearest that there is", function()
    for spec, wanted in pairs {
      junt = "no report 'junt' %(did you mean 'junit'%?%)",
      xyz = "no report 'xyz'; there are: chrome",
      ["junit:"] = "no file behind the colon", ["terminal:x"] = "'terminal' takes no file",
    } do
      assert.matches(wanted, select(2, report.parse(spec)))
    end
    assert.matches("another report is written to that file",
      select(2, report.choose { "tap:x", "junit:x" }))
  end)

  it("that can't be written keep all from starting", function()
    local got = cleantest({ ["suite.lua"] = "error 'it ran'" },
      { report = { "junit:/nonexistent/a.xml" } })
    assert.equal(2, got.status)
    assert.matches("^cleantest: the report junit:/nonexistent/a%.xml can't be written: .*No such",
      got.stderr)
    assert.equal("", got.stdout)
    got = cleantest({ ["suite.lua"] = "error 'it ran'" }, { artifacts = "/dev/null/x" })
    assert.equal(2, got.status)
    assert.matches("%-%-artifacts: the folder /dev/null/x can't be made: Not a directory",
      got.stderr)
  end)
end)

describe("a report's file", function()
  it("is there when it is complete, and the one of before until then", function()
    local folder <close> = new_folder { ["a.tap"] = "before" }
    local seen
    recorded.write({ "tap:" .. folder:at "a.tap" }, function()
      recorded.jobs(3)
      seen = folder:read "a.tap"
    end)
    assert.equal("before", seen)
    assert.matches("^TAP version 14\n.*1%.%.3\n$", folder:read "a.tap")
    assert.is_nil(folder:read "a.tap.part")
  end)

  it("that is a device is written to as it is; what it can't take is told", function()
    local _, problems = recorded.write({ "tap:/dev/full" }, function() recorded.jobs(300) end)
    assert.matches("the report tap:/dev/full can't be written: No space left", problems[1])
  end)

  it("that is a pipe is written to as it is", function()
    local folder <close> = new_folder()
    local pipe = folder:at "pipe"
    assert(os.execute("mkfifo " .. pipe))
    local reader <close> = assert(io.popen("cat " .. pipe))
    recorded.write({ "tap:" .. pipe }, function() recorded.jobs(3) end)
    assert.matches("^TAP version 14\n.*1%.%.3\n$", reader:read "a")
  end)

  it("is no folder", function()
    local folder <close> = new_folder()
    local _, message = report.open(assert(report.choose { "tap:" .. folder.path }),
      { out = io.stdout, err = io.stderr })
    assert.matches("Is a directory", message)
    events.reset()
  end)
end)

describe("an event", function()
  after_each(events.reset)

  it("reaches a handler to its end: a signal's error comes after it", function()
    events.reset()
    local main, ended = coroutine.running(), false
    events.subscribe { note = function()
      debug.sethook(main, function() debug.sethook(main) error("a signal", 0) end, "", 1)
      for _ = 1, 1000 do ended = math.type(1) end
    end }
    local ok, problem = pcall(function()
      events.emit("note", "x")
      for _ = 1, 1000 do main = main end
    end)
    assert.same({ false, "a signal", "integer" }, { ok, problem, ended })
  end)

  it("gives a job that never got a result one in the end", function()
    local folder <close> = new_folder()
    recorded.write({ "tap:" .. folder:at "a.tap" }, function()
      events.emit("jobs", { recorded.job(1), recorded.job(2) })
    end)
    assert.matches("ok 1 %- t1%-debian%-13 # SKIP cancelled: it was not waited for\nok 2",
      folder:read "a.tap")
  end)
end)

describe("a report of one's own", function()
  it("hears what happens, from ct.report", function()
    local said = {}
    rawset(_G, "say", function(...) said = { ... } end)
    finally(function() rawset(_G, "say", nil) end)
    local got = cleantest { ["suite.lua"] = [[
      local say, words = say, {}
      ct.report {
        result = function(_, job, result)
          words[#words + 1] = job.number .. job.testlet .. job.image .. result.status
        end,
        summary = function(_, tally) say(table.concat(words), tally.pass, tally.exit_code) end,
      }
      ct.lxd { name = "one", image = "here" } (function() end)():all()]] }
    assert.same({ 0, "" }, { got.status, got.stderr })
    assert.same({ "1oneherepass", 1, 0 }, said)
  end)

  it("is refused by name", function()
    local got = cleantest { ["suite.lua"] = "ct.report { reslut = function() end }" }
    assert.equal(1, got.status)
    assert.matches("suite%.lua:1: ct%.report: there is no event 'reslut' "
      .. "%(did you mean 'result'%?%)", got.stderr)
  end)

  it("that throws is told of, and the others go on", function()
    local got = cleantest { ["suite.lua"] = [[
      ct.report { result = function() error "not mine" end }
      ct.lxd { name = "one", image = { "here", "there" } } (function() end)():all()]] }
    assert.equal(2, got.status)
    assert.matches("error  the report ct%.report at .*suite%.lua:1 failed: .*not mine", got.stdout)
    assert.matches("2 passed, 0 failed", got.stdout)
    assert.equal(1, select(2, got.stdout:gsub("not mine", "")))
  end)

  it("may be a file: handlers, or a function that makes them", function()
    local folder <close> = new_folder {
      ["made.lua"] = [[return function(out, place)
        return { result = function(_, job, r) out:write(job.id, " ", r.status, "\n") end }
      end]],
      ["plain.lua"] = "return { reslut = function() end }",
      ["broken.lua"] = "return nil + 1",
    }
    local suite = { ["suite.lua"] = "ct.lxd { image = 'here' } (function() end)():all()" }
    local got = cleantest(suite, { report = { folder:at "made.lua" .. ":" .. folder:at "out" } })
    assert.equal(0, got.status)
    assert.matches("test%-?.*here pass\n$", folder:read "out")
    got = cleantest(suite, { report = { folder:at "plain.lua" } })
    assert.same({ 2, "" }, { got.status, got.stdout })
    assert.matches("plain%.lua: there is no event 'reslut'", got.stderr)
    assert.matches("broken%.lua:1: attempt to perform arithmetic",
      cleantest(suite, { report = { folder:at "broken.lua" } }).stderr)
  end)
end)

describe("with 10,000 jobs", function()
  local function memory(count, folder)
    local specs, most = {}, 0
    for _, kind in ipairs {
      "junit", "tap", "json", "html", "github", "markdown", "chrome-trace", "plain",
    } do specs[#specs + 1] = kind .. ":" .. folder:at(kind) end
    recorded.write(specs, function()
      collectgarbage()
      local before = collectgarbage "count"
      recorded.jobs(count, ("output\n"):rep(50))
      collectgarbage()
      most = collectgarbage "count" - before
    end)
    return most
  end

  it("all reports need as much memory as with 100", function()
    local folder <close> = new_folder()
    local few = memory(100, folder)
    assert.is_true(memory(10000, folder) < few + 300) -- KiB; the outputs are 3.5 MB
  end)
end)

describe("chrome-trace", function()
  it("has blocks that nest, and in a row never overlap", function()
    local folder <close> = new_folder()
    recorded.write({ "chrome-trace:" .. folder:at "t" }, function() recorded.jobs(50) end)
    local trace = cjson.decode(folder:read "t")
    local rows, names, counts = {}, {}, {}
    for _, event in ipairs(trace.traceEvents) do
      counts[event.ph .. (event.cat or "")] = (counts[event.ph .. (event.cat or "")] or 0) + 1
      if event.ph == "M" then names[event.tid or 0] = event.args.name end
      if event.ph == "X" then
        rows[event.tid] = rows[event.tid] or {}
        table.insert(rows[event.tid], event)
      end
    end
    assert.same({ M = 5, Xjob = 50, Xphase = 250 }, counts)
    assert.same({ [0] = "cleantest", "slot 1", "slot 2", "slot 3", "slot 4" }, names)
    for _, row in pairs(rows) do
      table.sort(row, function(a, b)
        return a.ts < b.ts or a.ts == b.ts and a.dur > b.dur
      end)
      local job_end, phase_end, in_job = 0, 0, 0
      for _, event in ipairs(row) do
        assert.is_true(event.ts >= 0 and event.dur >= 0)
        if event.cat == "job" then
          assert.is_true(event.ts >= job_end)
          job_end, phase_end = event.ts + event.dur, event.ts
          in_job = in_job + 1
        else
          assert.is_true(event.ts >= phase_end and event.ts + event.dur <= job_end)
          phase_end = event.ts + event.dur
        end
      end
      assert.is_true(in_job >= 12)
    end
  end)
end)

describe("github", function()
  it("has nine annotations of a kind, and one that counts the others", function()
    local folder <close> = new_folder { summary = "before\n" }
    with_env({ GITHUB_STEP_SUMMARY = folder:at "summary" }, function()
      recorded.write({ "github:" .. folder:at "out" }, function() recorded.jobs(35) end)
    end)
    local out = folder:read "out"
    assert.equal(10, select(2, out:gsub("::error ", "")))
    assert.matches("::error title=cleantest::and 6 more of this kind\n$", out)
    assert.matches("::error file=suites/web.lua,title=fail%%3A suites/web.lua%%3A%%3At2@fedora%-44"
      .. "::the testlet exited with code 4%%0AW: café", out)
    assert.matches("^before\n## cleantest: the environment failed\n", folder:read "summary")
  end)
end)

describe("--artifacts", function()
  it("has a folder for each id, with what was printed and what is known", function()
    local folder <close> = new_folder()
    recorded.write({ "none" }, function() recorded.jobs(2) end, { artifacts = folder:at "kept" })
    local at = "kept/suites/web.lua/t2@fedora-44/"
    assert.equal("on stdout\n", folder:read(at .. "stdout"))
    assert.matches("^W: caf", folder:read(at .. "stderr"))
    local result = cjson.decode(folder:read(at .. "result.json"))
    assert.same({ "suites/web.lua::t2@fedora-44", "fail", 4, "cold" },
      { result.id, result.status, result.exit_code, result.machine })
  end)

  it("leaves its folder for no id", function()
    local path_of = require("cleantest.report.artifacts").path_of
    assert.equal("up/up/etc/t@images-debian-12", path_of "../../etc::t@images:debian/12")
    assert.equal("tmp/s.lua/a[x=..-..]@b", path_of "/tmp/s.lua::a[x=../..]@b")
    assert.equal("s.lua/-", path_of "s.lua::..")
  end)
end)
