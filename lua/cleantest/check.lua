-- SPDX-License-Identifier: MIT

--- What users hand in is checked here, early, by name, at the line of the suite or
-- the testlet. Each checker takes (what, value), throws when the value is wrong, and returns it
-- in the form that the rest of the Lua layer wants. The host and the guest share it.
-- @internal cleantest.check

local tables = require "cleantest.tables"
local where = require "cleantest.where"

local check = {}

--- Says what a value is, for a message.
-- @param value anything
-- @treturn string "'x'", "3", "a table", "nil", "a cleantest.result"
function check.describe(value)
  local kind = type(value)
  if kind == "string" then return ("'%s'"):format(value) end
  if kind == "number" or kind == "boolean" or kind == "nil" then return tostring(value) end
  local class = getmetatable(value)
  return "a " .. (type(class) == "table" and class.__name or kind)
end

--- Throws "<what> must be <wanted>, not <value>".
-- @tparam string what the option's name
-- @tparam string wanted what it must be
-- @param value what it is
function check.refuse(what, wanted, value)
  where.fail("%s must be %s, not %s", what, wanted, check.describe(value))
end

--- Checks a table of options.
-- @tparam string what whose options: "ct.lxd"
-- @param options what the user gave; nil counts as an empty table
-- @tparam table fields option -> checker
-- @tparam[opt] table required a list of options that must be there
-- @treturn table a new table of what the checkers returned
function check.options(what, options, fields, required)
  if options == nil then options = {} end
  if type(options) ~= "table" or getmetatable(options) then
    check.refuse(what .. ": the options", "a table", options)
  end
  local checked = {}
  for key, value in pairs(options) do
    local field = fields[key]
    if not field then
      where.fail("%s: unknown option %s; the options are: %s", what, check.describe(key),
        tables.list(fields))
    end
    checked[key] = field(("%s: %s"):format(what, key), value)
  end
  for _, key in ipairs(required or {}) do
    if checked[key] == nil then where.fail("%s: %s is missing", what, key) end
  end
  return checked
end

--- A table without a metatable.
function check.any_table(what, value)
  if type(value) ~= "table" or getmetatable(value) then check.refuse(what, "a table", value) end
  return value
end

--- A string of any bytes.
function check.any_string(what, value)
  if type(value) ~= "string" then check.refuse(what, "a string", value) end
  return value
end

--- A string that has no NUL in it; it may be empty.
function check.word(what, value)
  if check.any_string(what, value):find("\0", 1, true) then
    where.fail("%s must not have a NUL in it", what)
  end
  return value
end

--- A string that is not empty and has no NUL in it.
function check.string(what, value)
  if check.word(what, value) == "" then where.fail("%s must not be empty", what) end
  return value
end

--- A string that a tool takes for a name, not for an option: one that does not begin with "-".
function check.name(what, value)
  if check.string(what, value):sub(1, 1) == "-" then
    where.fail("%s must not begin with '-': %s", what, check.describe(value))
  end
  return value
end

--- Makes a checker of names that some patterns must not be in.
-- @tparam string kind what is named, for the message: "package", "unit"
-- @tparam string ... Lua patterns: "%s", "[:%s/,]"
-- @treturn function a checker of names that don't begin with "-" either
function check.name_of(kind, ...)
  local patterns = { ... }
  return function(what, value)
    local bad = type(value) ~= "string" or value == "" or value:find "^%-"
    for _, pattern in ipairs(patterns) do bad = bad or value:find(pattern) end
    if bad then where.fail("%s: invalid %s name %s", what, kind, check.describe(value)) end
    return value
  end
end

--- A boolean.
function check.boolean(what, value)
  if type(value) ~= "boolean" then check.refuse(what, "true or false", value) end
  return value
end

--- An integer.
function check.integer(what, value)
  local integer = math.type(value) and math.tointeger(value)
  if not integer then check.refuse(what, "an integer", value) end
  return integer
end

--- A positive integer.
function check.count(what, value)
  local count = math.type(value) and math.tointeger(value)
  if not count or count < 1 then check.refuse(what, "a positive integer", value) end
  return count
end

--- Makes a checker of positive integers that are not above a limit.
-- @tparam int most the limit
-- @treturn function a checker
function check.count_to(most)
  return function(what, value)
    local count = check.count(what, value)
    if count > most then
      check.refuse(what, ("a positive integer, at most %d"):format(most), value)
    end
    return count
  end
end

--- Makes a checker that takes one of some words.
-- @tparam table words a list of strings
-- @treturn function a checker
function check.choice(words)
  local wanted = ("one of '%s'"):format(table.concat(words, "', '"))
  return function(what, value)
    for _, word in ipairs(words) do
      if value == word then return value end
    end
    check.refuse(what, wanted, value)
  end
end

--- A number as a program takes it: what has an integer's value is written as an integer.
-- @tparam number number
-- @treturn string "3" for 3.0
function check.number_word(number)
  return tostring(math.tointeger(number) or number)
end

-- Is it a table that can only be meant as a list?
local function is_plain_list(value)
  return type(value) == "table" and not getmetatable(value) and (value[1] ~= nil or not next(value))
end

--- Makes a checker that takes one thing or a list of such things, and returns a list.
-- @tparam function item the checker of one thing
-- @treturn function a checker
function check.list_of(item)
  return function(what, value)
    if not is_plain_list(value) then return { item(what, value) } end
    local list = {}
    for key in pairs(value) do
      if not math.type(key) or key < 1 or key > #value then
        where.fail("%s must be a list; it has the key %s", what, check.describe(key))
      end
    end
    for i = 1, #value do list[i] = item(("%s[%d]"):format(what, i), value[i]) end
    return list
  end
end

--- Makes a checker that takes objects of one metatable.
-- @tparam table class the metatable
-- @tparam string wanted what such an object is, for the message
-- @treturn function a checker
function check.object(class, wanted)
  return function(what, value)
    if type(value) ~= "table" or getmetatable(value) ~= class then
      check.refuse(what, wanted, value)
    end
    return value
  end
end

--- Makes a checker that takes false, or what another one takes.
-- @tparam function item a checker
-- @tparam string wanted what is taken, for the message about true
-- @treturn function a checker
function check.false_or(item, wanted)
  return function(what, value)
    if value == false then return value end
    if value == true then check.refuse(what, wanted, value) end
    return item(what, value)
  end
end

--- A string or a list of strings, as a list.
check.strings = check.list_of(check.string)

--- A name or a list of names, as a list.
check.names = check.list_of(check.name)

return check
