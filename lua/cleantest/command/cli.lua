-- SPDX-License-Identifier: MIT
--
-- cli.lua - the `cleantest` command: reads its arguments, picks a report, runs the suites,
-- and returns the exit status. Only its caller exits.

local argparse = require "argparse"
local cache = require "cleantest.command.cache"
local clean = require "cleantest.command.clean"
local core = require "cleantest.core"
local events = require "cleantest.call.events"
local fresh = require "cleantest.call.fresh"
local paint = require "cleantest.report.paint"
local plain = require "cleantest.report.plain"
local session = require "cleantest.call.session"
local suite = require "cleantest.command.suite"
local tally_of = require "cleantest.command.tally"
local terminal = require "cleantest.report.terminal"
local threads = require "cleantest.call.threads"
local usage = require "cleantest.command.usage"

require "cleantest" -- its own report is replaced below

local cli = {}

local services = { clean = clean, cache = cache } -- commands that run no suites

local function parse_count(s)
  local count = threads.parse(s)
  if count then return count end
  return nil, ("-j must be a positive integer, not '%s'"):format(s)
end

local function suites_parser()
  local parser = argparse("cleantest",
    "Runs test suites, which are Lua scripts, in clean machines.",
    "`cleantest clean` deletes the instances that dead runs left behind; `cleantest cache`\n"
    .. "looks after prepared environments.\n"
    .. "Exit status: 0 all passed; 1 a testlet failed or a suite raised an error;\n"
    .. "2 the environment failed, a suite can't be loaded, or bad usage.")
  parser:add_help(false)
  parser:argument("suites", "Suite files, run one after another."):args "*":argname "SUITE.lua"
  parser:option("-j --jobs", "The most instances alive at once."):argname "N"
    :convert(parse_count)
  parser:flag("--fresh", "Make every instance from its image, whatever is prepared.")
  parser:flag("-h --help", "Show this help message.")
  parser:flag("--version", "Show the version.")
  return parser
end

local function parse_suites(options)
  if options.version then return { command = "show", text = "cleantest " .. core.version } end
  if #options.suites == 0 then return nil, "no suite given" end
  return { command = "run", suites = options.suites, jobs = options.jobs,
    fresh = options.fresh }
end

local parsers = { clean = usage.clean, cache = usage.cache }

--- Reads the command's arguments.
-- @tparam table args a list of strings
-- @treturn table options: command ("run", "clean", "cache" or "show"), and suites, jobs, settings
--   or text; or nil, a message that ends in how it is used
function cli.parse(args)
  local command = parsers[args[1]] and args[1]
  local parser, actions = (parsers[command] or suites_parser)()
  local ok, options = parser:pparse(table.move(args, command and 2 or 1, #args, 1, {}))
  parser = actions and actions[ok and options.action or args[2]] or parser
  if not ok then return nil, ("%s\n%s"):format(options, parser:get_usage()) end
  if options.help then return { command = "show", text = parser:get_help() } end
  if command then return { command = command, settings = options } end
  local parsed, message = parse_suites(options)
  if not parsed then return nil, ("%s\n%s"):format(message, parser:get_usage()) end
  return parsed
end

local function getenv(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- The live view on a terminal, else lines. Only stdout counts: where it is a pipe, what comes
-- out of that (`| tee log`) may be on the same terminal, and would get into the view.
local function new_report()
  local term = getenv "TERM"
  local able = core.terminal(io.stdout) and term and term ~= "dumb"
  local brush = paint(able and not getenv "NO_COLOR")
  local lines = plain.new(io.stdout, io.stderr, brush)
  return able and terminal.new(io.stdout, lines, brush) or lines
end

local function run(options)
  local signals <close> = core.signals_open()
  local tally = tally_of.new()
  events.reset()
  events.subscribe(tally)
  events.subscribe(new_report())
  threads.set_default(options.jobs)
  fresh.set_default(options.fresh)
  for _, path in ipairs(options.suites) do
    events.emit("suite", path, #options.suites == 1)
    tally:ask(suite.run(path, signals))
    if signals:caught() then break end
  end
  session.close()
  events.emit("summary", tally)
  return tally.status
end

--- The command.
-- @tparam table args a list of strings
-- @treturn int exit status: 0, 1 or 2
function cli.main(args)
  local options, message = cli.parse(args)
  if not options then
    io.stderr:write("cleantest: ", message, "\n")
    return 2
  end
  if options.command == "run" then return run(options) end
  local service = services[options.command]
  if service then return service.run(options.settings, io.stdout, io.stderr) end
  io.stdout:write(options.text, "\n")
  return 0
end

return cli
