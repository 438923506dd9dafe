-- SPDX-License-Identifier: MIT

--- What all reports say of a job and its result in the same words.
-- @internal cleantest.report.told

local result_of = require "cleantest.call.result"

local told = {}

--- The phases of a job, in their order.
told.PHASES = {
  "prepare", "create", "start", "ready", "hooks", "testlet", "collect", "teardown",
}

--- A result's status, or "cancelled": there is no verdict.
-- @tparam table job as from events
-- @tparam table result the same
-- @treturn string
function told.status(job, result)
  return job.cancelled and "cancelled" or result.status
end

--- Is it one that somebody has to look at?
function told.is_bad(job, result)
  return not job.cancelled and result_of.is_bad(result)
end

--- What happened, in words.
-- @treturn string one line or more
function told.reason(job, result)
  local reason = result_of.reason_of(result)
  if not job.cancelled then return reason end
  return reason:find "cancelled$" and "cancelled" or "cancelled: " .. reason
end

--- A job's name in its suite: the id without the suite's path.
function told.name(job)
  return job.id:match "^.-::(.+)$" or job.id
end

--- What its machine was made from.
-- @treturn ?string "built": a prepared environment that was built for this very job; "prepared":
--   one that was there; "cold": the image; nil: no machine was made
function told.machine(result)
  if result.base_built and result.phases.prepare then return "built" end
  if result.base then return "prepared" end
  return result.phases.create and "cold" or nil
end

--- The seconds up to the result, with what was built for it; to the millisecond.
function told.seconds(result)
  return math.floor((result.duration + (result.phases.prepare or 0)) * 1000 + 0.5) / 1000
end

--- A result's fields, all plain data.
-- @treturn table for JSON; without stdout and stderr
function told.fields(job, result)
  return {
    id = job.id, name = result.name, suite = job.suite, testlet = job.testlet, image = job.image,
    matrix = job.matrix, tags = job.tags, directed = job.directed, instance = result.instance,
    status = told.status(job, result), reason = result.reason, error = result.error,
    exit_code = result.exit_code, signal = result.signal, timed_out = result.timed_out,
    value = result.value, duration = result.duration, seconds = told.seconds(result),
    machine = told.machine(result), base = result.base, phases = result.phases,
    resources = result.resources, tests = result.tests,
    attempts = result.attempts, member = result.member,
  }
end

--- The file and line that a failure names, when it is the suite's.
-- @treturn ?string path
-- @treturn ?string line
function told.place(job, result)
  local path, line = (told.reason(job, result) .. "\n" .. result.stderr:sub(1, 4096))
    :match "([%w_./-]+%.lua):(%d+):"
  if path and job.suite and path:match "[^/]*$" == job.suite:match "[^/]*$" then
    return job.suite, line
  end
  return job.suite, nil
end

return told
