-- SPDX-License-Identifier: MIT
--
-- suite.lua - runs one suite file under the command: unwinds it when it fails, ends or is
-- interrupted, waits for what it started, and tells what it forgot. How it is loaded is
-- call/declared.lua's.

local archon = require "cleantest.archon"
local Batch = require "cleantest.call.batch"
local declared = require "cleantest.call.declared"
local events = require "cleantest.call.events"
local uncalled = require "cleantest.call.uncalled"

local suite = {}

-- Loads the suite, and runs what it has declared. Returns what was wrong with that, and whether
-- the file could not be loaded at all.
local function load_and_run(self, signals)
  signals:arm()
  local ok, problem, unloadable = self:load()
  if ok and self.jobs then
    ok, problem = self:protect(function() self:start():all() end)
  end
  signals:disarm()
  return not ok and problem or nil, unloadable
end

-- Waits for calls that are still open; not for long, once a signal was caught. Returns what went
-- wrong with that, a list.
local function finish(signals)
  local problems = {}
  local ok, problem = pcall(Batch.finish_all, signals:caught() ~= nil)
  if not ok then
    problems[1] = problem
    Batch.finish_all(true)
  end
  local said = archon.destroy_all()
  return table.move(said, 1, #said, #problems + 1, problems)
end

local function tell_forgotten(list)
  for _, entry in ipairs(list) do
    events.emit("note", ("%s: declared and never called: %s"):format(entry.position or "?",
      tostring(entry.testlet)))
  end
end

-- Is it what a signal made of the suite?
local function by_signal(problem, caught)
  return caught and tostring(problem):find("interrupted by " .. caught, 1, true) ~= nil
end

-- What a signal did is told once, as that.
local function tell_raised(path, problems, caught)
  for _, problem in ipairs(problems) do
    if not by_signal(problem, caught) then events.emit("raised", path, problem) end
  end
end

local function run_to_end(self, path, signals)
  local problem, unloadable = load_and_run(self, signals)
  if unloadable then return events.emit("unloadable", path, problem) end
  tell_raised(path, { problem }, signals:caught())
  local late = finish(signals)
  local caught = signals:caught()
  if caught then events.emit("interrupted", path, caught) end
  tell_raised(path, late, caught)
  local forgotten = uncalled.take()
  if not problem and #late == 0 then tell_forgotten(forgotten) end
end

--- Runs a suite; what happens goes to events.
-- @tparam string path the suite's file
-- @tparam signals signals from core.signals_open
-- @treturn int the exit status it asked for with os.exit: 0 or 1
function suite.run(path, signals)
  local self <close> = declared.open(path)
  run_to_end(self, path, signals)
  return self.asked
end

return suite
