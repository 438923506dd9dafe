-- SPDX-License-Identifier: MIT

--- ct.run: many testlets on all their images in one pool. How many instances live
-- at once is the pool's to say, not its testlets'. All are of one provider.
-- @module cleantest.run

local call = require "cleantest.call.call"
local check = require "cleantest.check"
local chosen = require "cleantest.call.chosen"
local jobs = require "cleantest.call.jobs"
local lxd = require "cleantest.lxd"
local reserve = require "cleantest.call.reserve"
local tables = require "cleantest.tables"
local threads = require "cleantest.call.threads"
local where = require "cleantest.where"

local run = {}

local fields = {
  num_threads = threads.check,
  reserve = reserve.check,
  parallel = check.boolean,
  order = check.choice { "declared", "completed" },
  isolation = lxd.check_isolation,
  args = check.any_table,
}

-- Options may stand among the testlets, too; a testlet may have any name.
local function is_option(key, value)
  return fields[key] ~= nil and not lxd.is_testlet(value)
end

-- Sorts what was given into testlets, in order, and options.
local function sort_out(given)
  local options, entries, named = {}, {}, {}
  for key, value in pairs(given) do
    if is_option(key, value) then
      options[key] = value
    elseif type(key) == "string" then
      named[key] = lxd.check(("ct.run: %s, which is no option,"):format(key), value)
    elseif math.type(key) ~= "integer" or key < 1 or key > #given then
      where.fail("ct.run: %s is no name for a testlet", check.describe(key))
    end
  end
  for i = 1, #given do
    entries[i] = { testlet = lxd.check(("ct.run: [%d]"):format(i), given[i]) }
  end
  for _, name in ipairs(tables.keys(named)) do
    entries[#entries + 1] = { name = name, testlet = named[name] }
  end
  return entries, options
end

-- All testlets of one run are of one provider.
local function check_provider(entries)
  for _, entry in ipairs(entries) do
    if entry.testlet.config ~= entries[1].testlet.config then
      where.fail("ct.run: %s and %s are of different providers; run them in two calls",
        tostring(entries[1].testlet), tostring(entry.testlet))
    end
  end
end

--- What ct.run would start.
-- @local
-- @tparam table given decorated testlets, as for ct.run
-- @tparam[opt] table options as for ct.run
-- @treturn table jobs: a list from jobs.describe; options, checked
function run.plan(given, options)
  if type(given) ~= "table" or getmetatable(given) then
    check.refuse("ct.run: the testlets", "a table", given)
  end
  local entries, among = sort_out(given)
  options = check.options("ct.run", tables.copy(among, check.options("ct.run", options, fields)),
    fields)
  if #entries == 0 then where.fail("ct.run: there is no testlet") end
  check_provider(entries)
  local list = {}
  for _, entry in ipairs(entries) do
    local jobs_of_it = jobs.describe(entry.testlet, entry.name)
    table.move(jobs_of_it, 1, #jobs_of_it, #list + 1, list)
  end
  jobs.check_names("ct.run", list)
  return { jobs = list, options = options }
end

--- Makes what was planned, or some of it, fit for the engine, with hooks and environment as they
-- are now.
-- @local
-- @tparam table plan from run.plan
-- @tparam table list some of the plan's jobs, in its order
-- @treturn table list
function run.complete(plan, list)
  local options = plan.options
  local args = options.args and table.pack(table.unpack(options.args, 1, options.args.n))
  for _, job in ipairs(jobs.complete(list, args)) do
    job.isolation = job.isolation or options.isolation
  end
  return list
end

--- Starts what was planned, or some of it.
-- @local
-- @tparam table plan from run.plan
-- @tparam[opt] table wanted some of the plan's jobs, in its order; default: all
-- @return what a generic `for` over name, result wants; the first value is the call
function run.start(plan, wanted)
  local list, options = run.complete(plan, wanted or plan.jobs), plan.options
  return call(list, {
    config = list[1].decorated.config,
    max_live = threads.resolve(options),
    order = options.order,
    reserve = options.reserve,
  })
end

--- Runs testlets together.
-- @function ct.run
-- @tparam table given decorated testlets: a list, in this order, and then those with string
--   keys, by name, where the key is the testlet's name. No two results may have one name
-- @tparam[opt] table options they may stand among the testlets, too
-- @tparam[opt] int options.num_threads the most instances at once, as for ct.lxd
-- @tparam[opt] table options.reserve as for ct.lxd
-- @tparam[opt=true] boolean options.parallel false: one instance at a time
-- @tparam[opt="declared"] string options.order of results: "declared" or "completed"
-- @tparam[opt="testlet"] string options.isolation of those that don't say it themselves, as for
--   ct.lxd
-- @tparam[opt] table options.args a list of arguments for every testlet
-- @treturn Call what a generic `for` over name, result wants; the first value is the call
function run.run(given, options)
  local plan = run.plan(given, options)
  return chosen.start(plan.jobs, function(wanted) return run.start(plan, wanted) end)
end

return run
