-- SPDX-License-Identifier: MIT

--- What `require "cleantest"` gives a suite. Everything in it is documented where it is made:
--
-- - @{cleantest.lxd}: `ct.lxd`, `ct.lxd.target`; their testlets: @{cleantest.testlet}, `ct.script`,
--   `ct.file`, `ct.command`; their images: @{cleantest.image}
-- - @{cleantest.call.call}: what a call returns, and its results: @{cleantest.call.result}
-- - @{cleantest.run}: `ct.run`
-- - @{cleantest.config}: `ct.configure`
-- - @{cleantest.hook}: `ct.hook`; what hooks install and move: @{cleantest.pkg}, @{cleantest.data}
-- - @{cleantest.env}: `ct.env`
-- - @{cleantest.archon}: `ct.archon`
-- - @{cleantest.report.own}: `ct.report`, and its events: @{cleantest.call.events}
--
-- In busted's specs: @{cleantest.busted}. Inside an instance: @{cleantest.job}, @{cleantest.test}
-- and cleantest.utils. Any Lua can read this file, so that the wrong one is told.
-- @module cleantest

if _VERSION ~= "Lua 5.4" then
  error(("cleantest needs Lua 5.4, and this is %s%s"):format(_VERSION, package.loaded["busted"]
    and "; run busted as: lua5.4 $(command -v busted)" or "; run it with lua5.4"), 0)
end

local archon = require "cleantest.archon"
local Batch = require "cleantest.call.batch"
local env = require "cleantest.env"
local config = require "cleantest.config"
local core = require "cleantest.core"
local data = require "cleantest.data"
local events = require "cleantest.call.events"
local hook = require "cleantest.hook"
local inside = require "cleantest.inside"
local lxd = require "cleantest.lxd"
local notes = require "cleantest.report.notes"
local own_report = require "cleantest.report.own"
local run = require "cleantest.run"
local shapes = require "cleantest.shapes"
local tables = require "cleantest.tables"
local testlet = require "cleantest.testlet"
local where = require "cleantest.where"

table.insert(package.searchers, inside.search)
events.subscribe(notes.new(io.stderr)) -- the command puts its own report in its place

local at_most = shapes.at_most

-- Has a table say by its name what is not in it, and refused by name where a testlet would take
-- it along.
local function named(what, members)
  return setmetatable(members, {
    __name = what,
    __index = function(_, key)
      where.fail("%s.%s: there is no such function; there are %s", what, tostring(key),
        tables.list(members))
    end,
    __tostring = function() return ("%s (%s)"):format(what, tables.list(members)) end,
  })
end

-- The packages' constructors; only "system" has options behind its list.
local function packages()
  local members = {}
  for kind, constructor in pairs(require "cleantest.pkg") do
    members[kind] = at_most(kind == "system" and 2 or 1, "ct.pkg." .. kind, constructor,
      'several are a list: { "a", "b" }')
  end
  return named("ct.pkg", members)
end

local ct = {
  version = core.version,
  configure = at_most(2, "ct.configure", config.configure),
  lxd = lxd.facade("ct.lxd", config.lxd),
  run = at_most(2, "ct.run", run.run, "several testlets are a list"),
  archon = at_most(0, "ct.archon", function() return archon.new(config.lxd) end),
  script = at_most(1, "ct.script", testlet.script),
  file = at_most(1, "ct.file", testlet.file),
  command = at_most(1, "ct.command", testlet.command, 'its words are a list: { "pytest", "-q" }'),
  env = env.shared,
  report = at_most(1, "ct.report", own_report.report),
  hook = named("ct.hook", {
    start_env = at_most(1, "ct.hook.start_env", hook.start_env),
    stop_env = at_most(1, "ct.hook.stop_env", hook.stop_env),
  }),
  data = named("ct.data", {
    file = at_most(3, "ct.data.file", data.file), dir = at_most(3, "ct.data.dir", data.dir),
  }),
  pkg = packages(),
}

--- Waits for every call that was started and not iterated to its end. The closing of the Lua
-- state does the same.
-- @function ct.finish
--
function ct.finish()
  Batch.finish_all()
end

--- The version of cleantest: "0.1.0".
-- @field ct.version
return named("ct", ct)
