-- SPDX-License-Identifier: MIT
--
-- Testlets that look at when they have begun, for the benchmark:
--     lua5.4 boot.lua ROUNDS IMAGE ...
-- prints, for each image and each way to get an instance ("cold", "cloned", "warm"), what
-- systemd-analyze says that start-up took in userspace, and the seconds from its end to the
-- testlet's beginning, with ready = "system" and with "network". In a warm instance start-up ended
-- long ago: there it is the seconds from its waking. All are medians.
local ct = require "cleantest"
local measure = require "spec.bench.measure"

local rounds = math.tointeger(arg[1])
local ways = {
  { name = "cold", options = { fresh = true } },
  { name = "cloned", options = {} },
  { name = "warm", options = { warm = 1 } },
}

-- systemd's times are of a clock that only Python can read here. What it takes to run `date` is
-- counted in.
local function look()
  local run = require "cleantest.utils.run"
  local function said(command) return run(command, { check = true }).stdout end
  local began = tonumber(said "date +%s.%N")
  local offset = tonumber(said "python3 -c 'import time; print(time.time() - time.monotonic())'")
  return {
    began = began - offset,
    ended = said("systemctl show -p FinishTimestampMonotonic"):match "=(%d+)" / 1e6,
    took = said("systemd-analyze"):match "in (%S+) %(userspace%)",
  }
end

-- Seconds from when a testlet could have begun until it did, and what systemd says.
local function once(image, way, level)
  local options = { image = image, ready = level }
  for key, value in pairs(way.options) do options[key] = value end
  if options.warm then
    measure.run { ct.lxd(options)(look) } -- from here on clones are booted ahead
    measure.await_frozen(options.warm)
  end
  local _, _, result = measure.run { ct.lxd(options)(look) }
  local seen = result.value
  return options.warm and result.phases.ready or seen.began - seen.ended, seen.took
end

local function row(image, way)
  local took, medians = nil, {}
  for i, level in ipairs { "system", "network" } do
    local seconds = {}
    for round = 1, rounds do
      seconds[round], took = once(image, way, level)
    end
    medians[i] = ("%.3f"):format(measure.median(seconds))
  end
  print(image, way.name, took, table.concat(medians, " "))
end

measure.configure()
for _, image in ipairs(table.move(arg, 2, #arg, 1, {})) do
  measure.run { ct.lxd { image = image } (look) } -- its base is there after it
  for _, way in ipairs(ways) do row(image, way) end
end
