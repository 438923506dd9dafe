-- SPDX-License-Identifier: MIT

--- What may be said in more than one shape: things one by one or in lists, and options
-- that have a list among them; and functions that take no more than they know.
-- @internal cleantest.shapes

local check = require "cleantest.check"
local where = require "cleantest.where"

local shapes = {}

--- Checks what a function of any number of arguments was given: things one by one, in lists, or
-- both.
-- @tparam string what what each of them is, for messages: "config:register_hook: the hook"
-- @tparam function item the checker of one thing
-- @param ... what the user gave
-- @treturn table a list
function shapes.each(what, item, ...)
  local all, given = {}, table.pack(...)
  if given.n == 0 then where.fail("%s is missing: give at least one", what) end
  for i = 1, given.n do
    local list = check.list_of(item)(given.n > 1 and ("%s %d"):format(what, i) or what, given[i])
    table.move(list, 1, #list, #all + 1, all)
  end
  return all
end

-- Options whose list part is meant as one of them: `{ "curl", "git", update = true }`.
local function list_as(what, given, key)
  if type(given) == "string" then return { [key] = { given } } end
  if type(given) ~= "table" or getmetatable(given) or given[1] == nil then return given end
  local options, list = {}, {}
  for name, value in pairs(given) do
    if math.type(name) then list[name] = value else options[name] = value end
  end
  if options[key] ~= nil then
    where.fail("%s: give a list, or %s, not both", what, key)
  end
  options[key] = list
  return options
end

--- Makes a function refuse arguments that it would drop.
-- @tparam int count how many it takes at most, with the object of a method
-- @tparam string what its name, for messages: "ct.script"
-- @tparam function f
-- @tparam[opt] string hint what may have been meant
-- @treturn function
function shapes.at_most(count, what, f, hint)
  return function(...)
    if select("#", ...) > count then
      local extra = select(count + 1, ...)
      where.fail("%s: %s is one argument too many%s", what, check.describe(extra),
        hint and "; " .. hint or "")
    end
    return f(...)
  end
end

--- Makes all methods of a class refuse arguments that they would drop.
-- @tparam table methods name -> function; it is changed
-- @tparam string what whose methods, for messages: "config"
-- @tparam table counts name -> how many it takes at most, beside the object
function shapes.limit(methods, what, counts)
  for name, count in pairs(counts) do
    methods[name] = shapes.at_most(count + 1, ("%s:%s"):format(what, name), methods[name])
  end
end

--- Checks a table of options that may have a list among them, as check.options does.
-- @tparam string what whose options
-- @param given what the user gave: a string or a table
-- @tparam table fields option -> checker
-- @tparam string key the option that the list is
-- @tparam[opt] table required a list of options that must be there
-- @treturn table a new table of what the checkers returned
function shapes.options(what, given, fields, key, required)
  return check.options(what, list_as(what, given, key), fields, required)
end

return shapes
