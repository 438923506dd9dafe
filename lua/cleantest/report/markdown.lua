-- SPDX-License-Identifier: MIT

--- The run as a page for people: counts, a table of what was not good, and the last
-- lines of each. What is too much for one page is counted, not shown.
-- @internal cleantest.report.markdown

local encode = require "cleantest.report.encode"
local output = require "cleantest.report.output"
local Sink = require "cleantest.report.sink"
local told = require "cleantest.report.told"

local Markdown = {}
Markdown.__index = Markdown

local LINES <const> = 20
local MOST <const> = 900000 -- bytes: GitHub takes a page of up to 1 MiB

--- @tparam sink out
-- @treturn table handlers for events.subscribe
function Markdown.new(out)
  return setmetatable({
    out = out, rows = Sink.temporary(), details = Sink.temporary(), size = 0, bad = 0, left = 0,
  }, Markdown)
end

-- Text in which nothing is mark-up, on one line.
local function cell(s)
  s = encode.xml(s):gsub("%s+", " "):gsub("[\\`*_%[%]|~#]", "\\%0")
  return s
end

local function block(name, s)
  local lines, total = output.tail(s, LINES)
  if total == 0 then return "" end
  local what = #lines < total and ("%s, last %d of %d lines"):format(name, #lines, total) or name
  return ("\n%s:\n\n<pre>%s</pre>\n"):format(what,
    encode.xml(table.concat(lines, "\n")):gsub("\n\n", "\n&#8203;\n"))
end

-- Something that is not good: what it is called, what happened to it, its outputs.
function Markdown:add(name, status, reason, stdout, stderr)
  self.bad = self.bad + 1
  local first = output.lines(reason)[1] or ""
  local row = ("| %s | %s | %s |\n"):format(cell(name), status, cell(first))
  local detail = ("\n<details><summary>%s: %s</summary>\n%s%s%s\n</details>\n"):format(status,
    encode.xml(name), block("what happened", reason), block("stdout", stdout or ""),
    block("stderr", stderr or ""))
  if self.size + #row + #detail > MOST then
    self.left = self.left + 1
    return
  end
  self.size = self.size + #row + #detail
  self.rows:write(row)
  self.details:write(detail)
end

function Markdown:result(job, result)
  if job.directed or not told.is_bad(job, result) then return end
  self:add(job.id, result.status, told.reason(job, result), result.stdout, result.stderr)
end

function Markdown:done(job, event)
  if not event.message or event.preserved then return end
  self:add(job.id .. " (teardown)", "error", event.message)
end

function Markdown:raised(path, message)
  self:add(path .. " (suite)", "error", message)
end

Markdown.unloadable = Markdown.raised

function Markdown:broken(message)
  self:add("cleantest", "error", message)
end

local marks = { [0] = "all passed", "failed", "the environment failed", "nothing ran" }

function Markdown:summary(tally)
  local heading = tally.signal and "interrupted by " .. tally.signal
    or marks[tally.exit_code] or "ended"
  self.out:write("## cleantest: ", heading, "\n\n", cell(tally:line()), "\n")
  if self.bad > 0 then self.out:write "\n| what | status | why |\n|---|---|---|\n" end
  self.out:append(self.rows)
  self.out:append(self.details)
  if self.left > 0 then
    self.out:write(("\n%d more are not shown: the page would be too long.\n"):format(self.left))
  end
end

return Markdown
