-- SPDX-License-Identifier: MIT
--
-- inside(testlet, options, ...): what a testlet returns that the guest runs on this machine. One
-- that does not pass is an error, with what it wrote.

local ct = require "cleantest"
local local_guest = require "spec.unit.support.local_guest"

--- @tparam function testlet
-- @tparam[opt] table options more options of ct.lxd: env
-- @param ... the testlet's arguments
-- @return its value
return function(testlet, options, ...)
  local_guest.use()
  local given = { image = "here" }
  for key, value in pairs(options or {}) do given[key] = value end
  local result = ct.lxd(given)(testlet)(...):only()
  if result.status ~= "pass" then error(("%s\n%s"):format(result.stdout, result.stderr), 0) end
  return result.value
end
