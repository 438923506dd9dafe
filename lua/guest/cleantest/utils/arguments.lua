-- SPDX-License-Identifier: MIT
--
-- arguments.lua - the arguments of functions that take one thing or many: f("a", "b"),
-- f { "a", "b" }, and a table of options behind them. It checks no item by itself.
local arguments = {}

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
