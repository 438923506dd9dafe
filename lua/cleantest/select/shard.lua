-- SPDX-License-Identifier: MIT

--- The option `shard`, M/N[:HOW]: part M of N, so that N machines can share a run. The parts have
-- no job in common, and together they are all of them.
--
--   hash    by the job's id (default): it stays in its part when others are added
--   slice   the first N-th of the list, the second, ...
--   time    by the durations known here, so that all parts take about as long: the machines must
--           know of the same ones, else it is not a partition
-- @internal cleantest.select.shard

local hash = require "cleantest.select.hash"
local ids = require "cleantest.call.ids"

local shard = {}

local MOST <const> = 10000

--- Reads the option's value.
-- @tparam string text
-- @treturn table { part=, of=, how= }; or nil
function shard.parse(text)
  local part, of, how = text:match "^(%d+)/(%d+)(.*)$"
  part, of = math.tointeger(tonumber(part)), math.tointeger(tonumber(of))
  if how == "" then how = ":hash" end
  local known = how == ":hash" or how == ":slice" or how == ":time"
  if not (part and of and known and part >= 1 and part <= of and of <= MOST) then return nil end
  return { part = part, of = of, how = how:sub(2) }
end

local function by_hash(wanted, job)
  return hash(ids.lasting(job.id)) % wanted.of == wanted.part - 1
end

local divide = {} -- how -> function(jobs, of): key -> part

function divide.slice(jobs, of)
  local parts = {}
  for i, job in ipairs(jobs) do parts[ids.lasting(job.id)] = (i - 1) * of // #jobs + 1 end
  return parts
end

-- The longest first, each to the part that has the least so far.
function divide.time(jobs, of, seconds_of)
  local order, loads, parts = {}, {}, {}
  for i, job in ipairs(jobs) do
    local id = ids.lasting(job.id)
    order[i] = { id = id, seconds = seconds_of(id) or 1 }
  end
  table.sort(order, function(a, b)
    if a.seconds ~= b.seconds then return a.seconds > b.seconds end
    return a.id < b.id
  end)
  for part = 1, of do loads[part] = 0 end
  for _, each in ipairs(order) do
    local least = 1
    for part = 2, of do
      if loads[part] < loads[least] then least = part end
    end
    loads[least], parts[each.id] = loads[least] + each.seconds, least
  end
  return parts
end

--- Makes a filter.
-- @tparam table wanted from shard.parse
-- @tparam table jobs those that are divided, with ids
-- @tparam function seconds_of id -> what it took lately; nil: nobody knows
-- @treturn function job -> boolean. A job that is not in the list is in the part that its id says
function shard.filter(wanted, jobs, seconds_of)
  if wanted.how == "hash" then return function(job) return by_hash(wanted, job) end end
  local parts = divide[wanted.how](jobs, wanted.of, seconds_of)
  return function(job)
    local part = parts[ids.lasting(job.id)]
    if part then return part == wanted.part end
    return by_hash(wanted, job)
  end
end

return shard
