-- SPDX-License-Identifier: MIT

--- ct.archon: many instances directed by hand: made under names of their own, told
-- what to do (orders.lua), deleted. They belong to the run: what is left at the suite's end is
-- deleted. All of it is jobs: one that keeps its instance, others that have it as their target.
-- @module cleantest.archon

local check = require "cleantest.check"
local config = require "cleantest.config"
local data = require "cleantest.data"
local held = require "cleantest.archon.held"
local image = require "cleantest.image"
local jobs = require "cleantest.call.jobs"
local listing = require "cleantest.call.listing"
local orders = require "cleantest.archon.orders"
local session = require "cleantest.call.session"
local tables = require "cleantest.tables"
local shapes = require "cleantest.shapes"
local testlet = require "cleantest.testlet"
local threads = require "cleantest.call.threads"
local units = require "cleantest.units"
local where = require "cleantest.where"

local Archon = { __name = "cleantest.archon" }
Archon.__index = Archon

local open = {} -- archons that may have instances, as keys

tables.update(Archon, orders.methods)

local archon = {}

--- An archon without instances. `local cluster <close> = ct.archon()` deletes them at the end
-- of the block; else they go with the suite.
-- @function ct.archon
-- @treturn Archon
function archon.new(settings)
  local self = setmetatable({}, Archon)
  held[self] = { config = settings, instances = {}, at_once = {} }
  open[self] = true
  return self
end

function Archon:__tostring()
  return ("ct.archon (%s)"):format(tables.list(held[self].instances))
end

--- Checks for archons.
-- @local
archon.check = check.object(Archon, "made by ct.archon()")

--- The run that an archon's instances are of.
-- @local
-- @tparam archon self
-- @treturn ?run the binding's; nil before the first instance
function archon.run_of(self)
  return held[self].run
end

--- What ct.archon() returns.
-- @type Archon

local add_fields = {
  provision = testlet.check,
  resources = data.check_upload,
  num_threads = threads.check,
  timeout = units.check_timeout,
  ready = check.choice { "exec", "system", "network", "cloud-init" },
  ready_timeout = units.check_timeout,
}

-- LXD's names of the instances that it still has, as keys.
local function present(self, what)
  local names, message = held[self].run:instances()
  if not names then where.fail("archon:%s: %s", what, message) end
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

-- Forgets, of these names, the instances that somebody else has deleted.
local function forget_gone(self, names)
  local there
  for _, name in ipairs(names) do
    local instance = held[self].instances[name]
    if instance then
      there = there or present(self, "add")
      if not there[instance] then held[self].instances[name] = nil end
    end
  end
end

local function check_new(self, names)
  names = check.strings("archon:add: the name", names)
  if #names == 0 then where.fail "archon:add: name at least one instance" end
  forget_gone(self, names)
  local seen = {}
  for _, name in ipairs(names) do
    if held[self].instances[name] or seen[name] then
      where.fail("archon:add: there is an instance '%s' already", name)
    end
    seen[name] = true
  end
  return names
end

-- Opens the run that all its instances are of.
local function open_run(self)
  local own = held[self]
  listing.refuse "it directs instances by hand"
  if own.run then return end
  local run, message = session.open(config.settings(own.config))
  if not run then where.fail("archon:add: %s", message) end
  session.retain(run)
  own.run = run
end

--- Makes instances, in parallel. Throws when one can't be made or provisioned, with what that
-- left; that one is gone then. Registered hooks are not run.
-- @tparam string|{string,...} names what the archon calls them
-- @tparam string|Image from an image, as for ct.lxd; one
-- @tparam[opt] table options
-- @tparam[opt] function|Testlet options.provision a testlet of any kind that is run in each, and
--   must pass
-- @tparam[opt] Artifact|{Artifact,...} options.resources artifacts (ct.data) uploaded before that
-- @tparam[opt] int options.num_threads the most made at once
-- @tparam[opt=300] number|string options.timeout for provision: seconds, or a string like "5m"
-- @tparam[opt="system"] string options.ready as for ct.lxd, but "network" where there is provision,
--   which may install packages; and after "exec" later orders don't wait for start-up either
-- @tparam[opt=120] number|string options.ready_timeout seconds, or a string like "5m"
function Archon:add(names, from, options)
  names = check_new(self, names)
  options = check.options("archon:add", options, add_fields)
  local images = image.check("archon:add: the image", from)
  if #images ~= 1 then where.fail "archon:add: give one image" end
  options.image, options.preserve = images, "run"
  options.ready = options.ready or options.provision and "network" or nil
  open_run(self)
  local hooks, list = orders.hooks("add", "start", options.resources or {}, data.push), {}
  for i, name in ipairs(names) do
    local made = {
      options = options, testlet = options.provision or orders.nothing, config = held[self].config,
    }
    list[i] = jobs.complete(jobs.describe(made, name), nil, hooks)[1]
  end
  local made, bad = orders.perform(self, names, list, options)
  for name, result in pairs(made) do
    if result.status == "pass" then
      local own = held[self]
      own.instances[name], own.at_once[name] = result.instance, options.ready == "exec"
    end
  end
  orders.must_pass("add", bad)
end

--- LXD's name of an instance.
-- @tparam string name
-- @treturn string
function Archon:instance(name)
  return orders.instance(self, "instance", name)
end

--- Is there an instance of that name?
-- @tparam string name
-- @treturn boolean whether the archon has an instance of that name, and LXD too
function Archon:exists(name)
  local instance = held[self].instances[check.string("archon:exists: the name", name)]
  return instance ~= nil and present(self, "exists")[instance] == true
end

-- Deletes instances of these names; returns a message when LXD can't.
local function delete(self, names)
  if #names == 0 then return end
  local own, instances = held[self], {}
  for i, name in ipairs(names) do instances[i] = own.instances[name] end
  local gone, message = own.run:destroy(instances)
  if not gone then return message end
  for _, name in ipairs(names) do own.instances[name] = nil end
end

--- Deletes instances, several at a time. Throws when LXD can't.
-- @tparam[opt] string|{string,...} names a name, or a list; default: all
function Archon:destroy(names)
  names = names == nil and tables.keys(held[self].instances)
    or orders.known(self, "destroy", names)
  local message = delete(self, names)
  if message then where.fail("archon:destroy: %s", message) end
end

--- The end of the block it is of.
function Archon:__close()
  self:destroy()
end

shapes.limit(Archon, "archon", { add = 3, instance = 1, exists = 1, destroy = 1 })

--- Has the archons that there are outlive destroy_all, for a suite that goes on later.
-- @local
-- @treturn table for archon.bring_back
function archon.set_aside()
  local all = open
  open = {}
  return all
end

--- The end of archon.set_aside.
-- @local
-- @tparam table all what it returned
function archon.bring_back(all)
  for each in pairs(all) do open[each] = true end
end

--- Deletes the instances of all archons: the suite is over.
-- @local
-- @treturn table what went wrong: a list of messages
function archon.destroy_all()
  local all, said = open, {}
  open = {}
  for each in pairs(all) do
    local message = delete(each, tables.keys(held[each].instances))
    if message then said[#said + 1] = "an archon's instances could not be deleted: " .. message end
  end
  return said
end

return archon
