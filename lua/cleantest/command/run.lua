-- SPDX-License-Identifier: MIT
--
-- run.lua - `cleantest run`, the command where no other is named: runs suites, tells what
-- happens through a report, and sums it up in an exit status.

local core = require "cleantest.core"
local events = require "cleantest.call.events"
local fresh = require "cleantest.call.fresh"
local new_report = require "cleantest.report"
local options = require "cleantest.command.options"
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
  parser:option("-j --jobs", "The most instances alive at once."):argname "N"
    :convert(options.count "-j")
  parser:flag("--fresh", "Make every instance from its image, whatever is prepared.")
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
end

--- Runs suites.
-- @tparam table given suites (paths), jobs, fresh
-- @tparam file out, err where the report goes
-- @treturn int exit status: 0 to 3
function run.run(given, out, err)
  local signals <close> = core.signals_open()
  local tally = tally_of.new()
  events.reset()
  events.subscribe(tally)
  events.subscribe(new_report(out, err))
  threads.set_cap(given.jobs)
  fresh.set_default(given.fresh)
  for _, path in ipairs(given.suites) do
    events.emit("suite", path, #given.suites == 1)
    tally:ask(suite.run(path, signals))
    if signals:caught() then break end
  end
  session.close()
  events.emit("summary", tally)
  return tally:exit_status()
end

return run
