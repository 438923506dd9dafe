-- SPDX-License-Identifier: MIT
--
-- result.lua - what tostring() says of a result, for asserts and reports. The fields are as
-- they came from the engine (see cleantest.h), and those that say which job's it is.

local tables = require "cleantest.tables"
local text = require "cleantest.text"

local result = {}

local Result = { __name = "cleantest.result" }

local TAIL = 20 -- lines
local TESTS <const> = "cleantest.tests" -- how the guest's cleantest.test sends what it collected

--- Is it a fail or an error?
-- @tparam result self
-- @treturn boolean
function result.is_bad(self)
  return self.status == "fail" or self.status == "error"
end

--- How it ended, in words: what went wrong, or "exit code 0".
-- @tparam result self
-- @treturn string it may have more than one line
function result.reason_of(self)
  return self.reason or self.error or ("exit code %d"):format(self.exit_code)
end

--- The last lines a testlet left: of stderr, or of stdout where stderr is empty.
-- @tparam result self
-- @treturn table a list of lines
function result.tail(self)
  local lines = text.tail(self.stderr, TAIL)
  return #lines > 0 and lines or text.tail(self.stdout, TAIL)
end

function Result:__tostring()
  local reason = text.printable(result.reason_of(self))
  local first = ("%s: %s: %s"):format(self.name, self.status, reason)
  if not result.is_bad(self) then return first end
  local lines = { first, table.unpack(result.tail(self)) }
  return table.concat(lines, "\n  | ")
end

-- What the guest's cleantest.test has collected, beside the testlet's own value.
local function take_tests(plain, tests, value)
  plain.tests, plain.value = tests, value
  local failed = 0
  for _, test in ipairs(tests) do failed = failed + (test.status == "fail" and 1 or 0) end
  if failed > 0 and plain.status == "fail" and plain.exit_code == 1 then
    plain.error = ("%d of %d tests failed"):format(failed, #tests)
  end
end

--- Makes a plain table from the binding a result.
-- @tparam table plain it becomes the result
-- @treturn result
function result.wrap(plain)
  local value = plain.value
  local tests = type(value) == "table" and value[TESTS]
  if tests then take_tests(plain, tests, value.value) end
  return setmetatable(plain, Result)
end

--- Says in a result which job's it is: by the names and the id that the suite's layer has for it.
-- @tparam result self
-- @tparam table job from jobs.describe
-- @treturn result self
function result.of_job(self, job)
  self.id, self.name, self.image, self.testlet = job.id, job.label, job.image, job.testlet_name
  self.matrix, self.tags = tables.copy(job.matrix), tables.copy(job.tags)
  self.attempts = 1
  return self
end

-- The result of a job that no instance was made for.
local function without_instance(job, status)
  local self = result.wrap {
    instance = "",
    status = status,
    exit_code = -1,
    timed_out = false,
    stdout = "",
    stderr = "",
    duration = 0,
    phases = {},
    resources = { cpu_user = 0, cpu_system = 0, max_rss = 0 },
  }
  return result.of_job(self, job)
end

--- The result of a job that could not even begin.
-- @tparam table job from jobs.describe
-- @tparam string message why
-- @treturn result status "error"
function result.broken(job, message)
  local self = without_instance(job, "error")
  self.error = message
  return self
end

--- The result of a job that the suite has skipped.
-- @tparam table job from jobs.describe; its `skipped` says why
-- @treturn result status "skip"
function result.skipped(job)
  local self = without_instance(job, "skip")
  self.reason = job.skipped
  return self
end

return result
