-- SPDX-License-Identifier: MIT

--- What happens, told to whoever subscribed: the one stream that all reports are made
-- of, the terminal's, those in files, and those of users (ct.report). Nothing here prints.
--
-- This is version 1. Names and fields stay as they are; more may come. Times are seconds of a
-- clock that only goes forward (`clock`), where nothing else is said.
--
-- - `start(info)`: the command begins: version (of this stream, 1), cleantest (its version), time
--   (since 1970), clock
-- - `suite(path, alone)`: a suite begins; alone: it is the only one
-- - `pool(paths)`: the testlets that these suites have declared run next, mixed
-- - `jobs(jobs)`: a call started these, a list
-- - `phase(job, event)`: its instance entered event.phase at event.time; event.instance
-- - `result(job, result)`: its result is there: see the README
-- - `done(job, event)`: it is over at event.time, after event.seconds of teardown; event.message:
--   what was kept (event.preserved), else what went wrong
-- - `note(message)`: something about a call that is worth knowing
-- - `broken(message)`: a batch, or a report, could not be ended well
-- - `unseen(batch, n)`: n bad results of a call were never looked at (inside cleantest only)
-- - `raised(path, message)`: a suite raised an error
-- - `unloadable(path, message)`: it could not be loaded
-- - `interrupted(path, signal)`: it was interrupted: "SIGINT"
-- - `summary(tally)`: the end: pass fail error skip xfail cancelled broke (counts), seconds,
--   signal, exit_code
-- - `wait()`, `tick()`, `pause()`: about to wait for an event; something may have changed; the
--   suite's code goes on
--
-- A job: number (from 1), id, name (its result's), testlet, image, suite (path), tags, matrix;
-- directed: it is an archon's and no test; cancelled: it was ended, and there is no verdict.
-- @module cleantest.call.events

local result_of = require "cleantest.call.result"

local events = { VERSION = 1 }

events.NAMES = {
  "start", "suite", "pool", "jobs", "phase", "result", "done", "note", "broken", "raised",
  "unloadable", "interrupted", "summary", "wait", "tick", "pause",
}

local subscribers, jobs_seen, suite, pending

--- Subscribes a table of handlers.
-- @local
-- @tparam table handlers event name -> function(self, ...), called with the table as self
-- @tparam[opt] string name of a report that may fail: it is told of then, and hears no more.
--   Without a name, what a handler throws is thrown at whoever emits
function events.subscribe(handlers, name)
  subscribers[#subscribers + 1] = { handlers = handlers, name = name }
end

--- Forgets all subscribers and jobs.
-- @local
function events.reset()
  subscribers, jobs_seen, suite, pending = {}, 0, nil, {}
end

events.reset()

-- ---- What subscribers are told of a job

local records = setmetatable({}, { __mode = "k" }) -- job -> that

local function record_of(job)
  local record = records[job]
  if not record then
    jobs_seen = jobs_seen + 1
    record = {
      number = jobs_seen, id = job.id or job.label, name = job.label,
      testlet = job.testlet_name or job.name,
      image = job.image, suite = job.id and job.id:match "^(.-)::" or suite, tags = job.tags,
      matrix = job.matrix, directed = job.directed or false,
    }
    records[job] = record
  end
  record.cancelled = job.cancelled or false
  return record
end

-- Jobs whose result has not been told are known, so that each gets one in the end.
local before = {}

function before.suite(path, ...)
  suite = path
  return path, ...
end

function before.jobs(jobs)
  local list = {}
  for i, job in ipairs(jobs) do
    list[i] = record_of(job)
    pending[list[i].number] = job
  end
  return list
end

function before.phase(job, event)
  return record_of(job), event
end

function before.result(job, result)
  local record = record_of(job)
  pending[record.number] = nil
  if result.id then
    record.id, record.suite = result.id, result.id:match "^(.-)::" or record.suite
  end
  record.tags, record.matrix = result.tags or record.tags, result.matrix or record.matrix
  return record, result
end

before.done = before.phase

-- ---- Telling

local deliver

local function fail(subscriber, problem)
  if not subscriber.name then error(problem, 0) end
  subscriber.failed = true
  deliver("broken", ("the report %s failed: %s"):format(subscriber.name, tostring(problem)))
end

function deliver(name, ...)
  for _, subscriber in ipairs(subscribers) do
    local handler = not subscriber.failed and subscriber.handlers[name]
    if handler then
      local ok, problem = pcall(handler, subscriber.handlers, ...)
      if not ok then fail(subscriber, problem) end
    end
  end
end

local function same(...)
  return ...
end

local function tell(name, ...)
  return deliver(name, (before[name] or same)(...))
end

-- Handlers run in a coroutine: a signal becomes an error in the suite's thread only, and no report
-- is left in the middle of what it writes.
local function work(...)
  return work(coroutine.yield(pcall(tell, ...)))
end

local courier = coroutine.create(work)
coroutine.resume(courier, "wait")

--- Tells all subscribers, in the order they came.
-- @local
-- @tparam string name of the event
-- @param ... its arguments; what the batches call a job, subscribers get as described above
function events.emit(name, ...)
  if coroutine.running() == courier then return tell(name, ...) end
  local resumed, ok, problem = coroutine.resume(courier, name, ...)
  if not resumed then error(ok, 0) end
  if not ok then error(problem, 0) end
end

--- Gives every job that has no result one: it was ended.
-- @local
-- @tparam string reason why it has none
function events.settle(reason)
  local numbers = {}
  for number in pairs(pending) do numbers[#numbers + 1] = number end
  table.sort(numbers)
  for _, number in ipairs(numbers) do
    local job = pending[number]
    job.cancelled = true
    events.emit("result", job, result_of.broken(job, reason))
  end
end

--- How long a wait may take before a tick is due.
-- @local
-- @treturn number seconds: 1 where somebody wants ticks, else -1, for ever
function events.interval()
  for _, subscriber in ipairs(subscribers) do
    if subscriber.handlers.tick then return 1 end
  end
  return -1
end

return events
