-- SPDX-License-Identifier: MIT
--
-- Reports without an engine: the events of a run that never was, with all kinds of results and
-- bytes, told to the reports named.

local events = require "cleantest.call.events"
local report = require "cleantest.report"
local result_of = require "cleantest.call.result"
local tally_of = require "cleantest.command.tally"

local recorded = {}

local BEGAN <const> = 1000 -- of the clock
local SLOTS <const> = 4

local nasty = "caf\xc3\xa9 \xff\xfe \27[31mred\27[0m ]]> </script> & \0 # \\ \"q\"\r\n10%\r20%\n"

-- What each result is like, in turn.
local kinds = {
  { status = "pass", exit_code = 0, stdout = "fine\n" },
  { status = "fail", exit_code = 4, stdout = "on stdout\n", stderr = "W: " .. nasty,
    error = "the testlet exited with code 4" },
  { status = "error", exit_code = -1, error = "hook tools: apt: exit code 100\nE: no network",
    base = "ct-base-1" },
  { status = "skip", exit_code = 77, reason = "no systemd # here" },
  { status = "xfail", exit_code = 1, reason = "bug 7" },
  { status = "pass", exit_code = 0, stdout = nasty, base = "ct-base-1", base_built = true },
  { status = "fail", exit_code = -1, timed_out = true, error = "timed out after 3 s" },
}

--- A job as a batch has it.
function recorded.job(number)
  local image = ({ "debian-12", "debian-13", "fedora-44" })[number % 3 + 1]
  return { name = "t" .. number, label = ("t%d-%s"):format(number, image), image = image }
end

--- A result for a job.
-- @tparam table job from recorded.job
-- @tparam table like fields
function recorded.result(job, like)
  local result = {
    name = job.label, id = ("suites/web.lua::%s@%s"):format(job.name, job.image),
    instance = "ct-" .. job.name, image = job.image, testlet = job.name, timed_out = false,
    stdout = "", stderr = "", duration = 1.5, base_built = false,
    phases = { create = 0.3, start = 0.2, ready = 0.4, testlet = 0.6 },
    resources = { cpu_user = 0.1, cpu_system = 0.1, max_rss = 1 << 20 },
  }
  for key, value in pairs(like) do result[key] = value end
  return result_of.wrap(result)
end

local STEPS <const> = { "create", "start", "ready", "testlet" }

local function phase(job, name, time)
  events.emit("phase", job, { phase = name, time = time, instance = "ct-" .. job.name })
end

local function finish(job, number, time, output)
  local result = recorded.result(job, kinds[(number - 1) % #kinds + 1])
  if output then result.stdout = output end
  events.emit("result", job, result)
  phase(job, "teardown", time)
  events.emit("done", job, { seconds = 0.125, time = time + 0.125, preserved = false })
end

-- Some jobs, each in its slot, from `time` on. Returns when they are over.
local function wave(first, last, time, output)
  local jobs = {}
  for number = first, last do jobs[#jobs + 1] = recorded.job(number) end
  events.emit("jobs", jobs)
  for _, step in ipairs(STEPS) do
    for i, job in ipairs(jobs) do phase(job, step, time + i * 0.01) end
    time = time + 0.25
  end
  for i, job in ipairs(jobs) do finish(job, first + i - 1, time + i * 0.01, output) end
  return time + 0.2
end

--- The events of some jobs, SLOTS at once.
-- @tparam int count
-- @tparam[opt] string output in place of each stdout
function recorded.jobs(count, output)
  local time = BEGAN
  for first = 1, count, SLOTS do
    time = wave(first, math.min(first + SLOTS - 1, count), time, output)
  end
end

--- Writes reports.
-- @tparam table specs as for --report
-- @tparam function tell emits events
-- @tparam[opt] table place what report.open takes; default: streams that nobody reads
-- @treturn int the exit status; and what could not be written, a list
function recorded.write(specs, tell, place)
  place = place or {}
  local null <close> = assert(io.open("/dev/null", "w"))
  place.out, place.err = place.out or null, place.err or null
  local tally = tally_of.new()
  events.reset()
  events.subscribe(tally)
  local reports = assert(report.open(assert(report.choose(specs)), place))
  events.emit("start", { version = 1, cleantest = "0", time = 1767225600, clock = BEGAN })
  events.emit("suite", "suites/web.lua", true)
  tell()
  events.settle "it was not waited for"
  events.emit("summary", tally:close())
  local problems = reports:close()
  events.reset()
  return tally:exit_status(), problems
end

return recorded
