-- SPDX-License-Identifier: MIT
--
-- Hello testlets through the engine, for the benchmark:
--     lua5.4 lifecycles.lua LIFECYCLES THREADS IMAGE [READY]
-- with ready = READY (by itself "exec": what it is measured against waits for no start-up either)
-- prints seconds to the last result, seconds in total, CPU seconds and peak memory (bytes) of
-- this process, and the base that instances were cloned from ("-": none).
local measure = require "spec.bench.measure"

measure.configure()
local count, threads = math.tointeger(arg[1]), math.tointeger(arg[2])
local last, total, result = measure.run(measure.hello(count, threads, {
  image = arg[3], ready = arg[4] or "exec",
}))
print(("%.3f %.3f %.4f %d %s"):format(last, total, os.clock(), measure.peak_memory(),
  result.base or "-"))
