-- SPDX-License-Identifier: MIT
--
-- suite.lua - runs one suite file under the command: loads it, unwinds it when it fails, ends
-- or is interrupted, waits for what it started, and leaves nothing of it to the next suite.

local archon = require "cleantest.archon"
local Batch = require "cleantest.call.batch"
local env = require "cleantest.env"
local check = require "cleantest.check"
local config = require "cleantest.config"
local declared = require "cleantest.call.declared"
local events = require "cleantest.call.events"
local run = require "cleantest.run"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local suite = {}

-- What os.exit throws under the command, so that the suite's loops are closed on the way.
local Exit = { __name = "os.exit" }

function Exit:__tostring()
  return ("os.exit(%s)"):format(self.code)
end

local function put_back(into, saved)
  for key in pairs(tables.copy(into)) do
    if saved[key] == nil then into[key] = nil end
  end
  tables.update(into, saved)
end

-- Gives the suite its surroundings. Returns a function that takes them away again.
local function surround(path, exit)
  local globals, loaded, os_exit = tables.copy(_G), tables.copy(package.loaded), os.exit
  local package_path = package.path
  local folder = path:match("^(.*)/[^/]*$") or "."
  package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package_path)
  _G.arg = { [0] = path }
  os.exit = exit -- luacheck: ignore 122
  return function()
    os.exit = os_exit -- luacheck: ignore 122
    package.path = package_path
    put_back(package.loaded, loaded)
    put_back(_G, globals)
    config.reset_all()
    env.shared:reset()
  end
end

-- The suite's part of a traceback: what called the suite is not its business.
local function trace(path)
  local lines, level = {}, 3
  local info = debug.getinfo(level, "Sl")
  while info do
    if info.what ~= "C" and not where.is_own(info) then
      lines[#lines + 1] = ("%s:%d"):format(info.short_src, info.currentline)
    end
    if info.what == "main" and info.source == "@" .. path then break end
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  return lines
end

-- Makes a message handler for xpcall.
local function explain(path)
  return function(problem)
    if getmetatable(problem) == Exit then return problem end
    local message, lines = tostring(problem), trace(path)
    if #lines == 1 and message:sub(1, #lines[1]) == lines[1] then return message end
    return table.concat({ message, table.unpack(lines) }, "\n  at ")
  end
end

-- A suite may return its testlets, and options for all of them; then they are run here.
local function run_declared(testlets, options)
  if testlets == nil then return end
  if type(testlets) ~= "table" or getmetatable(testlets) then
    check.refuse("what the suite returns", "a table of testlets", testlets)
  end
  run.run(testlets, options):all()
end

local function run_chunk(chunk, path, signals)
  local ok, problem = xpcall(function()
    signals:arm()
    run_declared(chunk())
    signals:disarm()
  end, explain(path))
  signals:disarm()
  if ok or getmetatable(problem) == Exit then return end
  return problem
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

local function run_to_end(chunk, path, signals)
  local problem = run_chunk(chunk, path, signals)
  if problem then events.emit("raised", path, problem) end
  local late = finish(signals)
  local caught = signals:caught()
  if caught and not problem and #late == 0 then late[1] = "interrupted by " .. caught end
  for _, other in ipairs(late) do events.emit("raised", path, other) end
  local forgotten = declared.take()
  if not problem and #late == 0 then tell_forgotten(forgotten) end
end

local function exit_status(code)
  return (code == nil or code == true or code == 0) and 0 or 1
end

--- Runs a suite; what happens goes to events.
-- @tparam string path the suite's file
-- @tparam signals signals from core.signals_open
-- @treturn int the exit status it asked for with os.exit: 0 or 1
function suite.run(path, signals)
  local asked = 0
  local take_away = surround(path, function(code)
    asked = math.max(asked, exit_status(code))
    error(setmetatable({ code = code }, Exit), 0)
  end)
  where.enter_suite(path)
  local chunk, message = loadfile(path, "t")
  if chunk then
    run_to_end(chunk, path, signals)
  else
    events.emit("unloadable", path, message)
  end
  where.enter_suite(nil)
  take_away()
  return asked
end

return suite
