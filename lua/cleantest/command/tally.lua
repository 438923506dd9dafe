-- SPDX-License-Identifier: MIT

--- Counts what happened, for the command's summary and its exit status. It prints
-- nothing.
-- @internal cleantest.command.tally

local core = require "cleantest.core"

local NOTHING_RAN <const> = 3
local BY_SIGNAL <const> = 128

local numbers = { SIGHUP = 1, SIGINT = 2, SIGTERM = 15 }

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
    broke = 0, -- suites that raised an error, or can't be loaded
    left = 0, -- instances that could not be torn down
    ran = 0, -- jobs that ended, whatever became of them
    status = 0, -- the highest exit status so far
    when_nothing = NOTHING_RAN, -- the exit status where nothing ran
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
  if not event.message or event.preserved then return end
  self.left = self.left + 1
  self:ask(2)
end

--- A batch could not be closed well.
function Tally:broken()
  self:ask(2)
end

--- A suite raised an error.
function Tally:raised()
  self.broke = self.broke + 1
  self:ask(1)
end

--- A suite could not be loaded.
function Tally:unloadable()
  self.broke = self.broke + 1
  self:ask(2)
end

--- Says how many of all jobs were selected, where some were not.
-- @tparam int known
-- @tparam int selected
function Tally:select(known, selected)
  if selected < known then self.known, self.selected = known, selected end
end

--- A suite was interrupted.
function Tally:interrupted(_, signal)
  self.signal = signal
end

--- The last results have come: reports may read it now.
-- @treturn tally itself, with seconds and exit_code
function Tally:close()
  self.seconds = core.clock() - self.began
  self.exit_code = self:exit_status()
  return self
end

--- The command's exit status.
-- @treturn int 128 and the signal's number when it was interrupted; else 0 to 2, the highest that
--   was asked for; 3 when nothing ran
function Tally:exit_status()
  if self.signal then return BY_SIGNAL + numbers[self.signal] end
  if self.status == 0 and self.ran == 0 then return self.when_nothing end
  return self.status
end

-- What most runs have none of.
local function rare(self)
  local function some(count, one, many)
    if count > 0 then return (", %d %s"):format(count, count == 1 and one or many) end
    return ""
  end
  return some(self.xfail, "failed as expected", "failed as expected")
    .. some(self.cancelled, "cancelled", "cancelled")
    .. some(self.broke, "suite broke", "suites broke")
    .. some(self.left, "instance not torn down", "instances not torn down")
end

--- The summary.
-- @treturn string "N passed, N failed, N errors, N skipped in S s"
function Tally:line()
  local counts = ("%d passed, %d failed, %d error%s, %d skipped"):format(self.pass, self.fail,
    self.error, self.error == 1 and "" or "s", self.skip)
  local first = self.signal and "interrupted: " or self.ran == 0 and "nothing ran: " or ""
  if self.known then first = ("%s%d of %d selected: "):format(first, self.selected, self.known) end
  return ("%s%s%s in %.1f s"):format(first, counts, rare(self),
    self.seconds or core.clock() - self.began)
end

return Tally
