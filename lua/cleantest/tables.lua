-- SPDX-License-Identifier: MIT

--- What both the host's and the guest's Lua do with plain tables.
-- @internal cleantest.tables

local tables = {}

--- The keys of a table.
-- @tparam table set its keys are strings
-- @treturn table a sorted list
function tables.keys(set)
  local keys = {}
  for key in pairs(set) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- The keys of a table in one line, for a message.
-- @tparam table set its keys are strings
-- @treturn string sorted, with commas; "none" when there are none
function tables.list(set)
  local keys = tables.keys(set)
  return #keys > 0 and table.concat(keys, ", ") or "none"
end

--- Copies pairs into a table. What is in several tables has the last one's value.
-- @tparam table to it is changed
-- @tparam ?table ... where the pairs come from; nil counts as empty
-- @treturn table to
function tables.update(to, ...)
  for i = 1, select("#", ...) do
    for key, value in pairs((select(i, ...)) or {}) do to[key] = value end
  end
  return to
end

--- A shallow copy of all pairs of some tables.
-- @tparam ?table ... as for update
-- @treturn table
function tables.copy(...)
  return tables.update({}, ...)
end

--- A copy of a tree of tables. No table may be in it twice.
-- @param value anything
-- @return the copy; what is not a table is returned as it is
function tables.deep_copy(value)
  if type(value) ~= "table" then return value end
  local copied = {}
  for key, entry in pairs(value) do copied[key] = tables.deep_copy(entry) end
  return copied
end

return tables
