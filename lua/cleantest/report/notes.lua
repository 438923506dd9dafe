-- SPDX-License-Identifier: MIT

--- The report of a suite that runs without the command (lua5.4, busted): silent
-- but for what the suite can't know from its results, in one line each.
-- @internal cleantest.report.notes

local text = require "cleantest.text"

local Notes = {}
Notes.__index = Notes

--- A report for such a suite.
-- @tparam file err where the lines go
-- @treturn table handlers for events.subscribe
function Notes.new(err)
  return setmetatable({ err = err }, Notes)
end

function Notes:note(...)
  self.err:write(("cleantest: %s\n"):format(text.printable(table.concat { ... })))
end

--- A job is over: what was kept, or could not be torn down.
function Notes:done(job, event)
  if not event.message then return end
  self:note(job.name, event.preserved and ": kept, get in with: " or ": ", event.message)
end

--- A batch could not be closed well.
function Notes:broken(message)
  self:note(message)
end

--- Results that are bad, of a call whose results nobody has looked at.
function Notes:unseen(batch, count)
  local names = {}
  for number, result in pairs(batch.results) do
    if result.status == "fail" or result.status == "error" then
      names[#names + 1] = ("%s (%s)"):format(batch.jobs[number].label, result.status)
    end
  end
  table.sort(names)
  self:note(("%d bad, and never looked at: "):format(count), table.concat(names, ", "))
end

return Notes
