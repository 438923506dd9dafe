-- SPDX-License-Identifier: MIT
--
-- lxd.lua - ct.lxd: the decorator. It checks options when they are given; what depends on
-- hooks, environment and arguments is put together when the testlet is called.

local archon = require "cleantest.archon"
local call = require "cleantest.call.call"
local check = require "cleantest.check"
local chosen = require "cleantest.call.chosen"
local env = require "cleantest.env"
local expect = require "cleantest.expect"
local hook = require "cleantest.hook"
local ids = require "cleantest.call.ids"
local image = require "cleantest.image"
local jobs = require "cleantest.call.jobs"
local matrix = require "cleantest.matrix"
local reserve = require "cleantest.call.reserve"
local shapes = require "cleantest.shapes"
local testlet = require "cleantest.testlet"
local threads = require "cleantest.call.threads"
local uncalled = require "cleantest.call.uncalled"
local units = require "cleantest.units"
local where = require "cleantest.where"

local lxd = {}

local Decorated = { __name = "cleantest.decorated" }
Decorated.__index = Decorated

local function check_preserve(what, value)
  if type(value) == "boolean" or value == "on_failure" then return value end
  check.refuse(what, "false, true or 'on_failure'", value)
end

local function check_xfail(what, value)
  return value ~= false and check.string(what, value)
end

-- A name that is told in one line.
local function check_name(what, value)
  if check.string(what, value):find "%c" then
    where.fail("%s must not have control characters in it", what)
  end
  return value
end

-- Words that can be told apart in a list with commas.
local function check_tag(what, value)
  if check_name(what, value):find "[%s,]" then
    where.fail("%s must not have blanks or commas in it: %s", what, check.describe(value))
  end
  return value
end

local fields = {
  name = check_name,
  image = image.check,
  preserve = check_preserve,
  isolation = check.choice { "testlet", "image" },
  parallel = check.boolean,
  num_threads = threads.check,
  reserve = reserve.check,
  order = check.choice { "declared", "completed" },
  timeout = units.check_timeout,
  ready = check.choice { "exec", "system", "network", "cloud-init" },
  ready_timeout = units.check_timeout,
  output_limit = units.check_bytes,
  env = env.check,
  hooks = check.list_of(hook.check),
  expect = expect.check,
  xfail = check_xfail,
  skip = expect.check_skip,
  tags = check.list_of(check_tag),
  matrix = matrix.check,
  fresh = check.boolean,
  warm = check.count_to(1000),
}

-- What is declared, and was given no testlet yet, is told like one that was never called.
local function decorator(what, config, options)
  local unused = setmetatable({ what = what, options = options }, Decorated)
  uncalled.add(unused)
  return shapes.at_most(1, what .. ": the testlet", function(value)
    testlet.check(what .. ": the testlet", value)
    local self = {
      what = what, config = config, options = options, testlet = value, suite = ids.suite(),
      position = where.position(),
    }
    uncalled.called(unused)
    uncalled.add(setmetatable(self, Decorated))
    return self
  end)
end

-- Decorates testlets so that they run in fresh instances.
-- @tparam table options
--   image (required): a name (see README.md), a table { name=, image=, source=, config=, devices=,
--     profiles=, type= }, or a list of those
--   name: default "test"
--   matrix: name -> a value or a list of values; a job for each combination
--   tags: a word or a list of words
--   hooks: one or a list; behind the registered ones
--   expect, xfail, skip: see expect.lua
--   env: variables; see env.check
--   timeout: for the testlet: seconds, or a string like "5m"; default 300
--   ready: "exec", "system" (default), "network" (default where start hooks install packages) or
--     "cloud-init"
--   ready_timeout: as timeout; default 120
--   output_limit: of stdout, and of stderr: bytes, or a string like "1MiB"; default 16 MiB
--   preserve: false (default), true or "on_failure"
--   isolation: "testlet" (default: each has an instance of its own) or "image" (those of one call
--     that say so, and have the same image, share one, one after the other)
--   parallel: default true
--   num_threads: the most instances at once; default: -j, CLEANTEST_NUM_THREADS, the CPU count
--   reserve: what must be left of this machine before one more is started, { memory = bytes or
--     "2GiB", cpu = CPUs }
--   order: "declared" (default) or "completed"
--   fresh: make each instance from the image, whatever is prepared; default false
--   warm: how many clones of what is prepared are kept booted and frozen for each image, until the
--     run ends; default: none
-- @treturn function testlet -> a callable testlet. Calling it starts it, with the arguments
--   of the call, and returns what a generic `for` over name, result wants
local function decorate(what, config, options)
  return decorator(what, config, check.options(what, options, fields, { "image" }))
