-- SPDX-License-Identifier: MIT
--
-- tally.lua - counts what happened, for the command's summary and its exit status. It prints
-- nothing.

local core = require "cleantest.core"

local NOTHING_RAN <const> = 3

local Tally = {}
Tally.__index = Tally

--- An empty tally, and a clock that starts now.
-- @treturn table handlers for events.subscribe
function Tally.new()
  return setmetatable({
    pass = 0,
    fail = 0,
    error = 0,
    skip = 0,
    xfail = 0,
    cancelled = 0, -- ended by the suite or a signal: no verdict
    ran = 0, -- jobs that ended, whatever became of them
    status = 0, -- the highest exit status so far
    began = core.clock(),
  }, Tally)
end

--- Asks for an exit status; the highest wins.
-- @tparam int status 0, 1 or 2
function Tally:ask(status)
  self.status = math.max(self.status, status)
end

local status_of = { pass = 0, skip = 0, xfail = 0, fail = 1, error = 2 }

--- A result came.
function Tally:result(job, result)
  self.ran = self.ran + 1
  if job.directed then return end -- an archon's: no test
  if job.cancelled then
    self.cancelled = self.cancelled + 1
    return
  end
  self[result.status] = self[result.status] + 1
  self:ask(status_of[result.status])
end

--- A job is over: one that could not be torn down is the environment's failure.
function Tally:done(_, event)
  if event.message and not event.preserved then self:ask(2) end
end

--- A batch could not be closed well.
function Tally:broken()
  self:ask(2)
end

--- A suite raised an error.
function Tally:raised()
  self:ask(1)
end

--- A suite could not be loaded.
function Tally:unloadable()
  self:ask(2)
end

--- The command's exit status.
-- @treturn int 0 to 2, the highest that was asked for; 3 when nothing ran
function Tally:exit_status()
  if self.status == 0 and self.ran == 0 then return NOTHING_RAN end
  return self.status
end

--- The summary.
-- @treturn string "N passed, N failed, N errors, N skipped in S s"
function Tally:line()
  local parts = {
    ("%d passed, %d failed, %d error%s, %d skipped"):format(self.pass, self.fail, self.error,
      self.error == 1 and "" or "s", self.skip),
  }
  if self.xfail > 0 then parts[#parts + 1] = ("%d failed as expected"):format(self.xfail) end
  if self.cancelled > 0 then parts[#parts + 1] = ("%d cancelled"):format(self.cancelled) end
  local line = table.concat(parts, ", ")
  if self.ran == 0 then line = "nothing ran: " .. line end
  return ("%s in %.1f s"):format(line, core.clock() - self.began)
end

return Tally
