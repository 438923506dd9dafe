-- SPDX-License-Identifier: MIT

--- The command's report as lines: one for each result, more where it is bad, and
-- a summary. It reads well in a log; the live view prints these same lines above itself.
-- @internal cleantest.report.plain

local fold = require "cleantest.report.fold"
local output = require "cleantest.report.output"
local paint = require "cleantest.report.paint"
local text = require "cleantest.text"
local told = require "cleantest.report.told"

local Plain = {}
Plain.__index = Plain

local TAIL <const> = 20 -- lines of an output
local AGAIN <const> = 20 -- failures that are named again at the end
local MANY <const> = 10 -- results, from which on they are

--- A report in lines.
-- @tparam sink out for results and the summary
-- @tparam table place err: the file for errors of suites; colours, verbose, ci, artifacts
-- @treturn table handlers for events.subscribe
function Plain.new(out, place)
  return setmetatable({
    out = out, err = place.err, paint = paint(place.colours), noted = {}, bad = {}, bad_count = 0,
    verbose = place.verbose, artifacts = place.artifacts,
    most = not (place.verbose or place.ci) and TAIL or nil, fold = fold.of(place.ci),
  }, Plain)
end

-- "pass   test-debian  (2.1 s)", and what belongs to it indented below.
function Plain:line(style, word, what, lines)
  local label = self.paint(style, text.pad(word, 5))
  local all = { label, "  ", what, "\n" }
  for _, line in ipairs(lines or {}) do all[#all + 1] = line .. "\n" end
  self.out:write(table.concat(all))
end

local INDENT <const> = "       "

function Plain:quoted(lines)
  local quoted = {}
  for i, line in ipairs(lines) do quoted[i] = INDENT .. self.paint("dim", "| ") .. line end
  return quoted
end

-- What is said of an output that is not shown whole.
local function cut(shown, total, job)
  if shown >= total then return "" end
  local whole = job.artifacts or "-v, or --artifacts DIR"
  return (", the last %d of %d lines; all of them: %s"):format(shown, total, whole)
end

-- Adds an output, with its name, to lines.
function Plain:add_output(lines, name, s, job)
  local shown, total = output.tail(s, self.most)
  if total == 0 then return end
  local title = name .. cut(#shown, total, job) .. ":"
  local before, after = INDENT .. self.paint("dim", title), nil
  if self.fold and total > TAIL then
    before, after = self.fold(("%s%s of %s, %d lines"):format(INDENT, name, job.name, total))
  end
  lines[#lines + 1] = before
  table.move(self:quoted(shown), 1, #shown, #lines + 1, lines)
  lines[#lines + 1] = after
end

function Plain:add_outputs(lines, job, result)
  self:add_output(lines, "stdout", result.stdout, job)
  self:add_output(lines, "stderr", result.stderr, job)
end

-- The phases that took most of the time, in their order.
local function where_time_went(result, seconds)
  local parts = {}
  for _, phase in ipairs(told.PHASES) do
    local took = result.phases[phase]
    if phase ~= "teardown" and took and (took >= 0.2 * seconds or phase == "testlet") then
      parts[#parts + 1] = ("%s %.1f"):format(phase, took)
    end
  end
  return parts
end

-- "(5.8 s: prepare 4.4, testlet 0.6; built)"
function Plain:times(result)
  local seconds = told.seconds(result)
  local parts = where_time_went(result, seconds)
  local all = ("%.1f s"):format(seconds)
  if #parts > 0 and seconds >= 0.05 then all = all .. ": " .. table.concat(parts, ", ") end
  local machine = told.machine(result)
  if machine then all = all .. "; " .. machine end
  return self.paint("dim", ("(%s)"):format(all))
end

function Plain:remember(status, name, first)
  self.bad_count = self.bad_count + 1
  if #self.bad < AGAIN then
    self.bad[#self.bad + 1] = { status, text.fit(("%s  %s"):format(name, first), 200) }
  end
end

-- The tests in a testlet: those that failed have said so on its stderr, too.
local function tests_of(result)
  local lines = {}
  for i, test in ipairs(result.tests or {}) do
    lines[i] = ("%s%s  %s"):format(INDENT, text.pad(test.status, 4), text.printable(test.name))
  end
  return lines
end

--- A result came.
function Plain:result(job, result)
  if job.directed then return end -- an archon's, which tells the suite itself
  local name = text.printable(self.mixed and job.id or result.name)
  local status = told.status(job, result)
  local bad, ended = told.is_bad(job, result), status == "cancelled"
  local reason = output.lines(told.reason(job, result))
  local first = (bad or ended or result.reason) and table.remove(reason, 1) or nil
  local lines = bad and self:quoted(reason) or {}
  if self.verbose then table.move(tests_of(result), 1, #(result.tests or {}), #lines + 1, lines) end
  if bad or ended or self.verbose then self:add_outputs(lines, job, result) end
  if ended then return self:line("skip", "ended", ("%s  %s"):format(name, first or ""), lines) end
  if bad then self:remember(status, name, first or "") end
  first = first and first .. "  " or ""
  self:line(status, status, ("%s  %s%s"):format(name, first, self:times(result)), lines)
end

--- A job is over.
function Plain:done(job, event)
  if not event.message then return end
  local style = event.preserved and "kept" or "error"
  local message = output.lines(event.message)
  local first = (event.preserved and "get in with: " or "") .. (table.remove(message, 1) or "")
  self:line(style, style, ("%s  %s"):format(text.printable(job.name), first), self:quoted(message))
end

--- Something worth knowing; once is enough.
function Plain:note(message)
  if self.noted[message] then return end
  self.noted[message] = true
  self:line("dim", "note", text.printable(message))
end

--- A batch, or a report, could not be ended well.
function Plain:broken(message)
  self:line("error", "error", text.printable(message))
end

--- Results of many suites come mixed: they are called by their ids.
function Plain:pool(paths)
  self.mixed = #paths > 1
end

--- A suite begins; it is named when it is not the only one.
function Plain:suite(path, alone)
  self.mixed = false
  if not alone then self.out:write(path, "\n") end
end

--- A suite raised an error.
function Plain:raised(path, message)
  self.out:flush()
  if message:sub(1, #path) ~= path then message = path .. ": " .. message end
  self.err:write(self.paint("error", "error"), "  ", text.printable(message), "\n")
end

--- A suite could not be loaded.
function Plain:unloadable(path, message)
  self:raised(path, message)
end

--- A suite was interrupted.
function Plain:interrupted(path, signal)
  self.out:flush()
  self.err:write(self.paint("skip", "ended"), "  ", path, ": interrupted by ", signal, "\n")
end

-- What was bad, for those who have seen hundreds of lines go by.
function Plain:again()
  self.out:write "\n"
  for _, each in ipairs(self.bad) do self:line(each[1], each[1], each[2]) end
  if self.bad_count > #self.bad then
    self.out:write(INDENT, ("and %d more\n"):format(self.bad_count - #self.bad))
  end
end

--- The command is at its end.
function Plain:summary(tally)
  if self.bad_count > 0 and tally.ran > MANY then self:again() end
  self.out:write(tally:line(), "\n")
  if self.artifacts then self.out:write("what they printed is in ", self.artifacts, "\n") end
end

return Plain
