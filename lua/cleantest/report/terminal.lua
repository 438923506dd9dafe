-- SPDX-License-Identifier: MIT

--- The command's live view: below the plain report's lines, each instance with
-- its phase and its seconds. It is gone from the screen whenever the suite's own code runs,
-- so that what the suite prints is never mixed with it.
-- @internal cleantest.report.terminal

local core = require "cleantest.core"
local paint = require "cleantest.report.paint"
local plain = require "cleantest.report.plain"
local text = require "cleantest.text"

local Terminal = {}
Terminal.__index = Terminal

--- A live view around a plain report.
-- @tparam sink out for the lines of the plain report, which go above the view
-- @tparam table place out: the terminal, a file; and what the plain report takes
-- @treturn table handlers for events.subscribe
function Terminal.new(out, place)
  return setmetatable({
    stream = place.out,
    plain = plain.new(out, place),
    paint = paint(place.colours),
    rows = {}, -- { job=, phase=, since=, began= } of each instance alive
    begun = setmetatable({}, { __mode = "k" }), -- jobs that have
    waiting = 0, -- those that have not
    told = 0, -- results that have come
    shown = 0, -- lines of the view that are on the screen
    began = core.clock(),
  }, Terminal)
end

function Terminal:erase()
  if self.shown == 0 then return end
  self.stream:write(("\27[%dA\r\27[J"):format(self.shown))
  self.stream:flush()
  self.shown = 0
end

local function find(rows, job)
  for i, row in ipairs(rows) do
    if row.job == job then return i, row end
  end
end

-- What is left of a line's width for the name.
local function columns(width)
  return math.max(width - 29, 12)
end

function Terminal:row_line(row, width, now)
  local label = text.shorten(text.printable(row.job.name), columns(width))
  label = text.pad(label, self.label_width)
  local phase = text.pad(row.phase, 8)
  local times = ("%4.0f s"):format(now - row.since)
  local total = self.paint("dim", ("%5.0f s"):format(now - row.began))
  return ("  %s  %s %s %s"):format(label, phase, times, total)
end

function Terminal:status_line(width, now)
  local seconds = ("%.0f s"):format(now - self.began)
  local line = ("  %d running, %d waiting, %d done, %s"):format(#self.rows, self.waiting, self.told,
    seconds)
  return self.paint("dim", text.fit(line, width - 1))
end

-- The view's lines: as many rows as the screen has room for, and a status line.
function Terminal:lines(width, height)
  local now, lines = core.clock(), {}
  local room = math.max(height - 3, 1)
  self.label_width = 0
  for _, row in ipairs(self.rows) do
    local length = utf8.len(row.job.name) or #row.job.name
    self.label_width = math.max(self.label_width, math.min(length, columns(width)))
  end
  for i, row in ipairs(self.rows) do
    if i > room then break end
    lines[i] = self:row_line(row, width, now)
  end
  if #self.rows > room then lines[#lines + 1] = ("  and %d more"):format(#self.rows - room) end
  lines[#lines + 1] = self:status_line(width, now)
  return lines
end

function Terminal:draw()
  if #self.rows == 0 and self.waiting == 0 then return self:erase() end
  local lines = self:lines(core.terminal(self.stream) or 80, select(2, core.terminal(self.stream)))
  local up = self.shown > 0 and ("\27[%dA\r"):format(self.shown) or ""
  self.stream:write(up, table.concat(lines, "\27[K\n"), "\27[K\n\27[J")
  self.stream:flush()
  self.shown = #lines
end

--- A call started jobs.
function Terminal:jobs(jobs)
  self.waiting = self.waiting + #jobs
end

-- A job that is heard of for the first time waits no longer.
function Terminal:begin(job)
  if self.begun[job] then return end
  self.begun[job] = true
  self.waiting = self.waiting - 1
end

--- A job's instance entered a phase.
function Terminal:phase(job, event)
  local now = core.clock()
  local _, row = find(self.rows, job)
  if not row then
    row = { job = job, began = now }
    self.rows[#self.rows + 1] = row
  end
  self:begin(job)
  row.phase, row.since = event.phase, now
end

--- A result came.
function Terminal:result(job, result)
  self:erase()
  self:begin(job)
  self.told = self.told + 1
  self.plain:result(job, result)
end

--- A job is over.
function Terminal:done(job, event)
  self:erase()
  self.plain:done(job, event)
  local at = find(self.rows, job)
  if at then table.remove(self.rows, at) end
end

--- About to wait: the view is shown.
function Terminal:wait()
  if self.shown == 0 then self:draw() end
end

--- Something may have changed, or a second is over.
function Terminal:tick()
  self:draw()
end

--- The suite's code goes on.
function Terminal:pause()
  self:erase()
end

-- All else is the plain report's, above the view.
for _, name in ipairs {
  "note", "broken", "suite", "pool", "raised", "unloadable", "interrupted", "summary",
} do
  Terminal[name] = function(self, ...)
    self:erase()
    self.plain[name](self.plain, ...)
  end
end

return Terminal
