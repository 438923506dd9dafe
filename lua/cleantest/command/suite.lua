-- SPDX-License-Identifier: MIT

--- Runs suites under the command: unwinds one that fails, ends or is interrupted, waits
-- for what it started, and tells what it forgot. One that loops over its calls runs while it is
-- loaded; what the others have declared runs together, afterwards. How a suite is loaded is
-- call/declared.lua's, what runs together pool.lua's.
-- @internal cleantest.command.suite

local archon = require "cleantest.archon"
local Batch = require "cleantest.call.batch"
local declared = require "cleantest.call.declared"
local events = require "cleantest.call.events"
local ids = require "cleantest.call.ids"
local pool = require "cleantest.command.pool"
local uncalled = require "cleantest.call.uncalled"

local pcall <const> = pcall -- of Lua's own, which ends a suite's os.exit

local suite = {}

-- Calls a function while signals are errors. Returns what pcall does.
local function armed(signals, f)
  local results = table.pack(pcall(function()
    signals:arm()
    return f()
  end))
  signals:disarm()
  return table.unpack(results, 1, results.n)
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

-- The end of what ran: it is waited for, and what went wrong is told.
local function conclude(path, problem, signals)
  tell_raised(path, { problem }, signals:caught())
  local late = finish(signals)
  local caught = signals:caught()
  if caught then events.emit("interrupted", path, caught) end
  tell_raised(path, late, caught)
  return not problem and #late == 0
end

-- Runs the suite's file. Returns what was wrong with that, and whether it can't be loaded at all.
local function load_file(self, signals)
  local called, ok, problem, unloadable = armed(signals, function() return self:load() end)
  if not called then return ok end
  return not ok and problem or nil, unloadable
end

local function load_to_end(self, path, signals)
  local problem, unloadable = load_file(self, signals)
  if unloadable then return events.emit("unloadable", path, problem) end
  if not problem and self.jobs and not signals:caught() then
    self.archons = archon.set_aside()
    return tell_forgotten(uncalled.take())
  end
  self.jobs = nil
  local fine = conclude(path, problem, signals)
  local forgotten = uncalled.take()
  if fine then tell_forgotten(forgotten) end
end

--- Loads a suite, and with that runs one that loops over its calls; what happens goes to events.
-- @tparam table entry path, the suite's file; chunk: a function in its place
-- @tparam signals signals from core.signals_open
-- @treturn suite paused; jobs: what it has declared, and is still to be run; asked: the exit status
--   it asked for with os.exit so far
function suite.load(entry, signals)
  local self = declared.open(entry.path, entry.chunk)
  load_to_end(self, entry.path, signals)
  self:pause()
  return self
end

-- The path of the suite that an error is about, that whose image it names, and the error with its
-- line.
local function blame(group, problem)
  for _, job in ipairs(group.jobs) do
    if problem:find(('"%s"'):format(job.image), 1, true) then
      for _, self in ipairs(group.suites) do
        if ids.path(self.path) == job.suite then
          return self.path, ("%s: %s"):format(job.position or job.suite, problem)
        end
      end
    end
  end
  return group.suites[1].path, problem
end

local function run_group(group, signals, order)
  local ok, problem = armed(signals, function() pool.run(group, order) end)
  group.suites[1]:pause()
  local path = group.suites[1].path
  if not ok then path, problem = blame(group, tostring(problem)) end
  conclude(path, not ok and problem or nil, signals)
end

local function gather(suites, signals)
  local ok, groups = armed(signals, function()
    return pool.gather(suites, function(self, problem)
      tell_raised(self.path, { problem }, signals:caught())
    end)
  end)
  for _, self in ipairs(suites) do self:pause() end
  if ok then return groups end
  tell_raised(suites[1].path, { groups }, signals:caught())
  return {}
end

-- The archons that these suites have made are there again: they end with what runs next.
local function bring_back(suites)
  for _, self in ipairs(suites) do
    archon.bring_back(self.archons)
    self.archons = {}
  end
end

--- Runs nothing of what suites have declared: the instances that they direct go.
-- @tparam table suites from suite.load, at least one; those that have jobs
-- @tparam signals signals from core.signals_open
function suite.abandon(suites, signals)
  bring_back(suites)
  tell_raised(suites[1].path, archon.destroy_all(), signals:caught())
end

--- Runs what suites have declared.
-- @tparam table suites from suite.load, at least one; those that have jobs
-- @tparam signals signals from core.signals_open
-- @tparam ?function order see pool.run
function suite.run_declared(suites, signals, order)
  for _, group in ipairs(gather(suites, signals)) do
    if signals:caught() then break end
    local paths = {}
    for i, self in ipairs(group.suites) do paths[i] = self.path end
    events.emit("pool", paths)
    bring_back(group.suites)
    run_group(group, signals, order)
  end
  suite.abandon(suites, signals)
end

return suite
