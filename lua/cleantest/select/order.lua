-- SPDX-License-Identifier: MIT

--- In which order suites and jobs are started, where that is asked for: by chance
-- (--shuffle), or those first that were bad when they last ran (--ff).
-- @internal cleantest.select.order

local hash = require "cleantest.select.hash"

local order = {}

-- Sorts a list by keys, smallest first; what has the same key stays in its order.
local function sort_by(list, key_of)
  local keys, places = {}, {}
  for i, item in ipairs(list) do keys[item], places[item] = key_of(item), i end
  table.sort(list, function(a, b)
    if keys[a] ~= keys[b] then return keys[a] < keys[b] end
    return places[a] < places[b]
  end)
end

--- An order by chance: the same for the same seed, whatever else is in the list.
-- @tparam int seed
-- @treturn function puts a list of jobs, or of entries from paths.find, in that order
function order.shuffled(seed)
  return function(list)
    sort_by(list, function(item) return hash(("%d:%s"):format(seed, item.id or item.path)) end)
  end
end

--- Those first that were bad.
-- @tparam function was_bad id -> boolean
-- @tparam function has_bad path of a suite -> boolean
-- @treturn function puts a list of jobs, or of entries from paths.find, in that order
function order.bad_first(was_bad, has_bad)
  return function(list)
    sort_by(list, function(item)
      local first = item.id and was_bad(item.id) or item.path and has_bad(item.path)
      return first and 0 or 1
    end)
  end
end

return order
