-- SPDX-License-Identifier: MIT
--
-- batch.lua - one call's jobs on their way through the engine: it takes events in, keeps the
-- results, and hands them over in order. Every open batch is known here, so that none is
-- forgotten: one that nobody iterates is still waited for.

local core = require "cleantest.core"
local config = require "cleantest.config"
local events = require "cleantest.call.events"
local remote = require "cleantest.call.remote"
local result = require "cleantest.call.result"
local session = require "cleantest.call.session"
local where = require "cleantest.where"

local Batch = { __name = "cleantest.batch" }
Batch.__index = Batch

local open = {} -- batches that are not closed, the oldest first

-- What only the suite can put right is thrown; the rest becomes results.
local mistakes = { ARGUMENT = true, UNKNOWN_IMAGE = true, UNKNOWN_INSTANCE = true }

local HINT = ' It is no stock name either, like "debian-12-amd64"; what another server has is named'
  .. ' "REMOTE:ALIAS".'

local function throw(message, name)
  where.fail("%s", name == "UNKNOWN_IMAGE" and message .. "." .. HINT or message)
end

local function fill(handle, jobs)
  for _, job in ipairs(jobs) do
    local number, message, name = handle:add(job)
    if not number then return nil, message, name end
  end
  return handle:start()
end

-- Closes the engine's batch, should what ends before it has started be an error: a signal may
-- come at any time.
local function closing(handle)
  return setmetatable({ handle = handle }, {
    __close = function(self)
      if self.handle then self.handle:close() end
    end,
  })
end

-- A started batch of the engine's, or nil, message.
local function launch(jobs, options)
  local run, message, name = options.run, nil, nil
  if not run then run, message, name = session.open(config.settings(options.config)) end
  local handle
  if run then
    remote.new(run:server(), config.servers(options.config)):fill(jobs)
    handle, message, name = core.batch_new(run, options.max_live, options.reserve)
  end
  if not handle then
    if mistakes[name] then throw(message, name) end
    return nil, message
  end
  local started
  local pending <close> = closing(handle)
  started, message, name = fill(handle, jobs)
  if started then
    pending.handle = nil
    return handle
  end
  if mistakes[name] then throw(message, name) end
  return nil, message
end

--- Starts jobs.
-- @tparam table jobs from jobs.build
-- @tparam table options config: of the provider; max_live: the most instances alive at once, 0: as
--   many as there are CPUs; order: "declared" (default) or "completed"; run: the binding's
--   (default: the session's); reserve: from reserve.check
-- @treturn batch
function Batch.start(jobs, options)
  local handle, message = launch(jobs, options)
  local self = setmetatable({
    handle = handle,
    jobs = jobs,
    order = options.order or "declared",
    results = {}, -- by the job's number
    arrived = {}, -- numbers of jobs, as their results came
    handed = 0, -- how many results the suite has got
    closed = false,
    cancelled = false,
    broken = false, -- a teardown failed
  }, Batch)
  open[#open + 1] = self
  events.emit("jobs", jobs)
  if not handle then
    for i, job in ipairs(jobs) do self:arrive(i, result.broken(job, message)) end
  end
  return self
end

function Batch:arrive(number, new)
  self.results[number] = new
  self.arrived[#self.arrived + 1] = number
  -- What a cancelled job could not finish says nothing of the environment.
  if self.cancelled and new.status == "error" then self.jobs[number].cancelled = true end
  events.emit("result", self.jobs[number], new)
end

function Batch:take(event)
  local job = self.jobs[event.job]
  if event.type == "phase" then
    events.emit("phase", job, event)
  elseif event.type == "note" then
    events.emit("note", event.message)
  elseif event.type == "result" then
    self:arrive(event.job, result.wrap(event.result))
  else
    local known = self.results[event.job]
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

--- A loop over the results was left: what is not over is cancelled and waited for.
function Batch:__close()
  if self.closed then return end
  self:cancel()
  self:finish()
end

--- The state closes: nothing is cancelled, all is waited for.
function Batch:__gc()
  self:finish()
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
