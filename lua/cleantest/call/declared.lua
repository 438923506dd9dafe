-- SPDX-License-Identifier: MIT

--- Loads a suite's file: what it declares can be listed, chosen from and run. A
-- suite is *declared* when it returns its testlets; one that loops over its calls by itself runs
-- them while it is loaded, unless it is only listed. Neither loading a declared suite nor listing
-- any needs a daemon.
--
--   local suite <close> = declared.open "suites/web.lua"
--   if suite:load() and suite.jobs then suite:start(chosen.of(suite.jobs)):all() end
--
-- A suite has its surroundings (package.path, arg, os.exit) while its code runs, and leaves nothing
-- of its own: no global, loaded module, hook, setting or variable.
-- @internal cleantest.call.declared

local check = require "cleantest.check"
local chosen = require "cleantest.call.chosen"
local events = require "cleantest.call.events"
local ids = require "cleantest.call.ids"
local leave = require "cleantest.leave"
local listing = require "cleantest.call.listing"
local run = require "cleantest.run"
local show = require "cleantest.show"
local Surroundings = require "cleantest.call.surroundings"
local uncalled = require "cleantest.call.uncalled"
local where = require "cleantest.where"

local declared = {}

local Suite = { __name = "cleantest.suite" }
Suite.__index = Suite

local xpcall <const> = xpcall -- of Lua's own, which ends a suite's os.exit

-- The suite's part of a traceback: what called the suite is not its business; nothing, where its
-- file does not run.
local function trace(path)
  local lines, level = {}, 3
  local info = debug.getinfo(level, "Sl")
  while info do
    if info.what ~= "C" and not where.is_own(info) then
      lines[#lines + 1] = ("%s:%d"):format(info.short_src, info.currentline)
    end
    if info.what == "main" and info.source == "@" .. path then return lines end
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  return {}
end

-- Makes a message handler for xpcall.
local function explain(path)
  return function(problem)
    if leave.is_exit(problem) or chosen.is_end(problem) then return problem end
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
-- @tparam[opt] function chunk what is called in the file's place
-- @treturn suite to be closed; asked: the exit status that it asked for with os.exit, 0 or 1
function declared.open(path, chunk)
  local self = setmetatable({ path = path, chunk = chunk, asked = 0 }, Suite)
  self.surroundings = Surroundings.new(path, function(code)
    self.asked = math.max(self.asked, exit_status(code))
    leave.throw(code)
  end)
  self.surroundings:enter()
  return self
end

--- Calls a function as a part of the suite: os.exit ends it, and no more; so does the need of a
-- result that is not selected, which is told as a note.
-- @tparam function f
-- @treturn boolean true when it came to its end, or left by itself
-- @treturn ?string why it did not: the error, with the suite's part of the traceback
function Suite:protect(f)
  local ok, problem = xpcall(f, explain(self.path))
  if ok or leave.is_exit(problem) then return true end
  if not chosen.is_end(problem) then return false, problem end
  events.emit("note", tostring(problem))
  return true
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
  local chunk, message = self.chunk, nil
  if not chunk then chunk, message = loadfile(self.path, "t") end
  if not chunk then return false, message, true end
  local ok, problem = self:protect(function()
    self.plan = plan(chunk())
    self.jobs = self.plan and self.plan.jobs
  end)
  return ok, problem
end

--- Starts jobs of a declared suite, all in one pool, with its own options.
-- @tparam[opt] table chosen_jobs some of `jobs`, at least one, in its order; default: all
-- @treturn call
function Suite:start(chosen_jobs)
  return (run.start(self.plan, chosen_jobs))
end

-- Functions of the suite's that are called when a job begins or ends are called as the suite's.
local function bind(self, job)
  for name, value in pairs(job.verdict) do
    if type(value) == "function" then job.verdict[name] = self.surroundings:bind(value) end
  end
end

--- Makes jobs of a declared suite fit for the engine, for somebody else to start.
-- @tparam table list some of `jobs`, in its order
-- @treturn table list
function Suite:complete(list)
  local first = 1
  for i, job in ipairs(list) do
    local following = list[i + 1]
    if not following or following.decorated ~= job.decorated then -- the end of a testlet's
      local part = table.move(list, first, i, 1, {})
      where.on_behalf(job.position, function() run.complete(self.plan, part) end)
      first = i + 1
    end
    bind(self, job)
  end
  return list
end

--- Puts the suite's surroundings away, until it is resumed. May be called again.
function Suite:pause()
  self.surroundings:leave()
end

--- Puts the suite's surroundings up again.
function Suite:resume()
  self.surroundings:enter()
end

Suite.close = Suite.pause
Suite.__close = Suite.pause

-- What a suite prints while it is only listed is nobody's business.
local function silence()
  local output, print_of = io.output(), print
  local null = assert(io.open("/dev/null", "w"))
  io.output(null)
  print = function() end -- luacheck: ignore 121
  return function()
    io.output(output)
    null:close()
    print = print_of -- luacheck: ignore 121
  end
end

--- What a suite has, without running it: the jobs that it declares, and those of the calls that it
-- makes by itself, which give no results here.
-- @tparam string path of its file
-- @tparam[opt] function chunk what is called in the file's place
-- @treturn table a list of what jobs.describe makes, with ids
-- @treturn ?string why there may be more: an error of the suite's; it needs a result or an instance
-- @treturn ?boolean true: the file can't be loaded at all
function declared.list(path, chunk)
  local suite <close> = declared.open(path, chunk)
  return ids.apart(function()
    local speak = silence()
    listing.begin()
    local ok, message, unloadable = suite:load()
    local list = listing.stop()
    speak()
    uncalled.take()
    ids.assign(list)
    table.move(suite.jobs or {}, 1, suite.jobs and #suite.jobs or 0, #list + 1, list)
    return list, not ok and message or nil, unloadable
  end)
end

return declared
