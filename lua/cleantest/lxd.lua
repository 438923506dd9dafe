-- SPDX-License-Identifier: MIT

--- ct.lxd: the decorator. It checks options when they are given; what depends on
-- hooks, environment and arguments is put together when the testlet is called.
-- @module cleantest.lxd

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

--- Decorates testlets so that they run in fresh instances. The testlet is given in parentheses of
-- its own: `ct.lxd { image = "debian-12-amd64" } (function() ... end)`.
-- @function ct.lxd
-- @tparam table options
-- @tparam string|Image|table options.image a name (see README.md), an Image, or a list of those;
--   required
-- @tparam[opt="test"] string options.name the testlet's name, of which results and ids are made
-- @tparam[opt] table options.matrix name -> a value or a list of values (strings, numbers,
--   booleans); a job for each combination
-- @tparam[opt] string|{string,...} options.tags a word or a list of words
-- @tparam[opt] Hook|{Hook,...} options.hooks one or a list; behind the registered ones
-- @tparam[opt] string|table|function options.expect what is a pass: "fail"; or a table of fields a
--   result must have (`exit_code`, `signal`, `timed_out`, `value`; `stdout` and `stderr`: a Lua
--   pattern that must be found in it); or a function of the result, which returns whether it is as
--   expected, and why not
-- @tparam[opt] string|boolean options.xfail why it is known to fail: a failure is an xfail then, a
--   pass a fail; false: it is not
-- @tparam[opt] string|boolean|function options.skip why it is not to run, false, or a function of
--   the job (its id, name, image, label, matrix and tags) that returns either
-- @tparam[opt] table options.env variables: name -> string, number, or list of strings (joined by
--   ":")
-- @tparam[opt=300] number|string options.timeout for the testlet: seconds, or a string like "5m"
-- @tparam[opt="system"] string options.ready when the testlet starts: "exec", "system", "network"
--   (the default where start hooks install packages) or "cloud-init"
-- @tparam[opt=120] number|string options.ready_timeout seconds, or a string like "5m"
-- @tparam[opt="16MiB"] int|string options.output_limit of stdout, and of stderr: bytes, or a string
--   like "1MiB"
-- @tparam[opt=false] boolean|string options.preserve whether the instance is kept: false, true or
--   "on_failure"
-- @tparam[opt="testlet"] string options.isolation "testlet" (each has an instance of its own) or
--   "image" (those of one call that say so, and have the same image, share one, one after the
--   other)
-- @tparam[opt=true] boolean options.parallel false: one instance at a time
-- @tparam[opt] int options.num_threads the most instances at once; default: -j,
--   `CLEANTEST_NUM_THREADS`, the CPU count
-- @tparam[opt] table options.reserve what must be left of this machine before one more is started
-- @tparam[opt] int|string options.reserve.memory bytes, or a string like "2GiB"
-- @tparam[opt] number options.reserve.cpu CPUs
-- @tparam[opt="declared"] string options.order of results: "declared" or "completed"
-- @tparam[opt=false] boolean options.fresh make each instance from the image, whatever is prepared
-- @tparam[opt] int options.warm how many clones of what is prepared are kept booted and frozen for
--   each image, until the run ends; default: none
-- @treturn function testlet -> a callable testlet. Calling it starts it, with the arguments
--   of the call, and returns a @{cleantest.call.call.Call}, which a generic `for` over name, result
--   takes
local function decorate(what, config, options)
  return decorator(what, config, check.options(what, options, fields, { "image" }))
end

local target_fields = { archon = archon.check }
for _, key in ipairs { "name", "parallel", "num_threads", "reserve", "order", "timeout", "ready",
  "ready_timeout", "output_limit", "env", "hooks", "expect", "xfail", "skip", "tags", "matrix" } do
  target_fields[key] = fields[key]
end

--- Decorates testlets so that they run in instances that exist already and run. Nothing is
-- created, started or deleted; hooks run as ever; cleantest's own files are gone at the end.
-- @function ct.lxd.target
-- @tparam string|{string,...} ... names of instances, or lists of names
-- @tparam[opt] table options behind the names
-- @tparam[opt] Archon options.archon the names are those of instances it has
-- @tparam[opt="test"] string options.name as for ct.lxd
-- @tparam[opt] table options.matrix as for ct.lxd
-- @tparam[opt] string|{string,...} options.tags as for ct.lxd
-- @tparam[opt] Hook|{Hook,...} options.hooks as for ct.lxd
-- @tparam[opt] string|table|function options.expect as for ct.lxd
-- @tparam[opt] string|boolean options.xfail as for ct.lxd
-- @tparam[opt] string|boolean|function options.skip as for ct.lxd
-- @tparam[opt] table options.env variables, as for ct.lxd
-- @tparam[opt=300] number|string options.timeout seconds, or a string like "5m"
-- @tparam[opt="system"] string options.ready as for ct.lxd
-- @tparam[opt=120] number|string options.ready_timeout seconds, or a string like "5m"
-- @tparam[opt="16MiB"] int|string options.output_limit bytes, or a string like "1MiB"
-- @tparam[opt=true] boolean options.parallel as for ct.lxd
-- @tparam[opt] int options.num_threads as for ct.lxd
-- @tparam[opt] table options.reserve as for ct.lxd
-- @tparam[opt="declared"] string options.order as for ct.lxd
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
-- @local
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
-- @local
lxd.check_isolation = fields.isolation

--- Checks for decorated testlets.
-- @local
lxd.check = check.object(Decorated, "a testlet decorated by ct.lxd")

--- Is it a decorated testlet?
-- @local
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
