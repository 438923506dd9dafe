-- SPDX-License-Identifier: MIT

--- Ends a testlet as skipped, with a reason: require "cleantest.utils.skip" "no systemd".
-- @module cleantest.utils.skip
local check = require "cleantest.check"

local EXIT_SKIP <const> = 77

--- Ends the testlet: its result is a `skip`.
-- @function skip
-- @tparam string reason the last line of its stderr; the result's `reason`
return function(reason)
  check.string("skip: the reason", reason)
  io.stderr:write((reason:gsub("[\r\n]+", " ")), "\n")
  os.exit(EXIT_SKIP, true)
end
