-- SPDX-License-Identifier: MIT

--- The arguments of functions that take one thing or many: f("a", "b"),
-- f { "a", "b" }, and a table of options behind them; and times and sizes.
-- @internal cleantest.utils.arguments
local check = require "cleantest.check"
local units = require "cleantest.units"

local arguments = {}

local MOST_SECONDS <const> = 100 * 366 * 24 * 3600 -- longer than that is a mistake
local MOST_BYTES <const> = 1 << 40

--- A checker of spans of time: a number of seconds, or "90s", "5min".
-- @return seconds
function arguments.seconds(what, value)
  local seconds = units.seconds(value) or math.type(value) and value
  if not seconds or not (seconds > 0 and seconds <= MOST_SECONDS) then
    check.refuse(what, ("seconds, above 0 and at most %d, or a time like '5min'"):format(
      MOST_SECONDS), value)
  end
  return seconds
end

--- A checker of sizes: a number of bytes, or "512KiB", "2MiB".
-- @return bytes
function arguments.bytes(what, value)
  local bytes = type(value) == "string" and units.bytes(value)
    or math.type(value) and math.tointeger(value)
  if not bytes or bytes < 1 or bytes > MOST_BYTES then
    check.refuse(what, ("bytes, from 1 to %d, or a size like '2MiB'"):format(MOST_BYTES), value)
  end
  return bytes
end

-- A table that can only be options: it has names, and no first item.
local function is_options(value)
  return type(value) == "table" and value[1] == nil and next(value) ~= nil
end

--- Tells what is meant from what is said.
-- @param ... items, or lists of items; the last may be a table of options
-- @treturn table a list of items, in order, with n, how many: nil may be among them
-- @treturn ?table the options; nil when there are none
function arguments.spread(...)
  local given, items = table.pack(...), { n = 0 }
  local options = is_options(given[given.n]) and given[given.n] or nil
  for i = 1, given.n - (options and 1 or 0) do
    local value = given[i]
    local list = type(value) == "table" and value or { value, n = 1 }
    local count = list.n or #list
    table.move(list, 1, count, items.n + 1, items)
    items.n = items.n + count
  end
  return items, options
end

return arguments
