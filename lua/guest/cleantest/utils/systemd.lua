-- SPDX-License-Identifier: MIT

--- Services, from inside a testlet: require "cleantest.utils.systemd". Wrong
-- arguments throw; what systemctl refuses throws with its output. Where units are taken, there may
-- be one or more, or a list of them.
-- @module cleantest.utils.systemd
local arguments = require "cleantest.utils.arguments"
local check = require "cleantest.check"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local systemd = {}

local check_unit = check.name_of("unit", "%s")

local function systemctl(...)
  local argv = { "systemctl" }
  for _, list in ipairs { ... } do table.move(list, 1, #list, #argv + 1, argv) end
  run(argv, { check = true })
end

-- The units, at least one, and the options behind them.
local function read_units(what, fields, ...)
  what = "systemd." .. what
  local units, options = arguments.spread(...)
  if units.n == 0 then where.fail("%s: name at least one unit", what) end
  for i = 1, units.n do check_unit(what, units[i]) end
  return units, check.options(what, options, fields)
end

-- Asks for a word about each unit. systemctl's exit code tells of one or of all, so the words do.
local function ask(what, verb, answers, ...)
  local units = read_units(what, {}, ...)
  local shown = run { "systemctl", verb, table.unpack(units) }
  local states = {}
  for state in shown.stdout:gmatch "[^\n]+" do states[#states + 1] = answers[state] or false end
  return units, states, shown
end

-- No words, as when no systemd runs here: then nothing is known of the units.
local function need_all(verb, units, states, shown)
  if #states ~= #units then where.fail("%s", run.describe("systemctl " .. verb, shown)) end
  return table.unpack(states)
end

--- Are these units active? A unit that is not known is not.
-- @tparam string ... units: "cron", "ssh.socket"
-- @treturn boolean one for each unit
function systemd.is_active(...)
  return need_all("is-active", ask("is_active", "is-active",
    { active = true, reloading = true }, ...))
end

--- Have these units failed?
-- @tparam string ... units
-- @treturn boolean one for each unit
function systemd.is_failed(...)
  return need_all("is-failed", ask("is_failed", "is-failed", { failed = true }, ...))
end

--- Are these units started at boot, or when something asks for them? A unit that is not known is
-- not, nor is one that is static.
-- @tparam string ... units
-- @treturn boolean one for each unit
function systemd.is_enabled(...)
  local states = {}
  -- one by one: a unit without a file has no word
  for i, unit in ipairs((read_units("is_enabled", {}, ...))) do
    local shown = run { "systemctl", "is-enabled", unit }
    local word = shown.stdout:match "^[%w-]+"
    if not word and not shown.stderr:find(unit, 1, true) then
      where.fail("%s", run.describe("systemctl is-enabled", shown))
    end
    states[i] = word == "enabled" or word == "enabled-runtime" or word == "alias"
  end
  return table.unpack(states)
end

--- Starts units, and waits until they are.
-- @tparam string ... units
function systemd.start(...)
  systemctl({ "start" }, (read_units("start", {}, ...)))
end

--- Stops units.
-- @tparam string ... units
function systemd.stop(...)
  systemctl({ "stop" }, (read_units("stop", {}, ...)))
end

--- Has units started at boot, where their files say when.
-- @tparam string|{string,...} ... units
-- @tparam[opt] table options behind them
-- @tparam[opt=false] boolean options.now start them, too
function systemd.enable(...)
  local units, options = read_units("enable", { now = check.boolean }, ...)
  systemctl({ "enable", options.now and "--now" or nil }, units)
end

--- Has units not started at boot any more.
-- @tparam string|{string,...} ... units
-- @tparam[opt] table options behind them
-- @tparam[opt=false] boolean options.now stop them, too
function systemd.disable(...)
  local units, options = read_units("disable", { now = check.boolean }, ...)
  systemctl({ "disable", options.now and "--now" or nil }, units)
end

--- What units have written to the journal.
-- @tparam string|{string,...} ... units
-- @tparam[opt] table options behind them
-- @tparam[opt=100] int options.lines at most so many, the last ones
-- @tparam[opt] string options.since as journalctl takes it: "-5min"
-- @treturn string lines, the oldest first
function systemd.journal(...)
  local units, options = read_units("journal", { lines = check.count, since = check.string }, ...)
  local argv = { "journalctl", "--no-pager", "--quiet", "--output=short-iso",
    ("--lines=%d"):format(options.lines or 100) }
  if options.since then argv[#argv + 1] = "--since=" .. options.since end
  for _, unit in ipairs(units) do argv[#argv + 1] = "--unit=" .. unit end
  return run(argv, { check = true }).stdout
end

--- Sends SIGTERM to all processes of units; returns at once.
-- @tparam string ... units
function systemd.kill(...)
  systemctl({ "kill" }, (read_units("kill", {}, ...)))
end

--- Removes the configuration, state, cache, logs and runtime data of units, where their files
-- say which directories these are in; they must not be running.
-- @tparam string ... units
function systemd.clean(...)
  systemctl({ "clean", "--what=all" }, (read_units("clean", {}, ...)))
end

--- Stops and starts units; starts those that were not running.
-- @tparam string ... units
function systemd.restart(...)
  systemctl({ "restart" }, (read_units("restart", {}, ...)))
end

-- Throws for the first unit that is not as it is to be.
local function expect(what, active, units)
  for i, is_active in ipairs { systemd.is_active(units) } do
    if is_active ~= active then
      where.fail("systemd.%s: %s is %s running", what, units[i], active and "not" or "still")
    end
  end
end

--- Stops units, and keeps them from being started, at boot or by anybody, until they are
-- resumed. A unit whose file is in /etc/systemd/system itself can't be kept from that, and
-- throws.
-- @tparam string ... units
function systemd.pause(...)
  local units = read_units("pause", {}, ...)
  systemctl({ "disable", "--now" }, units)
  systemctl({ "mask" }, units)
  expect("pause", false, units)
end

--- Lets units be started again, starts them, and has them started at boot where their files
-- say when.
-- @tparam string ... units
function systemd.resume(...)
  local units = read_units("resume", {}, ...)
  systemctl({ "unmask" }, units)
  systemctl({ "enable", "--now" }, units)
  expect("resume", true, units)
end

--- Has units read their configuration again.
-- @tparam string|{string,...} ... units
-- @tparam[opt] table options behind them
-- @tparam[opt=false] boolean options.try_restart restart those that can't reload; those that do not
--   run are left alone
function systemd.reload(...)
  local units, options = read_units("reload", { try_restart = check.boolean }, ...)
  systemctl({ options.try_restart and "try-reload-or-restart" or "reload" }, units)
end

--- Has systemd itself read all unit files again.
function systemd.daemon_reload()
  systemctl { "daemon-reload" }
end

return systemd
