-- SPDX-License-Identifier: MIT

--- A call of a testlet as an object: what a suite loops over, closes, waits for and
-- asks. How its jobs run is batch.lua's.
-- @module cleantest.call.call

local artifacts = require "cleantest.call.artifacts"
local Batch = require "cleantest.call.batch"
local ids = require "cleantest.call.ids"
local testlet_env = require "cleantest.call.testlet_env"
local where = require "cleantest.where"

--- What a call of a testlet returns.
-- @type Call
local Call = { __name = "cleantest.call" }
Call.__index = Call

local batches = setmetatable({}, { __mode = "k" }) -- call -> batch

--- The next result, which is waited for: a call is its own iterator.
-- @function Call:__call
-- @treturn ?string its name; nil when there are no more
-- @treturn ?result
function Call:__call()
  local result = batches[self]:next()
  if not result then return nil end
  return result.name, result
end

--- Waits for all results.
-- @treturn table a list of results in the call's order; those that a loop has taken already are
--   in it, too
function Call:all()
  return batches[self]:all()
end

--- Waits for the only result of a call that has one job; throws when it has more.
-- @treturn result
function Call:only()
  local count = #batches[self].jobs
  if count ~= 1 then
    where.fail("call:only: this call has %d results; use all(), or loop over the call", count)
  end
  return self:all()[1]
end

--- Waits until every job is over and its instance gone. The results can be had afterwards.
-- @treturn call itself
function Call:wait()
  batches[self]:complete()
  return self
end

--- Ends the jobs that are not over as soon as they can be ended; returns at once. Their results
-- come all the same.
function Call:cancel()
  batches[self]:cancel()
end

--- The end of its block: what is not over is cancelled and waited for.
function Call:__close()
  batches[self]:close()
end

-- "call of test-debian-12-amd64, test-debian-13-amd64: 1 of 2 results"
function Call:__tostring()
  local batch, labels = batches[self], {}
  for i, job in ipairs(batch.jobs) do labels[i] = job.label end
  return ("call of %s: %d of %d results"):format(table.concat(labels, ", "), #batch.arrived,
    #batch.jobs)
end

--- Starts jobs.
-- @function start
-- @local
-- @tparam table list jobs from jobs.complete, of names that were checked; those without an id get
--   one, unless they are directed by an archon
-- @tparam table options as for Batch.start
-- @return what a generic `for` over name, result wants; the first value is the call
return function(list, options)
  for _, job in ipairs(list) do
    if not job.directed then
      ids.assign { job }
      artifacts.add(job)
      job.testlet_env = testlet_env(job)
    end
  end
  local self = setmetatable({}, Call)
  batches[self] = Batch.start(list, options)
  return self, nil, nil, self
end
