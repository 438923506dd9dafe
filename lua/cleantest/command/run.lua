-- SPDX-License-Identifier: MIT

--- `cleantest run`, the command where no other is named: finds suites, selects from what
-- they have, runs that, tells what happens through a report, and sums it up in an exit status.
-- @internal cleantest.command.run

local catalogue = require "cleantest.command.catalogue"
local chosen = require "cleantest.call.chosen"
local configuration = require "cleantest.command.configuration"
local core = require "cleantest.core"
local events = require "cleantest.call.events"
local fresh = require "cleantest.call.fresh"
local ids = require "cleantest.call.ids"
local limits_of = require "cleantest.command.limits"
local options = require "cleantest.command.options"
local plans = require "cleantest.command.plan"
local report = require "cleantest.report"
local session = require "cleantest.call.session"
local settings = require "cleantest.command.settings"
local suite = require "cleantest.command.suite"
local tables = require "cleantest.tables"
local tally_of = require "cleantest.command.tally"
local threads = require "cleantest.call.threads"
local timeouts = require "cleantest.call.timeouts"

local run = {
  name = "run",
  description = "Run test suites, which are Lua scripts. The default.",
}

--- Adds its arguments.
-- @tparam parser parser from argparse
function run.add_options(parser)
  parser:argument("suites", "Suite files; folders, for the files in them called *_suite.lua, and "
    .. "suites/*.lua; or those of its testlets that match a GLOB, in which * is any text.")
    :args "*":argname "PATH[::GLOB]"
  settings.add(parser)
  options.add_reports(parser)
end

--- Completes words of a command line: an option whose value may be left out gets it.
run.complete = settings.complete

--- Looks at arguments that only together can be wrong.
-- @tparam table given what argparse made of the arguments
-- @treturn ?string what is wrong
function run.check(given)
  if given.words and #(given.image or {}) == 0 then
    return "which image is the command to be run on? Give --image NAME"
  end
  if #given.suites == 0 and not given.words then return "no suite given" end
  if #given.suites > 0 and given.words then return "give a file or a command, not both" end
  local misconfigured = configuration.apply(given)
  if misconfigured then return misconfigured end
  for _, read in ipairs { threads.from_environment, fresh.from_environment } do
    local ok, message = pcall(read)
    if not ok then return message end
  end
  if given.last_failed and given.failed_first then return "give --lf or --ff, not both" end
  if given.fail_fast and given.max_fail then return "give -x or --max-fail, not both" end
  local reports, wrong = report.choose(given.report or {})
  return not reports and wrong or nil
end

-- Subscribes all who listen. Returns the tally and the reports; or nil, what can't be written.
local function listen(plan, given, out, err)
  local tally = tally_of.new()
  events.reset()
  events.subscribe(tally)
  events.subscribe(plan.memory:begin()) -- what somebody has been told of is remembered already
  local reports, message = report.open(assert(report.choose(given.report or {})), {
    out = out, err = err, color = given.color, verbose = given.verbose,
    log = given.log,
    artifacts = given.artifacts or options.from_environment "CLEANTEST_ARTIFACTS",
  })
  if not reports then return nil, message end
  return tally, reports
end

-- Suites that loop run while they are loaded; what the others have declared runs afterwards.
local function run_suites(plan, tally, limits, signals)
  local waiting = {}
  for _, entry in ipairs(plan.entries) do
    events.emit("suite", entry.path, #plan.entries == 1)
    local loaded = suite.load(entry, signals)
    if loaded.jobs then waiting[#waiting + 1] = loaded else tally:ask(loaded.asked) end
    if signals:caught() or limits.reached then break end
  end
  local over = limits.reached or signals:caught()
  local go_on = over and suite.abandon or suite.run_declared
  if #waiting > 0 then go_on(waiting, signals, plan.order) end
  for _, each in ipairs(waiting) do tally:ask(each.asked) end
end

-- Runs everything as often as it is asked for.
local function run_rounds(plan, given, tally, limits, signals)
  local most = given["repeat"] or given.until_fail and math.huge or 1
  for round = 1, most do
    ids.begin_round(round)
    if round > 1 then
      events.emit("note", ("run %d%s"):format(round, most < math.huge and " of " .. most or ""))
    end
    run_suites(plan, tally, limits, signals)
    local over = given.until_fail and tally.status > 0 or tally.ran == 0
    if over or signals:caught() or limits.reached then break end
  end
  ids.begin_round(nil)
end

local function begin(plan, given)
  events.emit("start", {
    version = events.VERSION, cleantest = core.version, time = os.time(), clock = core.clock(),
  })
  if given.shuffle then
    events.emit("note", ("shuffled; to have this order again: --shuffle=%d"):format(given.shuffle))
  end
  session.set_log(given.log)
  threads.set_cap(given.jobs)
  timeouts.set_cap(given.timeout)
  fresh.set_default(given.fresh)
  chosen.set(plan.selection:is_active() and function(job) return plan.selection:has(job) end or nil)
end

local function run_plan(plan, given, tally)
  local signals <close> = core.signals_open()
  local limits = limits_of.new(given)
  events.subscribe(limits)
  begin(plan, given)
  run_rounds(plan, given, tally, limits, signals)
  limits:close()
  if limits.late then tally:ask(1) end
  if plan.selection:is_active() then tally:select(chosen.counts()) end
  chosen.set(nil)
  timeouts.set_cap(nil)
  session.close()
  local caught = signals:caught()
  if caught and not tally.signal then
    events.emit("interrupted", plan.entries[1].path, caught)
  end
  events.settle(caught and "interrupted by " .. caught or "it was not waited for")
end

local EMPTY <const> = { fail = 3, warn = 0, pass = 0 } -- exit statuses

-- Runs what is planned. Returns the exit status.
local function perform(plan, given, out, err)
  local tally, reports = listen(plan, given, out, err)
  if not tally then
    err:write("cleantest: ", reports, "\n")
    return 2
  end
  tally.when_nothing = EMPTY[given.no_tests or "fail"]
  run_plan(plan, given, tally)
  if tally.ran == 0 and given.no_tests == "warn" then events.emit("note", "nothing was run") end
  events.emit("summary", tally:close())
  for _, message in ipairs(reports:close()) do
    err:write("cleantest: ", message, "\n")
    tally:ask(2)
  end
  return tally:exit_status()
end

local function list(plan, given, out, err)
  local jobs = plan.selection:of(plan.all.jobs)
  local status = catalogue.show(plan.all, jobs, given.list, out, err)
  if status == 0 and #jobs == 0 then return EMPTY[given.no_tests or "fail"] end
  return status
end

--- Runs suites, or lists what would be run.
-- @tparam table given suites (paths); and what the options say, see settings.lua and
--   options.add_reports
-- @tparam file out where the terminal's report goes
-- @tparam file err the same
-- @treturn int exit status: 0 to 3, or 128 and a signal's number
function run.run(given, out, err)
  local plan, wrong = plans.make(given)
  if not plan then
    err:write("cleantest: ", wrong, "\n")
    return 2
  end
  local program = plan.entries[1] and plan.entries[1].chunk
  if program then given = tables.copy(given, { verbose = true }) end -- what it prints is wanted
  return (given.list and list or perform)(plan, given, out, err)
end

return run
