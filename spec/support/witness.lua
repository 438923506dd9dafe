-- SPDX-License-Identifier: MIT
--
-- A testlet that says when it was alive, by the kernel's clock, which all instances share:
-- the tick at which its instance's init started, and the one at which it was done itself.

local witness = {}

--- The testlet.
-- @tparam ?number seconds how long it sleeps in between; default 0
-- @treturn string two numbers of ticks since boot
function witness.testlet(seconds)
  local run = require "cleantest.utils.run"
  local function started(process) -- proc(5), /proc/PID/stat field 22
    local field = run("cat /proc/" .. process .. "/stat").stdout:match "^.*%) (.*)$"
    for _ = 4, 22 do field = field:match "^%S+ (.*)$" end
    return field:match "^%d+"
  end
  run("sleep " .. (seconds or 0))
  return started "1" .. " " .. started "self"
end

--- What the testlet returned, as { from=, to= }.
function witness.interval(text)
  local from, to = text:match "(%d+) (%d+)"
  return { from = tonumber(from), to = tonumber(to) }
end

--- The most intervals that overlap at any time.
-- @tparam table list of intervals
-- @treturn int
function witness.most_at_once(list)
  local most = 0
  for _, one in ipairs(list) do
    local count = 0
    for _, other in ipairs(list) do
      if other.from <= one.from and one.from < other.to then count = count + 1 end
    end
    most = math.max(most, count)
  end
  return most
end

return witness
