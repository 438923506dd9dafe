-- SPDX-License-Identifier: MIT

--- What `cleantest run` is about to do: which suites, which of their testlets, in which
-- order. Bad words are refused here, before anything starts.
-- @internal cleantest.command.plan

local catalogue = require "cleantest.command.catalogue"
local ids = require "cleantest.call.ids"
local Memory = require "cleantest.select.memory"
local oneoff = require "cleantest.command.oneoff"
local orders = require "cleantest.select.order"
local paths = require "cleantest.select.paths"
local selections = require "cleantest.select"
local tables = require "cleantest.tables"

local plan = {}

-- The paths, in ids, of suites that had bad results.
local function has_bad(memory)
  local suites = {}
  for id in pairs(memory.known) do
    if memory:was_bad(id) then suites[id:match "^(.-)::" or ""] = true end
  end
  return function(path) return suites[ids.path(path)] or false end
end

-- What is asked for, in an order of its own; nil: the longest first.
local function order_of(given, memory)
  if given.shuffle then return orders.shuffled(given.shuffle) end
  if not given.failed_first then return nil end
  return orders.bad_first(function(id) return memory:was_bad(id) end, has_bad(memory))
end

-- What is run: suites, or a program that needs none.
local function find(given)
  if oneoff.is_meant(given) then return oneoff.entries(given) end
  for _, path in ipairs(given.suites) do
    local hint = oneoff.hint(path)
    if hint then return nil, hint end
  end
  for _, name in ipairs { "upload", "package", "ready" } do
    if given[name] and #given[name] > 0 then
      return nil, ("--%s is for a program, with --image; a suite says it itself"):format(name)
    end
  end
  return paths.find(given.suites)
end

--- Plans a run.
-- @tparam table given what the options say
-- @treturn table entries (from paths.find), selection, memory, order (nil: none of its own), all
--   (from catalogue.read; nil where everything is selected); or nil, what is wrong
function plan.make(given)
  local entries, problem = find(given)
  if not entries then return nil, problem end
  local memory = Memory.of(ids.root(entries[1] and entries[1].path or given.suites[1]))
  -- images are what a program runs on, and select nothing
  if entries[1] and entries[1].chunk then given = tables.copy(given, { image = {} }) end
  local selection, wrong = selections.new(given, entries, memory)
  if not selection then return nil, wrong end
  local self = {
    entries = entries, selection = selection, memory = memory, order = order_of(given, memory),
  }
  if self.order then self.order(entries) end
  if not given.list and not selection:is_active() then return self end
  self.all = catalogue.read(entries)
  wrong = catalogue.check(self.all, selection)
  if wrong then return nil, wrong end
  selection:divide(self.all.jobs)
  return self
end

return plan
