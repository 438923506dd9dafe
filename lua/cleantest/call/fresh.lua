-- SPDX-License-Identifier: MIT
--
-- fresh.lua - whether instances are made from their images, whatever is prepared.

local fresh = {}

local default -- the command's --fresh

--- Sets what holds where a testlet does not say.
-- @tparam ?boolean value nil: CLEANTEST_FRESH, an environment variable that is not empty
function fresh.set_default(value)
  default = value
end

--- @tparam ?boolean given a testlet's option
-- @treturn boolean
function fresh.resolve(given)
  if given ~= nil then return given end
  if default ~= nil then return default end
  return (os.getenv "CLEANTEST_FRESH" or "") ~= ""
end

return fresh
