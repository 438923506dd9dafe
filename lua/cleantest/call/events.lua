-- SPDX-License-Identifier: MIT
--
-- events.lua - what happens, told to whoever subscribed. The batches and the command emit;
-- reports and the tally listen. Nothing here prints.
--
--   jobs(jobs)            a call started these; a job has name, testlet, image, and
--                         directed, when it is an archon's and no test
--   phase(job, event)     its instance entered event.phase
--   result(job, result)   its result is there
--   done(job, event)      it is over: event.seconds of teardown, event.message, .preserved
--   note(message)         something about a call that is worth knowing
--   broken(message)       a batch could not be closed well
--   unseen(batch, n)      n bad results of a call were never looked at
--   wait() tick() pause() about to wait for an event; something may have changed; back to the suite
--   suite(path)           a suite begins
--   raised(path, message) it raised an error      unloadable(path, message) it could not be loaded
--   summary(tally)        the command is at its end

local events = {}

local subscribers = {}

--- Subscribes a table of handlers.
-- @tparam table handlers event name -> function(self, ...), called with the table as self
function events.subscribe(handlers)
  subscribers[#subscribers + 1] = handlers
end

--- Forgets all subscribers.
function events.reset()
  subscribers = {}
end

--- Tells all subscribers, in the order they came.
-- @tparam string name of the event
-- @param ... its arguments
function events.emit(name, ...)
  for _, subscriber in ipairs(subscribers) do
    local handler = subscriber[name]
    if handler then handler(subscriber, ...) end
  end
end

--- How long a wait may take before a tick is due.
-- @treturn number seconds: 1 where somebody wants ticks, else -1, for ever
function events.interval()
  for _, subscriber in ipairs(subscribers) do
    if subscriber.tick then return 1 end
  end
  return -1
end

return events
