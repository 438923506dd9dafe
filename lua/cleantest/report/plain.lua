-- SPDX-License-Identifier: MIT
--
-- plain.lua - the command's report as lines: one for each result, more where it is bad, and
-- a summary. It reads well in a log; the live view prints these same lines above itself.

local result_of = require "cleantest.call.result"
local text = require "cleantest.text"

local Plain = {}
Plain.__index = Plain

--- A report in lines.
-- @tparam file out for results and the summary
-- @tparam file err for errors of suites
-- @tparam function paint from report.paint
-- @treturn table handlers for events.subscribe
function Plain.new(out, err, paint)
  return setmetatable({ out = out, err = err, paint = paint, noted = {} }, Plain)
end

-- "pass   test-debian  (2.1 s)", and what belongs to it indented below.
function Plain:line(style, word, what, lines)
  local label = self.paint(style, text.pad(word, 5))
  self.out:write(label, "  ", what, "\n")
  for _, line in ipairs(lines or {}) do
    self.out:write("       ", self.paint("dim", "| "), line, "\n")
  end
  self.out:flush()
end

local function split(s)
  local lines = {}
  for line in text.printable(s):gmatch "[^\n]+" do lines[#lines + 1] = line end
  return lines
end

--- A result came.
function Plain:result(job, result)
  if job.directed then return end -- an archon's, which tells the suite itself
  local name = text.printable(result.name)
  local seconds = self.paint("dim", ("(%.1f s)"):format(result.duration))
  if job.cancelled then
    self:line("skip", "ended", name .. "  cancelled")
  elseif not result_of.is_bad(result) then
    local why = result.reason and "  " .. split(result.reason)[1] or ""
    self:line(result.status, result.status, name .. why .. "  " .. seconds)
  else
    local reason = split(result_of.reason_of(result))
    local first = table.remove(reason, 1) or ""
    local lines = table.move(result_of.tail(result), 1, 20, #reason + 1, reason)
    self:line(result.status, result.status, ("%s  %s  %s"):format(name, first, seconds), lines)
  end
end

--- A job is over.
function Plain:done(job, event)
  if not event.message then return end
  local style = event.preserved and "kept" or "error"
  local message = split(event.message)
  local first = (event.preserved and "get in with: " or "") .. (table.remove(message, 1) or "")
  self:line(style, style, ("%s  %s"):format(text.printable(job.label), first), message)
end

--- Something worth knowing; once is enough.
function Plain:note(message)
  if self.noted[message] then return end
  self.noted[message] = true
  self:line("dim", "note", text.printable(message))
end

--- A batch could not be closed well.
function Plain:broken(message)
  self:line("error", "error", text.printable(message))
end

--- A suite begins; it is named when it is not the only one.
function Plain:suite(path, alone)
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

--- The command is at its end.
function Plain:summary(tally)
  self.out:write(tally:line(), "\n")
  self.out:flush()
end

return Plain
