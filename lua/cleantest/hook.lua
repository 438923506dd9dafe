-- SPDX-License-Identifier: MIT

--- ct.hook: named lists of steps for the start and the stop of an environment. A
-- hook becomes steps when a call begins, so functions in it travel as they are then.
-- @module cleantest.hook

local check = require "cleantest.check"
local data = require "cleantest.data"
local Package = require "cleantest.pkg.package"
local testlet = require "cleantest.testlet"
local units = require "cleantest.units"
local where = require "cleantest.where"

local hook = {}

local Hook = { __name = "cleantest.hook" }
Hook.__index = Hook

--- Checks for hooks.
-- @local
hook.check = check.object(Hook, "made by ct.hook.start_env or ct.hook.stop_env")

-- One step of any kind.
local function check_step(wanted, move)
  return function(what, value)
    local class = getmetatable(value)
    if class == Package and move == data.check_upload then return value end
    if data.is_artifact(value) then return move(what, value)[1] end
    if testlet.is(value) then return value end
    check.refuse(what, wanted, value)
  end
end

local start_fields = {
  name = check.string,
  packages = check.list_of(check.object(Package, "made by ct.pkg")),
  upload = data.check_upload,
  steps = check.list_of(check_step("made by ct.pkg or ct.data, or a testlet", data.check_upload)),
  run = check.list_of(testlet.check),
  timeout = units.check_timeout,
  volatile = check.boolean,
}

local stop_fields = {
  name = check.string,
  run = check.list_of(testlet.check),
  download = data.check_download,
  steps = check.list_of(check_step("a testlet, or made by ct.data", data.check_download)),
  timeout = units.check_timeout,
}

-- All steps in the order in which they are done: as they were given, or kind by kind.
local function in_order(what, given)
  local steps = {}
  for _, kind in ipairs { "packages", "upload", "run", "download" } do
    local list = given[kind] or {}
    if given.steps and given[kind] then
      where.fail("%s: give steps, or %s, not both: steps are done in their own order", what, kind)
    end
    table.move(list, 1, #list, #steps + 1, steps)
  end
  return given.steps or steps
end

local function new(moment, what, options, fields)
  local given = check.options(what, options, fields, { "name" })
  return setmetatable({
    name = given.name, moment = moment, timeout = given.timeout, volatile = given.volatile,
    steps = in_order(what, given),
  }, Hook)
end

--- A hook for the start of an environment: packages, then uploads, then run; or steps, as given.
-- @function ct.hook.start_env
-- @tparam table options
-- @tparam string options.name no two hooks of a testlet may have one; required
-- @tparam[opt] Package|{Package,...} options.packages from ct.pkg: one or a list
-- @tparam[opt] Artifact|{Artifact,...} options.upload from ct.data: one or a list
-- @tparam[opt] function|Testlet|table options.run testlets of any kind: one or a list
-- @tparam[opt] table options.steps instead of these: a list of all kinds, done in its order
-- @tparam[opt=600] number|string options.timeout for each step: seconds, or a string like "5m"
-- @tparam[opt=false] boolean options.volatile (packages and uploads can have it by themselves): its
--   steps, and all behind them, are done in every instance, where others may be done once and what
--   they left be copied. For what depends on more than the suite says: the time, the host, /tmp
-- @treturn Hook
function hook.start_env(options)
  return new("start", "ct.hook.start_env", options, start_fields)
end

--- A hook for the end of an environment: run, then downloads; or steps, as given. In a download's
-- dest {name}, {image} and {testlet} stand for the result's.
-- @function ct.hook.stop_env
-- @tparam table options
-- @tparam string options.name no two hooks of a testlet may have one; required
-- @tparam[opt] function|Testlet|table options.run testlets: one or a list
-- @tparam[opt] Artifact|{Artifact,...} options.download from ct.data: one or a list
-- @tparam[opt] table options.steps instead of these: a list of both, done in its order
-- @tparam[opt=600] number|string options.timeout for each step: seconds, or a string like "5m"
-- @treturn Hook
function hook.stop_env(options)
  return new("stop", "ct.hook.stop_env", options, stop_fields)
end

-- A step in a word: a package's kind, "upload", "run" or "download".
local function word_of(self, step)
  if getmetatable(step) == Package then return step.kind end
  if not data.is_artifact(step) then return "run" end
  return self.moment == "start" and "upload" or "download"
end

-- "hook 'tools' (apt, upload, run)"
function Hook:__tostring()
  local words = {}
  for _, step in ipairs(self.steps) do
    local word = word_of(self, step)
    if words[#words] ~= word then words[#words + 1] = word end
  end
  return ("hook '%s' (%s)"):format(self.name, #words > 0 and table.concat(words, ", ") or "empty")
end

--- The packages that a hook installs.
-- @local
-- @tparam hook self
-- @treturn table a list
function hook.packages(self)
  local list = {}
  for _, step in ipairs(self.steps) do
    if getmetatable(step) == Package then list[#list + 1] = step end
  end
  return list
end

-- A step in the engine's form: one or more.
local function convert_step(self, step)
  if getmetatable(step) == Package then return Package.steps(step) end
  if data.is_artifact(step) then
    return { (self.moment == "start" and data.push or data.pull)(step) }
  end
  local run = testlet.convert_step(("hook '%s'"):format(self.name), step)
  return { { kind = "run", name = "run", run = run } }
end

--- A hook in the engine's form.
-- @local
-- @tparam hook self
-- @treturn table see the binding's job.c
function hook.convert(self)
  local steps = {}
  for _, step in ipairs(self.steps) do
    local more = convert_step(self, step)
    table.move(more, 1, #more, #steps + 1, steps)
  end
  for _, step in ipairs(steps) do
    step.timeout = self.timeout
    step.always = self.volatile or step.always
  end
  return { name = self.name, steps = steps }
end

return hook
