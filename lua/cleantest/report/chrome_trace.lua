-- SPDX-License-Identifier: MIT

--- The run as a trace, which Perfetto and chrome://tracing show: a row for each
-- slot, a block for each job, and in it one for each phase. Times are microseconds.
-- @internal cleantest.report.chrome_trace

local core = require "cleantest.core"
local encode = require "cleantest.report.encode"
local Timeline = require "cleantest.report.timeline"
local told = require "cleantest.report.told"

local Trace = {}
Trace.__index = Trace

local PROCESS <const> = 1

--- @tparam sink out
-- @treturn table handlers for events.subscribe
function Trace.new(out)
  return setmetatable({
    out = out, timeline = Timeline.new(), results = {}, named = 0, written = 0, began = 0,
  }, Trace)
end

function Trace:start(info)
  self.began = info.clock
end

-- One event; `fields` are those of the format.
function Trace:add(fields)
  fields.pid = PROCESS
  local before = self.written == 0 and '{"displayTimeUnit":"ms","traceEvents":[\n' or ",\n"
  self.written = self.written + 1
  self.out:write(before, encode.json(fields))
end

function Trace:name_rows()
  if self.written == 0 then
    self:add { ph = "M", name = "process_name", args = { name = "cleantest" } }
  end
  while self.named < self.timeline.slots do
    self.named = self.named + 1
    self:add { ph = "M", name = "thread_name", tid = self.named,
      args = { name = ("slot %d"):format(self.named) } }
  end
end

local function microseconds(seconds)
  return math.floor(seconds * 1e6 + 0.5)
end

-- Ends are rounded, not lengths: blocks that touch don't overlap.
function Trace:block(name, category, slot, began, seconds, args)
  local from = microseconds(began - self.began)
  local to = microseconds(began + seconds - self.began)
  self:add { ph = "X", name = name, cat = category, tid = slot, ts = from, dur = to - from,
    args = args }
end

function Trace:row(job, row)
  self:name_rows()
  local args = self.results[job.number] or { status = "unknown" }
  self.results[job.number] = nil
  self:block(job.id, "job", row.slot, row.began, row.seconds, args)
  for _, each in ipairs(row.phases) do
    self:block(each.phase, "phase", row.slot, each.began, each.seconds, { id = job.id })
  end
end

function Trace:phase(job, event)
  self.timeline:phase(job, event)
end

function Trace:result(job, result)
  self.results[job.number] = {
    status = told.status(job, result), image = job.image, instance = result.instance,
    machine = told.machine(result), exit_code = result.exit_code,
    reason = told.is_bad(job, result) and encode.tail(told.reason(job, result), 1024) or nil,
  }
  if not self.timeline.rows[job.number] then self.results[job.number] = nil end
end

function Trace:done(job, event)
  local row = self.timeline:done(job, event)
  if row then self:row(job, row) end
end

function Trace:interrupted(_, signal)
  self:add { ph = "i", name = "interrupted by " .. signal, s = "g", tid = 0,
    ts = microseconds(core.clock() - self.began) }
end

function Trace:summary()
  for row in self.timeline:finish() do self:row(row.job, row) end
  self:name_rows()
  self.out:write "\n]}\n"
end

return Trace
