-- SPDX-License-Identifier: MIT

--- A call becomes jobs, one for each image and variant: first in short, as they can be
-- listed and chosen; then with the testlet, its arguments, hooks and environment. It starts
-- nothing.
-- @internal cleantest.call.jobs

local config = require "cleantest.config"
local env = require "cleantest.env"
local fresh = require "cleantest.call.fresh"
local hooks = require "cleantest.call.hooks"
local matrix = require "cleantest.matrix"
local tables = require "cleantest.tables"
local testlet = require "cleantest.testlet"
local timeouts = require "cleantest.call.timeouts"
local uncalled = require "cleantest.call.uncalled"
local where = require "cleantest.where"

local jobs = {}

local preserve = { [false] = "never", [true] = "always", on_failure = "on_failure", run = "run" }

-- A download's dest may say {name}, {image} and {testlet}: many instances, one folder.
local function expand_step(step, job)
  if step.kind ~= "pull" or not step.dest:find("{", 1, true) then return step end
  local copy = tables.copy(step)
  local words = { name = job.label, image = job.image, testlet = job.testlet_name }
  copy.dest = step.dest:gsub("{(%l+)}", function(word)
    return words[word] and words[word]:gsub("/", "-") or nil
  end)
  return copy
end

local function expand_hooks(list, job)
  local expanded = {}
  for i, hook in ipairs(list) do
    local steps = {}
    for k, step in ipairs(hook.steps) do steps[k] = expand_step(step, job) end
    expanded[i] = { name = hook.name, steps = steps }
  end
  return expanded
end

-- A job in short: what is known of it before anything is put together for the engine.
local function describe_one(decorated, name, image, variant)
  local options = decorated.options
  local job = {
    suite = decorated.suite,
    position = decorated.position,
    testlet_name = name,
    name = name .. variant.text,
    image = image.name,
    variant = variant.text,
    matrix = tables.copy(variant.values),
    tags = tables.copy(options.tags),
    verdict = { expect = options.expect, xfail = options.xfail, skip = options.skip },
    decorated = decorated,
    wanted = image, -- from image.check
  }
  job.label = job.name .. "-" .. job.image
  return job
end

--- The jobs that a call of a decorated testlet starts, in short. Nothing is read, packed or asked
-- for that.
-- @tparam table decorated from ct.lxd, or what has its fields options, testlet and config
-- @tparam[opt] string name instead of its own
-- @treturn table a list, one for each image and variant: suite (its path in ids), position
--   ("suite.lua:3"), testlet_name, name (the engine's: with the variant), image, variant (its
--   text), matrix (name -> value), tags, label (the result's name), verdict (the options expect,
--   xfail and skip), and decorated
function jobs.describe(decorated, name)
  local options, list = decorated.options, {}
  uncalled.called(decorated)
  for _, image in ipairs(options.image) do
    for _, variant in ipairs(options.matrix or matrix.none) do
      list[#list + 1] = describe_one(decorated, name or options.name or "test", image, variant)
    end
  end
  return list
end

--- Refuses jobs of one call whose results would have one name: what is asked for by its name must
-- have one of its own.
-- @tparam string what whose jobs, for messages: "ct.run"
-- @tparam table list from jobs.describe
function jobs.check_names(what, list)
  local seen = {}
  for _, job in ipairs(list) do
    if seen[job.label] then
      where.fail("%s: two results of this call would be called '%s'; give the testlets names of"
        .. " their own, and each image once", what, job.label)
    end
    seen[job.label] = true
  end
end

-- The job for the engine: what it is in short, and what all of its call have in common.
local function complete_one(job, common, options, image)
  return tables.update(job, {
    local_image = image.made_from,
    has_source = image.has_source,
    instance = image.instance,
    target = image.target,
    testlet = common.testlet,
    start_hooks = common.hooks.start,
    stop_hooks = expand_hooks(common.hooks.stop, job),
    env = common.env,
    timeout = timeouts.resolve(options.timeout),
    ready = options.ready,
    ready_timeout = options.ready_timeout,
    output_limit = options.output_limit,
    fresh = fresh.resolve(options.fresh),
    warm = options.warm,
    preserve = preserve[options.preserve or false],
    isolation = options.isolation,
  })
end

-- Completes jobs of one testlet.
local function complete_group(list, args, given)
  local decorated = list[1].decorated
  local options, settings = decorated.options, decorated.config
  local common = {}
  common.testlet = testlet.convert(list[1].testlet_name, decorated.testlet, args)
  local applied = config.hooks(settings, list[1].testlet_name, options.hooks)
  common.hooks = given or hooks.convert(applied)
  common.env = env.pairs_with(options.env, hooks.environment(applied))
  for _, job in ipairs(list) do
    complete_one(job, common, options, config.resolve(settings, job.wanted))
  end
end

-- Lists of the jobs that are one testlet's under one name, in order.
local function by_testlet(list)
  local groups, last = {}, nil
  for _, job in ipairs(list) do
    if not last or last.decorated ~= job.decorated or last.testlet_name ~= job.testlet_name then
      groups[#groups + 1] = {}
    end
    table.insert(groups[#groups], job)
    last = job
  end
  return groups
end

--- Makes jobs fit for the engine, with hooks and environment as they are now.
-- @tparam table list from jobs.describe, of any number of testlets
-- @tparam[opt] table args for the testlet, as from table.pack
-- @tparam[opt] table given hooks, as from hooks.convert, instead of the registered ones
-- @treturn table the list; see the binding's job.c. `has_source` means that `instance` says what
--   to create from
function jobs.complete(list, args, given)
  for _, group in ipairs(by_testlet(list)) do complete_group(group, args, given) end
  return list
end

return jobs
