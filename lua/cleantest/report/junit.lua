-- SPDX-License-Identifier: MIT

--- JUnit's XML, as Jenkins reads it, and GitLab: a test case for each result. A failure
-- of the test is <failure>, of the environment <error>. Cases wait in a file of their own, for the
-- counts come first.
-- @internal cleantest.report.junit

local encode = require "cleantest.report.encode"
local Sink = require "cleantest.report.sink"
local told = require "cleantest.report.told"

local Junit = {}
Junit.__index = Junit

local MOST <const> = 65536 -- bytes of an output; GitLab reads no file of more than 30 MB

--- @tparam sink out
-- @treturn table handlers for events.subscribe
function Junit.new(out)
  return setmetatable({
    out = out, cases = Sink.temporary(), tests = 0, failures = 0, errors = 0, skipped = 0,
  }, Junit)
end

function Junit:start(info)
  self.timestamp = os.date("!%Y-%m-%dT%H:%M:%S", info.time)
end

local function attributes(list)
  local words = {}
  for _, pair in ipairs(list) do
    if pair[2] then words[#words + 1] = (" %s=%s"):format(pair[1], encode.attribute(pair[2])) end
  end
  return table.concat(words)
end

local counted = { failure = "failures", error = "errors", skipped = "skipped" }

-- What became of a case: nil, or { "failure", kind, message, text }.
local function outcome_of(job, result)
  local status, reason = told.status(job, result), told.reason(job, result)
  if status == "fail" then
    return { "failure", result.timed_out and "timeout" or "fail", reason }
  end
  if status == "error" then return { "error", "environment", reason } end
  if status ~= "pass" then return { "skipped", status, reason } end
end

local function outcome_xml(outcome)
  local tag, kind, reason = table.unpack(outcome)
  local first = reason:match "^[^\n]*"
  return ("      <%s%s>%s</%s>\n"):format(tag, attributes { { "type", kind },
    { "message", first } }, encode.xml(reason), tag)
end

local function output_xml(tag, s)
  if s == "" then return "" end
  return ("      <%s>%s</%s>\n"):format(tag, encode.xml(encode.tail(s, MOST)), tag)
end

-- case: suite, name, seconds; stdout and stderr, both or none
function Junit:case(case, outcome)
  self.tests = self.tests + 1
  if outcome then self[counted[outcome[1]]] = self[counted[outcome[1]]] + 1 end
  local suite = case.suite or "cleantest"
  self.cases:write(("    <testcase%s>\n"):format(attributes {
    { "classname", (suite:gsub("%.lua$", "")) }, { "name", case.name },
    { "time", ("%.3f"):format(case.seconds or 0) }, { "file", case.suite },
  }), outcome and outcome_xml(outcome) or "", output_xml("system-out", case.stdout or ""),
    output_xml("system-err", case.stderr or ""), "    </testcase>\n")
end

function Junit:result(job, result)
  if job.directed then return end
  local bad = told.is_bad(job, result)
  self:case({
    suite = job.suite, name = told.name(job), seconds = told.seconds(result),
    stdout = bad and result.stdout, stderr = bad and result.stderr,
  }, outcome_of(job, result))
  for _, test in ipairs(result.tests or {}) do self:sub_test(job, test) end
end

local sub_outcomes = { fail = { "failure", "fail" }, skip = { "skipped", "skip" } }

-- One of the tests in a testlet.
function Junit:sub_test(job, test)
  local outcome = sub_outcomes[test.status]
  self:case({
    suite = job.suite, name = ("%s: %s"):format(told.name(job), test.name), seconds = test.seconds,
  }, outcome and { outcome[1], outcome[2], test.message or "" })
end

function Junit:done(job, event)
  if not event.message or event.preserved then return end
  self:case({ suite = job.suite, name = told.name(job) .. " (teardown)" },
    { "error", "teardown", event.message })
end

function Junit:raised(path, message)
  self:case({ suite = path, name = "(suite)" }, { "error", "suite", message })
end

Junit.unloadable = Junit.raised

function Junit:broken(message)
  self:case({ name = "(cleantest)" }, { "error", "cleantest", message })
end

function Junit:interrupted(path, signal)
  self:case({ suite = path, name = "(interrupted)" },
    { "error", "interrupted", "interrupted by " .. signal })
end

function Junit:summary(tally)
  local counts = {
    { "name", "cleantest" }, { "tests", self.tests }, { "failures", self.failures },
    { "errors", self.errors }, { "skipped", self.skipped },
    { "time", ("%.3f"):format(tally.seconds) }, { "timestamp", self.timestamp },
  }
  self.out:write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n',
    ("  <testsuite%s>\n"):format(attributes(counts)))
  self.out:append(self.cases)
  self.out:write "  </testsuite>\n</testsuites>\n"
end

return Junit
