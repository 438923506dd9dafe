-- SPDX-License-Identifier: MIT

--- Results: what tostring() says of one, for asserts and reports. The fields are as they came from
-- the engine (see cleantest.h), and those that say which job's it is.
-- @module cleantest.call.result

local tables = require "cleantest.tables"
local text = require "cleantest.text"

local result = {}

--- What one testlet has left on one instance. tostring() says how it ended, in words.
-- @table Result
-- @tfield string id unique in a run, and the same from run to run:
--   "suites/web.lua::install[db=pg]@debian-12"
-- @tfield string name "install-debian-12", with the variant where there is one
-- @tfield string testlet its name
-- @tfield string image as the suite names it
-- @tfield string instance its name in LXD; "" when none was made
-- @tfield table matrix the variant, name -> value; empty without a matrix
-- @tfield {string,...} tags the testlet's
-- @tfield string status "pass", "skip", "xfail", "fail" or "error"
-- @tfield ?string reason why it is a skip or an xfail, or is not as expected
-- @tfield ?string error what went wrong, in words, the first cause first
-- @tfield int exit_code 0 to 255; -1: killed (signal, timeout, too much output), or never ran
-- @tfield ?int signal that ended it
-- @tfield boolean timed_out
-- @tfield string stdout
-- @tfield string stderr
-- @tfield any value what a function returned: plain data
-- @tfield ?{table,...} tests of cleantest.test: each has name, status, message and seconds
-- @tfield number duration seconds from the instance's creation to the result
-- @tfield table phases phase -> seconds, of those that were reached: "prepare", "create", "start",
--   "ready", "hooks", "testlet", "collect"
-- @tfield table resources of the testlet and its children
-- @tfield number resources.cpu_user seconds
-- @tfield number resources.cpu_system seconds
-- @tfield int resources.max_rss bytes, of the largest of them
-- @tfield int attempts at this job
-- @tfield ?string base the prepared environment its instance was cloned from, by its name in LXD
-- @tfield boolean base_built by this batch
local Result = { __name = "cleantest.result" }

local TAIL = 20 -- lines
local TESTS <const> = "cleantest.tests" -- how the guest's cleantest.test sends what it collected

--- Is it a fail or an error?
-- @local
-- @tparam result self
-- @treturn boolean
function result.is_bad(self)
  return self.status == "fail" or self.status == "error"
end

--- How it ended, in words: what went wrong, or "exit code 0".
-- @local
-- @tparam result self
-- @treturn string it may have more than one line
function result.reason_of(self)
  return self.reason or self.error or ("exit code %d"):format(self.exit_code)
end

--- The last lines a testlet left: of stderr, or of stdout where stderr is empty.
-- @local
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
-- @local
-- @tparam table plain it becomes the result
-- @treturn result
function result.wrap(plain)
  local value = plain.value
  local tests = type(value) == "table" and value[TESTS]
  if tests then take_tests(plain, tests, value.value) end
  return setmetatable(plain, Result)
end

--- Says in a result which job's it is: by the names and the id that the suite's layer has for it.
-- @local
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
-- @local
-- @tparam table job from jobs.describe
-- @tparam string message why
-- @treturn result status "error"
function result.broken(job, message)
  local self = without_instance(job, "error")
  self.error = message
  return self
end

--- The result of a job that the suite has skipped.
-- @local
-- @tparam table job from jobs.describe; its `skipped` says why
-- @treturn result status "skip"
function result.skipped(job)
  local self = without_instance(job, "skip")
  self.reason = job.skipped
  return self
end

return result
