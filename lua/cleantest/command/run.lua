-- SPDX-License-Identifier: MIT
--
-- run.lua - `cleantest run`, the command where no other is named: runs suites, tells what
-- happens through a report, and sums it up in an exit status.

local core = require "cleantest.core"
local events = require "cleantest.call.events"
local fresh = require "cleantest.call.fresh"
local options = require "cleantest.command.options"
local report = require "cleantest.report"
local session = require "cleantest.call.session"
local suite = require "cleantest.command.suite"
local tally_of = require "cleantest.command.tally"
local threads = require "cleantest.call.threads"

local run = {
  name = "run",
  description = "Run test suites, which are Lua scripts. The default.",
}

--- Adds its arguments.
-- @tparam parser parser from argparse
function run.add_options(parser)
  parser:argument("suites", "Suite files, run one after another."):args "*":argname "SUITE.lua"
  local jobs = parser:option("-j --jobs", "The most instances alive at once."):argname "N"
    :convert(options.count "-j")
  local fresh_flag = parser:flag("--fresh",
    "Make every instance from its image, whatever is prepared.")
  parser:group("How it runs", jobs, fresh_flag)
  options.add_reports(parser)
end

--- Looks at arguments that only together can be wrong.
-- @tparam table given what argparse made of the arguments
-- @treturn ?string what is wrong
function run.check(given)
  if #given.suites == 0 then return "no suite given" end
  for _, read in ipairs { threads.from_environment, fresh.from_environment } do
    local ok, message = pcall(read)
    if not ok then return message end
  end
  local reports, wrong = report.choose(given.report or {})
  return not reports and wrong or nil
end

-- Subscribes all who listen. Returns the tally and the reports; or nil, what can't be written.
local function listen(given, out, err)
  local tally = tally_of.new()
  events.reset()
  events.subscribe(tally)
  local reports, message = report.open(assert(report.choose(given.report or {})), {
    out = out, err = err, color = given.color, verbose = given.verbose,
    log = given.log,
    artifacts = given.artifacts or options.from_environment "CLEANTEST_ARTIFACTS",
  })
  if not reports then return nil, message end
  return tally, reports
end

local function run_suites(given, tally)
  local signals <close> = core.signals_open()
  events.emit("start", {
    version = events.VERSION, cleantest = core.version, time = os.time(), clock = core.clock(),
  })
  for _, path in ipairs(given.suites) do
    events.emit("suite", path, #given.suites == 1)
    tally:ask(suite.run(path, signals))
    if signals:caught() then break end
  end
  session.close()
  local caught = signals:caught()
  if caught and not tally.signal then events.emit("interrupted", given.suites[1], caught) end
  events.settle(caught and "interrupted by " .. caught or "it was not waited for")
end

--- Runs suites.
-- @tparam table given suites (paths), jobs, fresh, report, artifacts, color, verbose, log
-- @tparam file out, err where the terminal's report goes
-- @treturn int exit status: 0 to 3, or 128 and a signal's number
function run.run(given, out, err)
  local tally, reports = listen(given, out, err)
  if not tally then
    err:write("cleantest: ", reports, "\n")
    return 2
  end
  session.set_log(given.log)
  threads.set_cap(given.jobs)
  fresh.set_default(given.fresh)
  run_suites(given, tally)
  events.emit("summary", tally:close())
  for _, message in ipairs(reports:close()) do
    err:write("cleantest: ", message, "\n")
    tally:ask(2)
  end
  return tally:exit_status()
end

return run
