-- SPDX-License-Identifier: MIT
--
-- run.lua - ct.run: many testlets on all their images in one pool. How many instances live
-- at once is the pool's to say, not its testlets'. All are of one provider.

local Batch = require "cleantest.call.batch"
local check = require "cleantest.check"
local jobs = require "cleantest.call.jobs"
local lxd = require "cleantest.lxd"
local reserve = require "cleantest.call.reserve"
local results = require "cleantest.call.call"
local threads = require "cleantest.call.threads"
local where = require "cleantest.where"

local run = {}

local fields = {
  num_threads = check.small_count,
  reserve = reserve.check,
  parallel = check.boolean,
  order = check.choice { "declared", "completed" },
  isolation = lxd.check_isolation,
}

-- Sorts what was given into options, a list, and testlets by name.
local function sort_out(given)
  local options, named = {}, {}
  for key, value in pairs(given) do
    local what = ("ct.run: %s"):format(type(key) == "string" and key or "a testlet")
    if fields[key] then
      options[key] = fields[key](what, value)
    elseif type(key) == "string" then
      lxd.check(what .. ", which is no option,", value)
      named[#named + 1] = { name = key, testlet = value }
    elseif math.type(key) ~= "integer" or key < 1 or key > #given then
      where.fail("ct.run: %s is no name for a testlet", check.describe(key))
    end
  end
  table.sort(named, function(a, b) return a.name < b.name end)
  return options, named
end

-- The jobs of all entries, and the configuration that they share.
local function build(entries, options)
  local list, config = {}, entries[1].testlet.config
  for _, entry in ipairs(entries) do
    if entry.testlet.config ~= config then
      where.fail("ct.run: %s and %s are of different providers; run them in two calls",
        tostring(entries[1].testlet), tostring(entry.testlet))
    end
    for _, job in ipairs(jobs.build(entry.testlet, nil, entry.name)) do
      job.isolation = job.isolation or options.isolation
      list[#list + 1] = job
    end
  end
  return list, config
end

--- Runs testlets together.
-- @tparam table given decorated testlets: a list, in this order, and then those with string
--   keys, by name, where the key is the testlet's name; num_threads, reserve, parallel and order as
--   for ct.lxd; isolation of those that don't say it themselves
-- @return what a generic `for` over name, result wants
function run.run(given)
  if type(given) ~= "table" or getmetatable(given) then
    check.refuse("ct.run: the testlets", "a table", given)
  end
  local options, named = sort_out(given)
  local entries = {}
  for i = 1, #given do
    entries[i] = { testlet = lxd.check(("ct.run: [%d]"):format(i), given[i]) }
  end
  table.move(named, 1, #named, #entries + 1, entries)
  if #entries == 0 then where.fail("ct.run: there is no testlet") end
  local list, config = build(entries, options)
  return results(Batch.start(list, {
    config = config,
    max_live = threads.resolve(options),
    order = options.order,
    reserve = options.reserve,
  }))
end

return run