end

local target_fields = { archon = archon.check }
for _, key in ipairs { "name", "parallel", "num_threads", "reserve", "order", "timeout", "ready",
  "ready_timeout", "output_limit", "env", "hooks", "expect", "xfail", "skip", "tags", "matrix" } do
  target_fields[key] = fields[key]
end

-- Decorates testlets so that they run in instances that exist already and run. Nothing is
-- created, started or deleted; hooks run as ever; cleantest's own files are gone at the end.
-- @param ... names of instances, or lists of names; then, optionally, a table of options:
--   name, parallel, num_threads, reserve, order, timeout, ready, ready_timeout, output_limit and
--   env, as for ct.lxd; archon: the names are those of instances it has
-- @treturn function testlet -> a callable testlet, as from ct.lxd. A result's image is the
--   instance's name. A call throws when an instance is missing, or does not run
local function target(what, config, ...)
  local given = table.pack(...)
  local options = given[given.n]
  local is_options = type(options) == "table" and #options == 0
  options = check.options(what, is_options and options or {}, target_fields)
  options.image = {}
  for i = 1, is_options and given.n - 1 or given.n do
    for _, name in ipairs(check.strings(("%s: instance %d"):format(what, i), given[i])) do
      local instance = options.archon and options.archon:instance(name) or name
      table.insert(options.image, { name = name, target = instance })
    end
  end
  if #options.image == 0 then where.fail("%s: name at least one instance", what) end
  return decorator(what, config, options)
end

--- Makes what a suite knows as ct.lxd: callable with options (see decorate), and with `target`,
-- a function of instances' names and options.
-- @tparam string what it is called: "ct.lxd"
-- @tparam config config of the provider
-- @treturn table
function lxd.facade(what, config)
  return setmetatable({
    target = function(...) return target(what .. ".target", config, ...) end,
  }, {
    __name = what,
    __index = function(_, key)
      where.fail("%s.%s: there is no such function; there is target", what, tostring(key))
    end,
    __tostring = function() return what end,
    __call = shapes.at_most(2, what, function(_, options)
      return decorate(what, config, options)
    end, "the testlet is in parentheses of its own: " .. what .. " { ... } (testlet)"),
  })
end

--- The isolation option's checker.
lxd.check_isolation = fields.isolation

--- Checks for decorated testlets.
lxd.check = check.object(Decorated, "a testlet decorated by ct.lxd")

--- Is it a decorated testlet?
function lxd.is_testlet(value)
  return getmetatable(value) == Decorated
end

-- "ct.lxd 'install' on debian-12-amd64, debian-13-amd64"; "...: it has no testlet"
function Decorated:__tostring()
  local images = {}
  for i, wanted in ipairs(self.options.image) do images[i] = wanted.name end
  return ("%s '%s' on %s%s"):format(self.what, self.options.name or "test",
    table.concat(images, ", "), self.testlet and "" or ": it has no testlet")
end

function Decorated:__call(...)
  local options, list = self.options, jobs.describe(self)
  jobs.check_names(self.what, list)
  local args = table.pack(...)
  return chosen.start(list, function(wanted)
    return call(jobs.complete(wanted, args), {
      config = self.config,
      max_live = threads.resolve(options),
      order = options.order,
      reserve = options.reserve,
      run = options.archon and archon.run_of(options.archon),
    })
  end)
end

return lxd
