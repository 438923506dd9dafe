-- SPDX-License-Identifier: MIT

--- Which job had which phase when, for reports that draw it: jobs lie in slots, as
-- many as there were instances at once, and in a slot no two jobs overlap.
-- @internal cleantest.report.timeline

local core = require "cleantest.core"

local Timeline = {}
Timeline.__index = Timeline

--- @treturn timeline without jobs; it knows those that are under way, and forgets the others
function Timeline.new()
  return setmetatable({ rows = {}, free_from = {}, slots = 0 }, Timeline)
end

-- Events of several calls may come out of turn: a slot is free only after what was in it.
function Timeline:take_slot(time)
  local slot = 1
  while (self.free_from[slot] or time) > time do slot = slot + 1 end
  self.free_from[slot] = math.huge
  self.slots = math.max(self.slots, slot)
  return slot
end

local function end_phase(row, time)
  local last = row.phases[#row.phases]
  if last then last.seconds = math.max(time - last.began, 0) end
end

--- A job's instance entered a phase.
function Timeline:phase(job, event)
  local time = event.time or core.clock()
  local row = self.rows[job.number]
  if not row then
    row = { job = job, slot = self:take_slot(time), began = time, phases = {} }
    self.rows[job.number] = row
  end
  end_phase(row, time)
  row.phases[#row.phases + 1] = { phase = event.phase, began = time }
end

--- A job is over.
-- @treturn ?table slot, began, seconds, and phases: a list of { phase=, began=, seconds= }; nil
--   for one that had no phase
function Timeline:done(job, event)
  local row = self.rows[job.number]
  if not row then return nil end
  local time = event.time or core.clock()
  end_phase(row, time)
  row.seconds = math.max(time - row.began, 0)
  self.rows[job.number], self.free_from[row.slot] = nil, row.began + row.seconds
  return row
end

--- The end: jobs that are not over are taken as being over now.
-- @treturn function an iterator over what `done` would return, with the job as `job`
function Timeline:finish()
  return function()
    local _, row = next(self.rows)
    return row and self:done(row.job, {})
  end
end

return Timeline
