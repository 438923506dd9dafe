-- SPDX-License-Identifier: MIT
--
-- jobs.lua - a call becomes jobs: a testlet, its arguments, and hooks and environment as they
-- are now, once for each image. It starts nothing.

local config = require "cleantest.config"
local declared = require "cleantest.call.declared"
local env = require "cleantest.env"
local fresh = require "cleantest.call.fresh"
local hooks = require "cleantest.call.hooks"
local tables = require "cleantest.tables"
local testlet = require "cleantest.testlet"

local jobs = {}

local preserve = { [false] = "never", [true] = "always", on_failure = "on_failure", run = "run" }

-- A download's dest may say {name}, {image} and {testlet}: many instances, one folder.
local function expand_step(step, job)
  if step.kind ~= "pull" or not step.dest:find("{", 1, true) then return step end
  local copy = tables.copy(step)
  local words = { name = job.label, image = job.image, testlet = job.name }
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

local function build_one(common, image, options)
  local job = {
    name = common.name,
    label = common.name .. "-" .. image.name,
    image = image.name,
    local_image = image.made_from,
    has_source = image.has_source,
    instance = image.instance,
    target = image.target,
    testlet = common.testlet,
    start_hooks = common.hooks.start,
    env = common.env,
    timeout = options.timeout,
    ready = options.ready,
    ready_timeout = options.ready_timeout,
    output_limit = options.output_limit,
    fresh = fresh.resolve(options.fresh),
    warm = options.warm,
    preserve = preserve[options.preserve or false],
    isolation = options.isolation,
    tags = options.tags,
    verdict = { expect = options.expect, xfail = options.xfail, skip = options.skip },
  }
  job.stop_hooks = expand_hooks(common.hooks.stop, job)
  return job
end

--- Builds the jobs of one decorated testlet.
-- @tparam table decorated from ct.lxd, or what has its fields options, testlet and config
-- @tparam[opt] table args for the testlet, as from table.pack
-- @tparam[opt] string name instead of its own
-- @tparam[opt] table given hooks, as from hooks.convert, instead of the registered ones
-- @treturn table a list, one for each image; see the binding's job.c. `label` is the result's
--   name; `has_source` means that `instance` says what to create from; `verdict` has the options
--   expect, xfail and skip
function jobs.build(decorated, args, name, given)
  local options, settings = decorated.options, decorated.config
  declared.called(decorated)
  local common = { name = name or options.name or "test" }
  common.testlet = testlet.convert(common.name, decorated.testlet, args)
  local applied = config.hooks(settings, options.hooks)
  common.hooks = given or hooks.convert(applied)
  common.env = env.pairs_with(options.env, hooks.environment(applied))
  local list = {}
  for i, image in ipairs(options.image) do
    list[i] = build_one(common, config.resolve(settings, image), options)
  end
  return list
end

return jobs
