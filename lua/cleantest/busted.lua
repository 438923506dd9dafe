-- SPDX-License-Identifier: MIT

--- Testlets as busted's tests: `local on = require "cleantest.busted"`. Each image (and
-- variant) of a testlet is an `it`. What a file has outside of its describe blocks starts together
-- when the first of them is reached, and so does what a describe block has; each `it` waits for its
-- own result. A skip is pending, an error an error. Hooks, settings and variables of one file do
-- not reach the next.
--
-- It can be read by any Lua: who runs busted by another one is told so by the next line.
-- @module cleantest.busted

require "cleantest"

local busted = require "busted"
local archon = require "cleantest.archon"
local Batch = require "cleantest.call.batch"
local call = require "cleantest.call.call"
local config = require "cleantest.config"
local env = require "cleantest.env"
local jobs = require "cleantest.call.jobs"
local lxd = require "cleantest.lxd"
local threads = require "cleantest.call.threads"
local where = require "cleantest.where"

-- What busted runs -> test: { job=, group=: what it was started with; pending=: busted's own }
local by_function = {}

-- ---- starting ----

-- How many instances at once: as many as one of them asks for.
local function most_threads(list)
  local asked = {}
  for _, job in ipairs(list) do
    local options = job.decorated.options
    if options.parallel == false then asked.parallel = false end
    asked.num_threads = math.max(asked.num_threads or 0, options.num_threads or 0)
  end
  if asked.num_threads == 0 then asked.num_threads = nil end
  return threads.resolve(asked)
end

-- Starts jobs of one provider.
local function start(list)
  jobs.check_names("on", list)
  return (call(jobs.complete(list), {
    config = list[1].decorated.config, max_live = most_threads(list), order = "completed",
  }))
end

-- The tests of a block and of those around it that nothing was started for; those that busted's
-- options have left out are not among its children.
local function waiting_in(block)
  local list = {}
  while block do
    for _, child in ipairs(busted.children(block)) do
      local test = by_function[child.run]
      if test and not test.group then list[#list + 1] = test end
    end
    block = busted.parent(block)
  end
  return list
end

-- Starts tests, those of each provider together. What is wrong with that is the error of each.
local function start_tests(list)
  local groups = {}
  for _, test in ipairs(list) do
    local provider = test.job.decorated.config
    groups[provider] = groups[provider] or { jobs = {}, results = {} }
    test.group = groups[provider]
    table.insert(test.group.jobs, test.job)
  end
  for _, group in pairs(groups) do
    local ok, value = pcall(start, group.jobs)
    group.call, group.problem = ok and value or nil, not ok and value or nil
  end
end

-- ---- waiting ----

local function result_of(test)
  local group = test.group
  if group.problem then error(group.problem, 0) end
  while not group.results[test.job.id] do
    local _, result = group.call()
    if not result then where.fail("%s was cancelled", test.job.label) end
    group.results[result.id] = result
  end
  return group.results[test.job.id]
end

local function run(test)
  local result = result_of(test)
  local line = test.job.position .. ": "
  if result.status == "skip" then test.pending(line .. (result.reason or "skipped")) end
  if result.status == "xfail" then test.pending(line .. "known to fail: " .. result.reason) end
  if result.status == "error" then error(line .. tostring(result), 0) end
  if result.status == "fail" then busted.fail(line .. tostring(result), 0) end
end

-- ---- declaring ----

local decorate = lxd.facade("on", config.lxd)

local function add(job)
  local test = { job = job }
  local function body() run(test) end
  by_function[body] = test
  busted.it(("%s on %s"):format(job.name, job.image), body)
end

local function on(options, name, testlet)
  if type(options) ~= "table" or getmetatable(options) then
    where.fail("on: the options must be a table, as for ct.lxd")
  end
  if type(name) ~= "string" then where.fail("on: the name must be a string") end
  local given = { name = name }
  for key, value in pairs(options) do
    if key == "name" then where.fail("on: the name stands behind the options") end
    given[key] = value
  end
  for _, job in ipairs(jobs.describe(decorate(given)(testlet))) do add(job) end
end

-- What busted tells. All others are told, too: that is what the second value says.
local function subscribe(what, moment, f)
  busted.subscribe({ what, moment }, function(...)
    f(...)
    return nil, true
  end, { priority = 1 })
end

subscribe("test", "start", function(element, parent)
  local test = by_function[element.run]
  if not test then return end
  test.pending = element.env.pending
  local file, line = test.job.position:match "^(.*):(%d+)$"
  element.trace.short_src, element.trace.currentline = file, math.tointeger(line)
  if not test.group then start_tests(waiting_in(parent)) end
end)

-- ---- files ----

local saved

local function save()
  saved = { config = config.save(), env = env.shared:dump() }
end

local function restore()
  Batch.finish_all(true)
  archon.destroy_all()
  by_function = {}
  config.restore(saved.config)
  env.shared:reset()
  env.shared:add(saved.env)
end

save() -- the file that requires it has begun
subscribe("file", "start", save)
subscribe("file", "end", restore)

--- Declares a testlet as tests, one for each image and variant.
-- @function on
-- @tparam table options as for ct.lxd, but for the name
-- @tparam string name of the testlet: "installs"; a test is called "installs on debian-12-amd64"
-- @tparam function|Testlet testlet as for ct.lxd
return on
