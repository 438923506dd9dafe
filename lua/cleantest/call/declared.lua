-- SPDX-License-Identifier: MIT
--
-- declared.lua - loads a suite's file: what it declares can be listed, chosen from and run. A
-- suite is *declared* when it returns its testlets; one that loops over its calls by itself runs
-- them while it is loaded, unless it is only listed. Neither loading a declared suite nor listing
-- any needs a daemon.
--
--   local suite <close> = declared.open "suites/web.lua"
--   if suite:load() and suite.jobs then suite:start(chosen_of(suite.jobs)):all() end
--
-- A suite has its surroundings (package.path, arg, os.exit) from open to close, and leaves nothing
-- of its own: no global, loaded module, hook, setting or variable.

local check = require "cleantest.check"
local config = require "cleantest.config"
local env = require "cleantest.env"
local ids = require "cleantest.call.ids"
local leave = require "cleantest.leave"
local listing = require "cleantest.call.listing"
local run = require "cleantest.run"
local show = require "cleantest.show"
local tables = require "cleantest.tables"
local uncalled = require "cleantest.call.uncalled"
local where = require "cleantest.where"

local declared = {}

local Suite = { __name = "cleantest.suite" }
Suite.__index = Suite

local xpcall <const> = xpcall -- of Lua's own, which ends a suite's os.exit

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
  local unguard = leave.guard()
  where.enter_suite(path)
  return function()
    where.enter_suite(nil)
    unguard()
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
    if leave.is_exit(problem) then return problem end
    local message, lines = show(problem), trace(path)
    if #lines == 1 and message:sub(1, #lines[1]) == lines[1] then return message end
    return table.concat({ message, table.unpack(lines) }, "\n  at ")
  end
end

local function exit_status(code)
  return (code == nil or code == true or code == 0) and 0 or 1
end

--- Opens a suite; nothing of it is run yet.
-- @tparam string path of its file
-- @treturn suite to be closed; asked: the exit status that it asked for with os.exit, 0 or 1
function declared.open(path)
  local self = setmetatable({ path = path, asked = 0 }, Suite)
  self.leave = surround(path, function(code)
    self.asked = math.max(self.asked, exit_status(code))
    leave.throw(code)
  end)
  return self
end

--- Calls a function as a part of the suite: os.exit ends it, and no more.
-- @tparam function f
-- @treturn boolean true when it came to its end, or left by os.exit
-- @treturn ?string why it did not: the error, with the suite's part of the traceback
function Suite:protect(f)
  local ok, problem = xpcall(f, explain(self.path))
  if ok or leave.is_exit(problem) then return true end
  return false, problem
end

-- A suite may return its testlets, and options for all of them.
local function plan(testlets, options)
  if testlets == nil then return nil end
  if type(testlets) ~= "table" or getmetatable(testlets) then
    check.refuse("what the suite returns", "a table of testlets", testlets)
  end
  local made = run.plan(testlets, options)
  ids.assign(made.jobs)
  return made
end

--- Runs the suite's file: a declared suite starts nothing by that.
-- @treturn boolean true; jobs is then what it has declared, a list of what jobs.describe makes,
--   with ids; nil: it has returned nothing
-- @treturn ?string instead of true false, and why not: it can't be read, or an error was raised
-- @treturn ?boolean true: the file can't be loaded at all
function Suite:load()
  local chunk, message = loadfile(self.path, "t")
  if not chunk then return false, message, true end
  local ok, problem = self:protect(function()
    self.plan = plan(chunk())
    self.jobs = self.plan and self.plan.jobs
  end)
  return ok, problem
end

--- Starts jobs of a declared suite, all in one pool, with its own options.
-- @tparam[opt] table chosen some of `jobs`, at least one, in its order; default: all
-- @treturn call
function Suite:start(chosen)
  return (run.start(self.plan, chosen))
end

--- Takes the suite's surroundings away. May be called again.
function Suite:close()
  if self.leave then self.leave() end
  self.leave = nil
end

Suite.__close = Suite.close

--- What a suite has, without running it: the jobs that it declares, and those of the calls that it
-- makes by itself, which give no results here.
-- @tparam string path of its file
-- @treturn table a list of what jobs.describe makes, with ids
-- @treturn ?string why there may be more: an error of the suite's; it needs a result or an instance
function declared.list(path)
  local suite <close> = declared.open(path)
  return ids.apart(function()
    listing.begin()
    local ok, message = suite:load()
    local list = listing.stop()
    uncalled.take()
    ids.assign(list)
    table.move(suite.jobs or {}, 1, suite.jobs and #suite.jobs or 0, #list + 1, list)
    return list, not ok and message or nil
  end)
end

return declared
