-- SPDX-License-Identifier: MIT
--
-- One hello testlet on each of several images, all at once, for the benchmark:
--     lua5.4 hello.lua ROUNDS WARM IMAGE ...
-- prints the seconds to the last result, a median, and the bases that instances were cloned from,
-- each image's, "-" being none. WARM is how many clones of each base are kept
-- booted ahead: when it is 0, instances are made as CLEANTEST_FRESH says.
local measure = require "spec.bench.measure"

local rounds, warm = math.tointeger(arg[1]), math.tointeger(arg[2])
local images = table.move(arg, 3, #arg, 1, {})

local function once()
  local options = { image = images }
  if warm > 0 then options.warm = warm end
  local last, _, _, all = measure.run(measure.hello(1, #images, options))
  return last, all
end

local function bases()
  local names = {}
  local _, all = once() -- they are there after it
  for i, result in ipairs(all) do names[i] = result.base or "-" end
  return table.concat(names, " ")
end

measure.configure()
local names, seconds = bases(), {}
for round = 1, rounds do
  if warm > 0 then measure.await_frozen(warm * #images) end
  seconds[round] = (once())
end
print(("%.3f %s"):format(measure.median(seconds), names))
