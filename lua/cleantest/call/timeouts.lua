-- SPDX-License-Identifier: MIT

--- How long a testlet may take: what the suite says, but no more than the command's
-- --timeout allows; else what that says.
-- @internal cleantest.call.timeouts

local timeouts = {}

local cap -- from --timeout

--- Sets what the command was told with --timeout.
-- @tparam ?number seconds nil: nothing
function timeouts.set_cap(seconds)
  cap = seconds
end

--- @tparam ?number given a testlet's option, in seconds
-- @treturn ?number seconds; nil: the engine's default
function timeouts.resolve(given)
  if given and cap then return math.min(given, cap) end
  return given or cap
end

return timeouts
