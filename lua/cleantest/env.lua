-- SPDX-License-Identifier: MIT

--- ct.env: the environment variables that testlets get. A call takes them as they
-- are at that moment. The environment of this process is no part of it.
-- @module cleantest.env

local check = require "cleantest.check"
local shapes = require "cleantest.shapes"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local Env = { __name = "cleantest.env" } -- the class of ct.env: the suite's own view of it
Env.__index = Env

local variables = {} -- name -> string: what ct.env holds

local env = {}

local function check_key(what, key)
  if check.string(what, key):find("=", 1, true) then
    where.fail("%s: '%s' has a '=' in it", what, key)
  end
  return key
end

local function check_value(what, value)
  if type(value) == "table" then return table.concat(check.strings(what, value), ":") end
  if type(value) ~= "string" and type(value) ~= "number" then
    check.refuse(what, "a string, a number or a list of strings", value)
  end
  if type(value) == "number" then return check.number_word(value) end
  return check.word(what, value)
end

--- Checks a table of variables.
-- @local
-- @tparam string what whose variables, for messages
-- @tparam table given name -> string, number, or list of strings (joined by ":")
-- @treturn table name -> string
function env.check(what, given)
  if type(given) ~= "table" then check.refuse(what, "a table", given) end
  local checked = {}
  for key, value in pairs(given) do
    check_key(what .. ": a variable's name", key)
    checked[key] = check_value(("%s: %s"):format(what, key), value)
  end
  return checked
end

--- Adds variables; one that is there already gets the new value. Adds all of them or, when one
-- is wrong, none.
-- @function ct.env:add
-- @tparam table ... one by one or in lists: name -> string, number, or list of strings (joined by
--   ":")
function Env:add(...) -- luacheck: no self
  tables.update(variables, table.unpack(shapes.each("ct.env:add: the table", env.check, ...)))
end

--- The value of a variable.
-- @function ct.env:get
-- @tparam string key its name
-- @treturn ?string nil when it is not set
function Env:get(key) -- luacheck: no self
  return variables[key]
end

--- Removes variables; those that are not set too.
-- @function ct.env:remove
-- @tparam string ... their names, one by one or in lists
function Env:remove(...) -- luacheck: no self
  local keys = shapes.each("ct.env:remove: the name", check_key, ...)
  for _, key in ipairs(keys) do variables[key] = nil end
end

--- A copy of all variables.
-- @function ct.env:dump
-- @treturn table name -> string
function Env:dump() -- luacheck: no self
  return tables.copy(variables)
end

--- Removes all variables.
-- @function ct.env:reset
function Env:reset() -- luacheck: no self
  variables = {}
end

shapes.limit(Env, "ct.env", { get = 1, dump = 0, reset = 0 })

function Env.__tostring()
  return ("ct.env (%s)"):format(tables.list(variables))
end

--- All variables and those of one testlet, which win, for the engine.
-- @local
-- @tparam[opt] table own name -> string
-- @tparam[opt] table added name -> string, put behind what the variable has, after a ":"
-- @treturn table a sorted list of "KEY=value"
function env.pairs_with(own, added)
  local all, list = tables.copy(variables, own), {}
  for key, value in pairs(added or {}) do
    all[key] = all[key] and all[key] ~= "" and all[key] .. ":" .. value or value
  end
  for key, value in pairs(all) do list[#list + 1] = key .. "=" .. value end
  table.sort(list)
  return list
end

--- ct.env itself.
-- @local
env.shared = setmetatable({}, Env)

return env
