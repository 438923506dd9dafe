-- SPDX-License-Identifier: MIT

--- The testlets of all declared suites, of whatever file, run together. How many at once
-- is the most that one of the suites asks for. Suites go into a pool of their own where they speak
-- to other daemons, leave more of the machine free, run one testlet at a time, or have testlets
-- share an instance.
-- @internal cleantest.command.pool

local call = require "cleantest.call.call"
local chosen = require "cleantest.call.chosen"
local config = require "cleantest.config"
local tables = require "cleantest.tables"
local threads = require "cleantest.call.threads"
local where = require "cleantest.where"

local pcall <const> = pcall -- of Lua's own, which ends a suite's os.exit

local pool = {}

-- A table as text: the same for the same content.
local function text_of(value)
  if type(value) ~= "table" then return ("%s:%s"):format(type(value), tostring(value)) end
  local parts = {}
  for _, key in ipairs(tables.keys(value)) do
    parts[#parts + 1] = ("%q=%s"):format(key, text_of(value[key]))
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function shares_instances(list)
  for _, job in ipairs(list) do
    if job.isolation == "image" then return true end
  end
  return false
end

-- What suites of one pool have in common.
local function key_of(suite, list)
  local options, provider = suite.plan.options, list[1].decorated.config
  if options.parallel == false or shares_instances(list) then return suite.path end
  return text_of {
    provider = ("%p"):format(provider), settings = config.settings(provider),
    servers = config.servers(provider), reserve = options.reserve or {},
  }
end

-- Adds a suite's options to those of its pool.
local function add_options(group, options)
  local into = group.options
  into.reserve, into.parallel = options.reserve, options.parallel
  if options.num_threads then
    into.num_threads = math.max(into.num_threads or 0, options.num_threads)
  end
end

-- Puts the jobs of a suite, which is resumed, into the pool they belong to.
local function add(groups, suite, list)
  local key = key_of(suite, list)
  if not groups[key] then
    groups[key] = { suites = {}, jobs = {}, options = {} }
    groups[#groups + 1] = groups[key]
  end
  local group = groups[key]
  table.insert(group.suites, suite)
  table.move(list, 1, #list, #group.jobs + 1, group.jobs)
  add_options(group, suite.plan.options)
end

--- Sorts the chosen jobs of suites into pools.
-- @tparam table suites from declared.open, loaded and paused
-- @tparam function failed gets (suite, message) where a suite's jobs can't be put together
-- @treturn table a list of pools: { suites=, jobs=, options= }
function pool.gather(suites, failed)
  local groups = {}
  for _, suite in ipairs(suites) do
    suite:resume()
    local ok, problem = suite:protect(function()
      local list = chosen.of(suite.jobs)
      if #list > 0 then add(groups, suite, suite:complete(list)) end
    end)
    suite:pause()
    if not ok then failed(suite, problem) end
  end
  return groups
end

--- Runs a pool to its end.
-- @tparam table group from pool.gather
-- @tparam ?function order gets its jobs, a list, and puts them into the order to start them in
function pool.run(group, order)
  local first = group.suites[1]
  if order then order(group.jobs) end
  first:resume() -- the daemon is the one that its settings say
  local options = {
    config = group.jobs[1].decorated.config, max_live = threads.resolve(group.options),
    reserve = group.options.reserve, in_order = order ~= nil,
  }
  local ok, started = pcall(where.on_behalf, nil, function()
    return (call(group.jobs, options))
  end)
  first:pause()
  if not ok then error(started, 0) end
  started:all()
end

return pool
