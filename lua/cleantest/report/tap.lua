-- SPDX-License-Identifier: MIT

--- The Test Anything Protocol, version 14: a line for each result, the plan at the end,
-- and what went wrong as a YAML block, for failures only. `tap13` is the same for readers that know
-- no version 14, as Debian 12's prove: nothing in it is new in 14 but the number.
-- @internal cleantest.report.tap

local encode = require "cleantest.report.encode"
local told = require "cleantest.report.told"

local Tap = {}
Tap.__index = Tap

local MOST <const> = 65536 -- bytes of an output

--- @tparam sink out
-- @tparam table _ the place
-- @tparam string kind "tap" or "tap13"
-- @treturn table handlers for events.subscribe
function Tap.new(out, _, kind)
  return setmetatable({ out = out, version = kind == "tap13" and 13 or 14, count = 0 }, Tap)
end

function Tap:start()
  self.out:write(("TAP version %d\n"):format(self.version))
end

local function output(s)
  return encode.tail(encode.without_escapes(s), MOST)
end

-- One line, in which nothing but what we say is a directive.
local function line(s)
  s = encode.utf8(encode.without_escapes(s)):gsub("[%c]+", " ")
  return s
end

local function described(s)
  return (line(s):gsub("[\\#]", "\\%0"))
end

-- A JSON string is a quoted one of YAML, and has no line ends in it.
local function yaml(pairs_of)
  local lines = { "  ---\n" }
  for _, pair in ipairs(pairs_of) do
    local value = pair[2]
    if value ~= nil and value ~= "" then
      lines[#lines + 1] = ("  %s: %s\n"):format(pair[1], (encode.json(value):gsub("\\/", "/")))
    end
  end
  lines[#lines + 1] = "  ...\n"
  return table.concat(lines)
end

local function point(number, fine, name, directive, diagnostics)
  return ("%s %d - %s%s\n"):format(fine and "ok" or "not ok", number, described(name),
    directive and " # " .. line(directive) or "") .. (diagnostics and yaml(diagnostics) or "")
end

function Tap:point(fine, name, directive, diagnostics, before)
  self.count = self.count + 1
  self.out:write(before or "", point(self.count, fine, name, directive, diagnostics))
end

-- The tests in a testlet, as a subtest: indented, before the testlet's own line.
local function subtest(job, tests)
  local lines = { ("# Subtest: %s\n"):format(described(job.id)) }
  for i, test in ipairs(tests) do
    local skip = test.status == "skip" and "SKIP " .. (test.message or "") or nil
    local why = test.status == "fail" and { { "message", test.message } } or nil
    lines[#lines + 1] = point(i, test.status ~= "fail", test.name, skip, why)
  end
  lines[#lines + 1] = ("1..%d\n"):format(#tests)
  return (table.concat(lines):gsub("([^\n]+\n)", "    %1"))
end

local function diagnostics_of(job, result)
  return {
    { "message", told.reason(job, result) }, { "severity", result.status },
    { "exit_code", result.exit_code }, { "signal", result.signal },
    { "instance", result.instance }, { "seconds", told.seconds(result) },
    { "stdout", output(result.stdout) }, { "stderr", output(result.stderr) },
  }
end

local directives = {
  cancelled = function(reason) return "SKIP " .. reason end,
  skip = function(reason) return "SKIP " .. reason end,
  xfail = function(reason) return "TODO " .. reason end,
}

function Tap:result(job, result)
  if job.directed then return end
  local status = told.status(job, result)
  local directive = directives[status]
  local bad = told.is_bad(job, result)
  self:point(not bad and status ~= "xfail", job.id,
    directive and directive(told.reason(job, result)), bad and diagnostics_of(job, result) or nil,
    result.tests and subtest(job, result.tests))
end

function Tap:done(job, event)
  if event.message and not event.preserved then
    self:point(false, job.id .. " (teardown)", nil, { { "message", event.message } })
  end
end

function Tap:raised(path, message)
  self:point(false, path .. " (suite)", nil, { { "message", message } })
end

Tap.unloadable = Tap.raised

function Tap:broken(message)
  self:point(false, "cleantest", nil, { { "message", message } })
end

function Tap:note(message)
  self.out:write("# ", line(message), "\n")
end

function Tap:summary(tally)
  self.out:write(("1..%d%s\n"):format(self.count, self.count == 0 and " # SKIP nothing ran" or ""))
  if tally.signal then self.out:write("Bail out! interrupted by ", tally.signal, "\n") end
end

return Tap
