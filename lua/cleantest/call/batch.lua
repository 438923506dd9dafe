-- SPDX-License-Identifier: MIT

--- One call's jobs on their way through the engine: it takes events in, keeps the
-- results, and hands them over in order. Every open batch is known here, so that none is
-- forgotten: one that nobody iterates is still waited for.
-- @internal cleantest.call.batch

local events = require "cleantest.call.events"
local expect = require "cleantest.expect"
local launch = require "cleantest.call.launch"
local result = require "cleantest.call.result"
local text = require "cleantest.text"
local where = require "cleantest.where"

local Batch = { __name = "cleantest.batch" }
Batch.__index = Batch

local open = {} -- batches that are not closed, the oldest first
local stopped -- why nothing more is started; nil: it is

-- The jobs that are to run, and where each of them is in the list.
local function sort_out(jobs)
  local wanted, numbers = {}, {}
  for i, job in ipairs(jobs) do
    job.skipped = expect.skipped(job.verdict, job)
    if not job.skipped then
      wanted[#wanted + 1] = job
      numbers[#wanted] = i
    end
  end
  return wanted, numbers
end

--- Starts jobs.
-- @tparam table jobs from jobs.complete
-- @tparam table options config: of the provider; max_live: the most instances alive at once, 0: as
--   many as there are CPUs; order: "declared" (default) or "completed"; run: the binding's
--   (default: the session's); reserve: from reserve.check
-- @treturn batch
function Batch.start(jobs, options)
  local wanted, numbers = sort_out(jobs)
  local handle, message
  if #wanted > 0 and not stopped then handle, message = launch(wanted, options) end
  local self = setmetatable({
    handle = handle,
    jobs = jobs,
    numbers = numbers, -- the engine's number of a job -> its number here
    order = options.order or "declared",
    results = {}, -- by the job's number
    arrived = {}, -- numbers of jobs, as their results came
    handed = 0, -- how many results the suite has got
    closed = false,
    cancelled = stopped ~= nil,
    broken = false, -- a teardown failed
  }, Batch)
  open[#open + 1] = self
  events.emit("jobs", jobs)
  for i, job in ipairs(jobs) do
    if job.skipped then
      self:arrive(i, result.skipped(job))
    elseif not handle then
      self:arrive(i, result.broken(job, stopped or message))
    end
  end
  return self
end

function Batch:arrive(number, new)
  self.results[number] = new
  self.arrived[#self.arrived + 1] = number
  -- What a cancelled job could not finish says nothing of the environment.
  if self.cancelled and new.status == "error" then self.jobs[number].cancelled = true end
  if new.status == "skip" and not new.reason then new.reason = text.last_line(new.stderr) end
  if not self.jobs[number].skipped then expect.apply(new, self.jobs[number].verdict) end
  events.emit("result", self.jobs[number], new)
end

function Batch:take(event)
  local number = self.numbers[event.job]
  local job = self.jobs[number]
  if event.type == "phase" then
    events.emit("phase", job, event)
  elseif event.type == "note" then
    events.emit("note", event.message)
  elseif event.type == "result" then
    self:arrive(number, result.of_job(result.wrap(event.result), job))
  else
    local known = self.results[number]
    if known then known.phases.teardown = event.seconds end
    if event.message and not event.preserved then self.broken = true end
    events.emit("done", job, event)
  end
end

-- Takes in what other calls' jobs have done meanwhile.
local function poll_others(self)
  for _, other in ipairs(open) do
    local event = other ~= self and other.handle and other.handle:wait(0)
    while event do
      other:take(event)
      event = other.handle:wait(0)
    end
  end
end

--- Waits for an event, or until a tick is due.
-- @treturn boolean false when every job is over
function Batch:step()
  if not self.handle then return false end
  events.emit("wait")
  local event, message, name = self.handle:wait(events.interval())
  if event == false then return false end
  if event then
    self:take(event)
  elseif name ~= "TIMEOUT" then
    where.fail("%s", message)
  end
  poll_others(self)
  events.emit("tick")
  return true
end

function Batch:next_number()
  if self.order == "completed" then return self.arrived[self.handed + 1] end
  return self.results[self.handed + 1] and self.handed + 1
end

--- Waits for the next result.
-- @treturn ?result nil, with the batch closed, when there are no more
function Batch:next()
  local number = self:next_number()
  while not number and self.handed < #self.jobs and self:step() do number = self:next_number() end
  if not number then
    self:finish()
    return nil
  end
  self.handed = self.handed + 1
  events.emit("pause")
  return self.results[number]
end

--- Ends the jobs that are not over as soon as they can be ended; returns at once.
function Batch:cancel()
  self.cancelled = true
  if self.handle then self.handle:cancel() end
end

-- Results that are bad, and that the suite has never looked at.
function Batch:count_unseen()
  local count = 0
  for i = self.handed + 1, #self.jobs do
    local number = self.order == "completed" and self.arrived[i] or i
    local known = self.results[number]
    if known and (known.status == "fail" or known.status == "error") then count = count + 1 end
  end
  return count
end

--- Waits until every instance is torn down, and closes the batch. May be called again.
function Batch:finish()
  if self.closed then return end
  while self:step() do end -- luacheck: ignore 542
  self.closed = true
  for i, other in ipairs(open) do
    if other == self then table.remove(open, i) end
  end
  self:release()
  local unseen = self.cancelled and 0 or self:count_unseen()
  if unseen > 0 then events.emit("unseen", self, unseen) end
  events.emit("pause")
end

function Batch:release()
  local handle = self.handle
  self.handle = nil
  if not handle then return end
  local ok, message = handle:close()
  -- A failed teardown that an event told of is not told twice.
  if not ok and not self.broken then events.emit("broken", message) end
end

--- Waits until every job is over; results that were not handed over are kept.
function Batch:complete()
  while self:step() do end -- luacheck: ignore 542
  events.emit("pause")
end

--- Waits until every job is over, and closes the batch.
-- @treturn table a list of all results, in order
function Batch:all()
  self:complete()
  self.handed = #self.jobs
  self:finish()
  if self.order == "declared" then return table.move(self.results, 1, #self.jobs, 1, {}) end
  local list = {}
  for i, number in ipairs(self.arrived) do list[i] = self.results[number] end
  return list
end

--- A loop over the results was left: what is not over is cancelled and waited for.
function Batch:close()
  if self.closed then return end
  self:cancel()
  self:finish()
end

--- The state closes: nothing is cancelled, all is waited for.
function Batch:__gc()
  self:finish()
end

--- Ends all that runs as soon as it can be ended, and starts nothing more; returns at once.
-- @tparam ?string reason why; nil: from now on batches are started again
function Batch.stop(reason)
  stopped = reason
  if not reason then return end
  for _, batch in ipairs(open) do batch:cancel() end
end

--- Finishes all open batches.
-- @tparam[opt] boolean cancel end them as soon as they can be ended
function Batch.finish_all(cancel)
  if cancel then
    for _, batch in ipairs(open) do batch:cancel() end
  end
  while open[1] do open[1]:finish() end
end

return Batch
