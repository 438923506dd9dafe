-- SPDX-License-Identifier: MIT

--- Sizes and spans of time as people write them: "2GiB", "7d", "90s". Suites' options
-- and the command's are read by the same rules.
-- @internal cleantest.units

local check = require "cleantest.check"

local units = {}

local sizes = { KiB = 1 << 10, MiB = 1 << 20, GiB = 1 << 30, TiB = 1 << 40 }
local spans = { s = 1, m = 60, min = 60, h = 3600, d = 86400 }

local MOST_BYTES = 1 << 50 -- more than that is a mistake
local MOST_SECONDS = 100 * 366 * spans.d -- the same

local function in_unit(value, known)
  local digits, unit = value:match "^(%d+%.?%d*) ?(%a+)$"
  return known[unit] and tonumber(digits) * known[unit]
end

local function amount(value, known, most)
  if type(value) == "string" then value = in_unit(value, known) end
  return math.type(value) and value > 0 and value <= most and value or nil
end

--- @param value bytes, or a string of a number and KiB, MiB, GiB or TiB
-- @treturn int bytes above 0; or nil when it is none of these
function units.bytes(value)
  local bytes = amount(value, sizes, MOST_BYTES)
  return bytes and math.ceil(bytes)
end

--- A number alone is none: it would be days to one reader, and seconds to another.
-- @param value a string of a number and s, m or min, h or d
-- @treturn number seconds above 0; or nil when it is no such string
function units.seconds(value)
  return type(value) == "string" and amount(value, spans, MOST_SECONDS) or nil
end

--- A checker of sizes: whole bytes.
function units.check_bytes(what, value)
  return units.bytes(value)
    or check.refuse(what, "a number of bytes above 0, or a string like '512MiB' or '2GiB'", value)
end

--- A checker of timeouts: a number of seconds, or a time with its unit.
-- @return seconds
function units.check_timeout(what, value)
  local seconds = units.seconds(value) or type(value) == "number" and value
  if not seconds or not (seconds > 0 and seconds < math.huge) then
    check.refuse(what, "a number of seconds above 0, or a time like '90s' or '5m'", value)
  end
  return seconds
end

--- A checker of spans of time that are told with their unit: seconds.
function units.check_seconds(what, value)
  return units.seconds(value)
    or check.refuse(what, "a time with its unit, like '90s', '12h' or '7d'", value)
end

--- Bytes as one word.
-- @tparam number bytes
-- @treturn string "14.2MiB"
function units.show_bytes(bytes)
  if bytes < sizes.KiB then return ("%dB"):format(bytes) end
  for _, unit in ipairs { "KiB", "MiB", "GiB" } do
    if bytes < 1000 * sizes[unit] then return ("%.1f%s"):format(bytes / sizes[unit], unit) end
  end
  return ("%.1fTiB"):format(bytes / sizes.TiB)
end

--- A span of time as one word, rounded down.
-- @tparam number seconds
-- @treturn string "40s", "5min", "36h" or "3d"
function units.show_seconds(seconds)
  if seconds < spans.min then return ("%ds"):format(math.max(seconds, 0) // 1) end
  if seconds < spans.h then return ("%dmin"):format(seconds // spans.min) end
  if seconds < 2 * spans.d then return ("%dh"):format(seconds // spans.h) end
  return ("%dd"):format(seconds // spans.d)
end

return units
