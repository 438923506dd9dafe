-- SPDX-License-Identifier: MIT

--- Whether instances are made from their images, whatever is prepared: what a testlet
-- says, else the command's --fresh, else CLEANTEST_FRESH.
-- @internal cleantest.call.fresh

local check = require "cleantest.check"

local fresh = {}

local default -- the command's --fresh

local words = {
  [""] = false, ["0"] = false, ["false"] = false, no = false, off = false,
  ["1"] = true, ["true"] = true, yes = true, on = true,
}

--- Sets what the command was told with --fresh.
-- @tparam ?boolean value nil: nothing
function fresh.set_default(value)
  default = value
end

--- What CLEANTEST_FRESH says; throws when it says nothing sensible.
-- @treturn boolean
function fresh.from_environment()
  local value = os.getenv "CLEANTEST_FRESH" or ""
  local known = words[value:lower()]
  if known == nil then check.refuse("CLEANTEST_FRESH", "1 or 0", value) end
  return known
end

--- @tparam ?boolean given a testlet's option
-- @treturn boolean
function fresh.resolve(given)
  if given ~= nil then return given end
  if default ~= nil then return default end
  return fresh.from_environment()
end

return fresh
