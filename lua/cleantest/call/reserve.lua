-- SPDX-License-Identifier: MIT

--- The option `reserve`: what must be left of this machine before one more
-- instance is started. Measuring it is the engine's.
-- @internal cleantest.call.reserve

local check = require "cleantest.check"
local units = require "cleantest.units"

local reserve = {}

local function check_cpu(what, value)
  if not math.type(value) or not (value > 0 and value < math.huge) then
    check.refuse(what, "a number of CPUs above 0", value)
  end
  return value
end

--- Checks a reserve.
-- @tparam string what the option's name
-- @param value a table of memory: bytes, or a string of a number and KiB, MiB, GiB or TiB; and
--   cpu: a number of CPUs. At least one of them
-- @treturn table memory (bytes) and cpu, as the binding's batch_new takes it
function reserve.check(what, value)
  local checked = check.options(what, value, { memory = units.check_bytes, cpu = check_cpu })
  if not next(checked) then check.refuse(what, "a table of memory or cpu, or both", value) end
  return checked
end

return reserve
