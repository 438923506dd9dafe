-- SPDX-License-Identifier: MIT
--
-- reserve.lua - the option `reserve`: what must be left of this machine before one more
-- instance is started. Measuring it is the engine's.

local check = require "cleantest.check"

local reserve = {}

local units = { KiB = 1 << 10, MiB = 1 << 20, GiB = 1 << 30, TiB = 1 << 40 }

local MOST = 1 << 50 -- bytes; more than that is a mistake

local function bytes_of(value)
  if math.type(value) then return value end
  if type(value) ~= "string" then return nil end
  local digits, unit = value:match "^(%d+%.?%d*) ?(%a+)$"
  return units[unit] and tonumber(digits) * units[unit]
end

-- As a whole number of bytes.
local function check_memory(what, value)
  local bytes = bytes_of(value)
  if not bytes or not (bytes > 0 and bytes <= MOST) then
    check.refuse(what, "a number of bytes above 0, or a string like '512MiB' or '2GiB'", value)
  end
  return math.ceil(bytes)
end

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
  local checked = check.options(what, value, { memory = check_memory, cpu = check_cpu })
  if not next(checked) then check.refuse(what, "a table of memory or cpu, or both", value) end
  return checked
end

return reserve
