-- SPDX-License-Identifier: MIT

--- What ends a run before its time: too many failures (-x,
-- --max-fail), too many seconds (--global-timeout). What runs then is cancelled, and nothing more
-- is started.
-- @internal cleantest.command.limits

local Batch = require "cleantest.call.batch"
local core = require "cleantest.core"
local events = require "cleantest.call.events"
local result_of = require "cleantest.call.result"

local Limits = {}
Limits.__index = Limits

--- Limits for a run that begins now.
-- @tparam table given fail_fast, max_fail (a count), global_timeout (seconds), all optional
-- @treturn table handlers for events.subscribe; reached: a limit was
function Limits.new(given)
  local self = setmetatable({
    most = given.fail_fast and 1 or given.max_fail,
    failed = 0,
    reached = false,
    late = false, -- it was that of time
  }, Limits)
  if given.global_timeout then
    self.deadline = core.clock() + given.global_timeout
    self.seconds = given.global_timeout
    self.tick = Limits.check_time -- whoever has it is asked every second
  end
  Batch.stop(nil)
  return self
end

function Limits:stop(reason)
  if self.reached then return end
  self.reached = true
  events.emit("note", reason .. "; nothing more is started")
  Batch.stop(reason)
end

--- A result came.
function Limits:result(job, result)
  if job.directed or job.cancelled or not result_of.is_bad(result) then return end
  self.failed = self.failed + 1
  if self.most and self.failed >= self.most then
    self:stop(("stopped after %d failure%s"):format(self.failed, self.failed == 1 and "" or "s"))
  end
end

--- Has the run taken too long?
function Limits:check_time()
  if not self.deadline or core.clock() < self.deadline then return end
  self.late = true
  self:stop(("stopped after %g s (--global-timeout)"):format(self.seconds))
end

--- The end: other runs of this process are not stopped.
function Limits:close() -- luacheck: no self
  Batch.stop(nil)
end

return Limits
