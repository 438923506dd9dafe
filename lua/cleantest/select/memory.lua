-- SPDX-License-Identifier: MIT

--- How each job of a project ended when it was last run, for `lf`, `ff` and `shard` M/N:time. It is
-- a file to which a line is added as a job begins, and one as its result comes: so what was cut
-- short is known even after a kill -9. Where it can't be read or written, nothing is remembered.
--
--   cleantest results 1
--   begun 0 suites/web.lua::install@debian-12
--   fail 3.25 suites/web.lua::install@debian-12
-- @internal cleantest.select.memory

local core = require "cleantest.core"
local hash = require "cleantest.select.hash"
local ids = require "cleantest.call.ids"

local Memory = {}
Memory.__index = Memory

local HEADER <const> = "cleantest results 1"
local MOST <const> = 50000 -- ids

local bad = { fail = true, error = true, begun = true, cut = true }

-- The folder where results are: beside the durations, which the engine keeps.
local function state_folder()
  local durations = os.getenv "CLEANTEST_STATE"
  if durations then return durations ~= "" and durations .. ".results" or nil end
  local state, home = os.getenv "XDG_STATE_HOME", os.getenv "HOME"
  if state and state ~= "" then return state .. "/cleantest/results" end
  return home and home ~= "" and home .. "/.local/state/cleantest/results" or nil
end

-- A project's root as the name of a file.
local function name_of(root)
  local name = root:gsub("[^%w._-]", "-"):sub(-100)
  return ("%s-%08x"):format(name, hash(root))
end

local function read(self)
  local file <close> = io.open(self.path)
  if not file then return true end
  if file:read "l" ~= HEADER then return false end
  for line in file:lines() do
    local status, seconds, id = line:match "^(%l+) ([%d.]+) (.+)$"
    if id then
      self.lines = self.lines + 1
      local before = self.known[id]
      if status == "begun" and before then seconds = before.seconds end
      self.known[id] = { status = status, seconds = tonumber(seconds) or 0, at = self.lines }
    end
  end
  return true
end

--- What is remembered of a project.
-- @tparam string root its folder
-- @treturn memory
function Memory.of(root)
  local folder = state_folder()
  local self = setmetatable({
    folder = folder, path = folder and ("%s/%s"):format(folder, name_of(root)),
    known = {}, -- id -> { status=, seconds=, at= }
    lines = 0,
    bad_now = {}, -- ids that were bad in this run: what comes of them later does not count
  }, Memory)
  if self.path and not read(self) then self.path = nil end
  return self
end

--- Is a job to be run again? So are those that failed, broke, were cut short, or never ran.
-- @tparam string id
-- @treturn boolean
function Memory:is_due(id)
  local known = self.known[ids.lasting(id)]
  return not known or bad[known.status] or false
end

--- Did a job end badly, or not at all?
function Memory:was_bad(id)
  local known = self.known[ids.lasting(id)]
  return known ~= nil and bad[known.status] or false
end

--- What a job took.
-- @treturn ?number seconds
function Memory:seconds_of(id)
  local known = self.known[ids.lasting(id)]
  return known and known.seconds > 0 and known.seconds or nil
end

local function line_of(status, seconds, id)
  return ("%s %.2f %s\n"):format(status, seconds, id)
end

-- Writes one line for each id, when there are many more.
local function compact(self)
  local list = {}
  for id, known in pairs(self.known) do list[#list + 1] = { id = id, known = known } end
  if self.lines < 4 * #list + 1000 then return end
  table.sort(list, function(a, b) return a.known.at < b.known.at end)
  local file <close> = io.open(self.path .. ".part", "w")
  if not file then return end
  file:write(HEADER, "\n")
  for i = math.max(1, #list - MOST + 1), #list do
    file:write(line_of(list[i].known.status, list[i].known.seconds, list[i].id))
  end
  if file:close() then os.rename(self.path .. ".part", self.path) end
end

--- Begins to remember: to be subscribed to events.
-- @treturn table handlers
function Memory:begin()
  if self.path and core.make_folders(self.folder) then
    compact(self)
    self.file = io.open(self.path, "a")
    if self.file and self.file:seek "end" == 0 then self.file:write(HEADER, "\n") end
  end
  return self
end

-- What is written is in the system's hands at once.
function Memory:add(text)
  if not self.file then return end
  self.file:write(text)
  self.file:flush()
end

--- Jobs begin.
function Memory:jobs(jobs)
  local lines = {}
  for _, job in ipairs(jobs) do
    local id = ids.lasting(job.id)
    if not (job.directed or self.bad_now[id]) then lines[#lines + 1] = line_of("begun", 0, id) end
  end
  self:add(table.concat(lines))
end

--- A result came.
function Memory:result(job, result)
  local id = ids.lasting(job.id)
  if job.directed or self.bad_now[id] then return end
  local status = job.cancelled and "cut" or result.status
  self.bad_now[id] = bad[status]
  self:add(line_of(status, result.duration, id))
end

--- The end of the run.
function Memory:summary()
  if self.file then self.file:close() end
  self.file = nil
end

return Memory
