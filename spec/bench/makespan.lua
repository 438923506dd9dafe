-- SPDX-License-Identifier: MIT
--
-- Forty sleepers of mixed lengths, for the benchmark:
--     lua5.4 makespan.lua IMAGE THREADS
-- prints seconds from the first to the last, and the least it could be: the longest sleep, or
-- what each thread has to sleep when they share. Run it twice: the second knows their durations.
local ct = require "cleantest"
local core = require "cleantest.core"

local COUNT, SHORTEST, LONGEST = 40, 0.1, 2.0

local image, threads = arg[1], math.tointeger(arg[2])
local sleepers, longest, total = { num_threads = threads, order = "completed" }, 0, 0
for i = 1, COUNT do
  -- Mixed, the same each time: 23 and 40 have no common factor. The longest comes last.
  local seconds = SHORTEST + (LONGEST - SHORTEST) * (i * 23 % COUNT + (i == COUNT and COUNT or 0))
    / COUNT
  sleepers["sleeper" .. i] = ct.lxd { image = image } (
    ct.command { "sleep", ("%.3f"):format(seconds) })
  longest, total = math.max(longest, seconds), total + seconds
end

local begun = core.clock()
for name, result in ct.run(sleepers) do
  assert(result.status == "pass", name .. ": " .. tostring(result))
end
print(("%.3f %.3f"):format(core.clock() - begun, math.max(longest, total / threads)))
