-- SPDX-License-Identifier: MIT
--
-- threads.lua - how many instances of a call may live at once: the suite's own word first,
-- then the command's -j, then CLEANTEST_NUM_THREADS, then the number of CPUs.

local check = require "cleantest.check"

local threads = {}

local default -- from -j

--- Reads a positive integer.
-- @tparam string s
-- @treturn ?int nil when it is none
function threads.parse(s)
  local count = s:match("^%s*%d+%s*$") and math.tointeger(tonumber(s))
  return count and count >= 1 and count <= 100000 and count or nil
end

--- Sets what the command was told with -j.
-- @tparam ?int count nil: nothing
function threads.set_default(count)
  default = count
end

--- Decides for one call.
-- @tparam table options parallel (boolean) and num_threads (positive integer), both optional
-- @treturn int 0 stands for the number of CPUs
function threads.resolve(options)
  if options.parallel == false then return 1 end
  if options.num_threads then return options.num_threads end
  if default then return default end
  local value = os.getenv "CLEANTEST_NUM_THREADS"
  if not value then return 0 end
  local count = threads.parse(value)
  if not count then check.refuse("CLEANTEST_NUM_THREADS", "a positive integer", value) end
  return count
end

return threads
