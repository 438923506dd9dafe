-- SPDX-License-Identifier: MIT

--- How many instances of a call may live at once: what the suite says, but no more
-- than the command's -j or CLEANTEST_NUM_THREADS allow; else what those say, or the number of CPUs.
-- @internal cleantest.call.threads

local check = require "cleantest.check"

local threads = {}

local MOST <const> = 100000

local cap -- from -j

--- Checks a `num_threads` option.
threads.check = check.count_to(MOST)

--- Reads a positive integer.
-- @tparam string s
-- @treturn ?int nil when it is none, or too large
function threads.parse(s)
  local count = s:match("^%s*%d+%s*$") and math.tointeger(tonumber(s))
  return count and count >= 1 and count <= MOST and count or nil
end

--- Sets what the command was told with -j.
-- @tparam ?int count nil: nothing
function threads.set_cap(count)
  cap = count
end

--- What CLEANTEST_NUM_THREADS says; throws when it says nothing sensible.
-- @treturn ?int nil: it is not set, or empty
function threads.from_environment()
  local value = os.getenv "CLEANTEST_NUM_THREADS"
  if not value or value == "" then return nil end
  local count = threads.parse(value)
  if not count then check.refuse("CLEANTEST_NUM_THREADS", "a positive integer", value) end
  return count
end

--- Decides for one call.
-- @tparam table options parallel (boolean) and num_threads (positive integer), both optional
-- @treturn int 0 stands for the number of CPUs
function threads.resolve(options)
  if options.parallel == false then return 1 end
  local most = cap or threads.from_environment()
  if options.num_threads and most then return math.min(options.num_threads, most) end
  return options.num_threads or most or 0
end

return threads
