-- SPDX-License-Identifier: MIT
--
-- measure.lua - what the benchmark's programs share: where they run, and how long it takes.

local ct = require "cleantest"
local core = require "cleantest.core"

local measure = {}

local FILLED = 120 -- seconds in which all clones are there

--- The configuration, in the benchmark's own project if it has one.
function measure.configure()
  return ct.configure("lxd", { client = { project = os.getenv "BENCH_PROJECT" } })
end

--- Runs testlets, which must all pass.
-- @tparam table testlets as for ct.run
-- @treturn number seconds to the last result
-- @treturn number seconds until nothing is left
-- @treturn result the last
-- @treturn table all of them, in order
function measure.run(testlets)
  local begun, ended, all = core.clock(), nil, {}
  for name, result in ct.run(testlets) do
    assert(result.status == "pass", name .. ": " .. tostring(result))
    ended, all[#all + 1] = core.clock(), result
  end
  return ended - begun, core.clock() - begun, all[#all], all
end

--- Hello testlets for measure.run.
-- @tparam number count how many
-- @tparam number threads how many at a time
-- @tparam table options of ct.lxd
function measure.hello(count, threads, options)
  local testlets = { num_threads = threads }
  for number = 1, count do
    testlets["hello" .. number] = ct.lxd(options)(function() print "hello" end)
  end
  return testlets
end

local function frozen()
  local pipe <close> = io.popen(("lxc list --project %s -f csv -c s"):format(
    os.getenv "BENCH_PROJECT"))
  local _, count = pipe:read("a"):gsub("FROZEN", "")
  return count
end

--- Waits until so many clones are booted ahead, once the first testlet that wants some has run.
function measure.await_frozen(count)
  local begun = core.clock()
  while frozen() < count do
    if core.clock() - begun > FILLED then error("the clones are not there in time", 0) end
    os.execute "sleep 0.2"
  end
end

--- @treturn number the middle one, or the lower of the two in the middle
function measure.median(numbers)
  local sorted = table.move(numbers, 1, #numbers, 1, {})
  table.sort(sorted)
  return sorted[(#sorted + 1) // 2]
end

--- @treturn number bytes
function measure.peak_memory()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmHWM:%s+(%d+) kB"
    if kib then return math.tointeger(kib) * 1024 end
  end
end

return measure
