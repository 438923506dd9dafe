-- SPDX-License-Identifier: MIT
--
-- hook.lua - ct.hook: named lists of steps for the start and the stop of an environment. A
-- hook becomes steps when a call begins, so functions in it travel as they are then.

local check = require "cleantest.check"
local data = require "cleantest.data"
local Package = require "cleantest.pkg.package"
local testlet = require "cleantest.testlet"

local hook = {}

local Hook = { __name = "cleantest.hook" }
Hook.__index = Hook

--- Checks for hooks.
hook.check = check.object(Hook, "made by ct.hook.start_env or ct.hook.stop_env")

local start_fields = {
  name = check.string,
  packages = check.list_of(check.object(Package, "made by ct.pkg")),
  upload = data.check_upload,
  run = check.list_of(testlet.check),
  timeout = check.positive,
  volatile = check.boolean,
}

local stop_fields = {
  name = check.string,
  run = check.list_of(testlet.check),
  download = data.check_download,
  timeout = check.positive,
}

local function new(moment, what, options, fields)
  local self = check.options(what, options, fields, { "name" })
  self.moment = moment
  return setmetatable(self, Hook)
end

--- A hook for the start of an environment: packages, then uploads, then run.
-- @tparam table options name; packages (from ct.pkg), upload (from ct.data), run (testlets of
--   any kind): each one or a list; timeout: seconds for each step, default 600; volatile
--   (boolean, default false; packages and uploads can have it by themselves): its steps, and all
--   behind them, are done in every instance, where others may be done once and what they left be
--   copied. For what depends on more than the suite says: the time, the host, /tmp
-- @treturn hook
function hook.start_env(options)
  return new("start", "ct.hook.start_env", options, start_fields)
end

--- A hook for the end of an environment: run, then downloads. In a download's dest {name},
-- {image} and {testlet} stand for the result's.
-- @tparam table options name; run (testlets), download (from ct.data): each one or a list;
--   timeout: seconds for each step, default 600
-- @treturn hook
function hook.stop_env(options)
  return new("stop", "ct.hook.stop_env", options, stop_fields)
end

-- What it is made of, in a few words: "packages, upload, run".
function Hook:__tostring()
  local parts = {}
  for _, package in ipairs(self.packages or {}) do parts[#parts + 1] = package.kind end
  for _, part in ipairs { "upload", "run", "download" } do
    if self[part] then parts[#parts + 1] = part end
  end
  return ("hook '%s' (%s)"):format(self.name, #parts > 0 and table.concat(parts, ", ") or "empty")
end

local function add_runs(self, steps)
  for _, value in ipairs(self.run or {}) do
    local run = testlet.convert_step(("hook '%s'"):format(self.name), value)
    steps[#steps + 1] = { kind = "run", name = "run", run = run }
  end
end

--- A hook in the engine's form.
-- @tparam hook self
-- @treturn table see the binding's job.c
function hook.convert(self)
  local steps = {}
  for _, package in ipairs(self.packages or {}) do
    local more = Package.steps(package)
    table.move(more, 1, #more, #steps + 1, steps)
  end
  for _, item in ipairs(self.upload or {}) do steps[#steps + 1] = data.push(item) end
  add_runs(self, steps)
  for _, item in ipairs(self.download or {}) do steps[#steps + 1] = data.pull(item) end
  for _, step in ipairs(steps) do
    step.timeout = self.timeout
    step.always = self.volatile or step.always
  end
  return { name = self.name, steps = steps }
end

return hook
