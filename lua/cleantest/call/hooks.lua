-- SPDX-License-Identifier: MIT

--- Lists of hooks: the ones registered with a configuration, and those of one testlet
-- behind them. No two hooks of a list have one name.
-- @internal cleantest.call.hooks

local check = require "cleantest.check"
local hook = require "cleantest.hook"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local hooks = {}

local function find(list, name)
  for i, known in ipairs(list) do
    if known.name == name then return i end
  end
end

--- The names of hooks, for a message.
-- @tparam table list of hooks
-- @treturn string "tools, logs"; "none"
function hooks.names(list)
  local names = {}
  for i, known in ipairs(list) do names[i] = known.name end
  return #names > 0 and table.concat(names, ", ") or "none"
end

--- A list with more hooks at its end.
-- @tparam table list of hooks; it stays as it is
-- @tparam table given a list of hooks
-- @treturn table a new list
function hooks.added(list, given)
  local longer = tables.copy(list)
  for _, new in ipairs(given) do
    if find(longer, new.name) then
      where.fail("config:register_hook: the hook '%s' is registered already; registered are: %s",
        new.name, hooks.names(list))
    end
    longer[#longer + 1] = new
  end
  return longer
end

--- A list without some hooks.
-- @tparam table list of hooks; it stays as it is
-- @tparam table given a list of names
-- @treturn table a new list
function hooks.removed(list, given)
  local shorter = tables.copy(list)
  for _, name in ipairs(given) do
    local at = find(shorter, name)
    if not at then
      where.fail("config:unregister_hook: no hook '%s' is registered; registered are: %s", name,
        hooks.names(list))
    end
    table.remove(shorter, at)
  end
  return shorter
end

--- Checks for a hook, or the name of one.
-- @treturn string its name
function hooks.check_name(what, value)
  return type(value) == "table" and hook.check(what, value).name or check.string(what, value)
end

--- Registered hooks, and behind them those of one testlet.
-- @tparam string what whose testlet, for messages
-- @tparam table registered a list
-- @tparam[opt] table own a list
-- @treturn table a new list
function hooks.joined(what, registered, own)
  local list = tables.copy(registered)
  for _, new in ipairs(own or {}) do
    if find(list, new.name) then
      where.fail("%s: there are two hooks called '%s'", what, new.name)
    end
    list[#list + 1] = new
  end
  return list
end

--- Hooks in the engine's form.
-- @tparam table list of hooks
-- @treturn table start and stop: lists; see the binding's job.c
function hooks.convert(list)
  local lists = { start = {}, stop = {} }
  for _, known in ipairs(list) do table.insert(lists[known.moment], hook.convert(known)) end
  return lists
end

--- What the packages of hooks add to variables of the testlets' environment.
-- @tparam table list of hooks
-- @treturn table name -> string
function hooks.environment(list)
  local added = {}
  for _, known in ipairs(list) do
    for _, package in ipairs(hook.packages(known)) do tables.update(added, package.env) end
  end
  return added
end

return hooks
