-- SPDX-License-Identifier: MIT

--- The run as one page that needs nothing else: a table to filter and sort, each test's
-- output, and the timeline. Rows are written as they come; html_page.lua is what shows them.
-- @internal cleantest.report.html

local encode = require "cleantest.report.encode"
local page = require "cleantest.report.html_page"
local Timeline = require "cleantest.report.timeline"
local told = require "cleantest.report.told"

local Html = {}
Html.__index = Html

local MOST <const> = 65536 -- bytes of an output
local PROBLEMS <const> = 200

--- @tparam sink out
-- @treturn table handlers for events.subscribe
function Html.new(out)
  return setmetatable({
    out = out, timeline = Timeline.new(), results = {}, problems = {}, began = 0,
  }, Html)
end

function Html:start(info)
  self.began = info.clock
  self.out:write(page.HEAD, "<script>\nconst PHASES = ", encode.json_in_html(told.PHASES),
    ";\nconst ROWS = [\n")
end

local phase_number = {}
for i, name in ipairs(told.PHASES) do phase_number[name] = i - 1 end

local function milliseconds(seconds)
  return math.floor(seconds * 1000 + 0.5)
end

-- What a row of the page has of a result; html_page.lua reads these names.
local function fields_of(job, result)
  return {
    number = job.number, id = job.id, image = job.image, status = told.status(job, result),
    seconds = told.seconds(result), machine = told.machine(result),
    reason = told.status(job, result) ~= "pass" and told.reason(job, result) or nil,
    instance = result.instance, exit_code = result.exit_code, tags = job.tags,
    tests = result.tests, stdout = encode.tail(encode.without_escapes(result.stdout), MOST),
    stderr = encode.tail(encode.without_escapes(result.stderr), MOST),
  }
end

-- Adds a job's part of the timeline, phases as { number, begin, length }, milliseconds.
function Html:write_row(fields, row)
  if row then
    fields.slot, fields.phases = row.slot, {}
    for i, each in ipairs(row.phases) do
      fields.phases[i] = {
        phase_number[each.phase] or 0, milliseconds(each.began - self.began),
        milliseconds(each.seconds),
      }
    end
  end
  self.out:write(encode.json_in_html(fields), ",\n")
end

function Html:phase(job, event)
  self.timeline:phase(job, event)
end

function Html:result(job, result)
  if job.directed then return end
  local fields = fields_of(job, result)
  if self.timeline.rows[job.number] then
    self.results[job.number] = fields
  else
    self:write_row(fields)
  end
end

function Html:take(number, row)
  local fields = self.results[number]
  self.results[number] = nil
  if row then
    fields = fields or { number = number, id = row.job.id, image = row.job.image,
      status = row.job.directed and "directed" or "unknown" }
  end
  if fields then self:write_row(fields, row) end
end

function Html:done(job, event)
  if event.message then
    self:problem(job.id, (event.preserved and "kept: " or "not torn down: ") .. event.message)
  end
  self:take(job.number, self.timeline:done(job, event))
end

function Html:problem(what, message)
  if #self.problems == PROBLEMS then return end
  if #self.problems == PROBLEMS - 1 then what, message = "and more", "which are not shown" end
  self.problems[#self.problems + 1] = { what = what, message = encode.tail(message, 4096) }
end

Html.raised, Html.unloadable = Html.problem, Html.problem

function Html:broken(message)
  self:problem("cleantest", message)
end

function Html:interrupted(path, signal)
  self:problem(path, "interrupted by " .. signal)
end

function Html:summary(tally)
  for row in self.timeline:finish() do self:take(row.job.number, row) end
  local rest = { problems = self.problems, summary = tally:line(), at = os.date "%Y-%m-%d %H:%M" }
  self.out:write("];\nconst REST = ", encode.json_in_html(rest), ";\n", page.TAIL)
end

return Html
