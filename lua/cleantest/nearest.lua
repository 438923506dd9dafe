-- SPDX-License-Identifier: MIT

--- "did you mean": the known word that is nearest to one that nobody knows.
-- @internal cleantest.nearest

local tables = require "cleantest.tables"

local nearest = {}

-- How many letters must be changed, added, left out, or swapped with their neighbour.
local function distance(a, b)
  local before, last = {}, {}
  for j = 0, #b do last[j] = j end
  for i = 1, #a do
    local row = { [0] = i }
    for j = 1, #b do
      local same = a:byte(i) == b:byte(j)
      row[j] = math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same and 0 or 1))
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], before[j - 2] + 1)
      end
    end
    before, last = last, row
  end
  return last[#b]
end

-- Less is nearer. A word that has all of it in it, or begins like it, is near as well.
local function score(word, candidate)
  local a, b = word:lower():gsub("[/_:. ]", "-"), candidate:lower()
  if #a >= 3 and b:find(a, 1, true) then return 1 end
  return distance(a, b)
end

--- The nearest word.
-- @tparam string word that is not known
-- @tparam table known its keys are the words
-- @treturn ?string nil when none is near
function nearest.find(word, known)
  local best, least = nil, math.max(1, #word // 3) + 0.5
  for _, candidate in ipairs(tables.keys(known)) do
    local points = score(word, candidate)
    if points < least then best, least = candidate, points end
  end
  return best
end

--- The nearest word, for a message.
-- @treturn string " (did you mean 'junit'?)"; "" when none is near
function nearest.hint(word, known)
  local best = nearest.find(word, known)
  return best and (" (did you mean '%s'?)"):format(best) or ""
end

return nearest
