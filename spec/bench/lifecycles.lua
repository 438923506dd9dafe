-- SPDX-License-Identifier: MIT
--
-- Hello testlets through the engine, for the benchmark:
--     lua5.4 lifecycles.lua LIFECYCLES THREADS IMAGE ...
-- prints seconds to the last result, seconds in total, CPU seconds and peak memory (bytes) of
-- this process.
local ct = require "cleantest"
local core = require "cleantest.core"

local count, threads = math.tointeger(arg[1]), math.tointeger(arg[2])
local images = table.move(arg, 3, #arg, 1, {})

local function peak_memory()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmHWM:%s+(%d+) kB"
    if kib then return math.tointeger(kib) * 1024 end
  end
end

local testlets = { num_threads = threads }
for number = 1, count do
  testlets["hello" .. number] = ct.lxd { image = images } (function()
    print "hello"
  end)
end

local begun, last = core.clock(), nil
for name, result in ct.run(testlets) do
  assert(result.status == "pass", name .. ": " .. tostring(result))
  last = core.clock()
end
local ended = core.clock()
print(("%.3f %.3f %.4f %d"):format(last - begun, ended - begun, os.clock(), peak_memory()))
