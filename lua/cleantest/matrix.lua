-- SPDX-License-Identifier: MIT

--- The option `matrix` of a testlet: names with values, whose combinations are its
-- variants. Each variant has a text, "[db=pg,from=file]", which is part of a result's id.
-- @internal cleantest.matrix

local check = require "cleantest.check"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local matrix = {}

local MOST <const> = 10000 -- variants of a testlet

-- A name that a variable's name can be made of: CLEANTEST_MATRIX_DB.
local function check_key(what, key)
  if type(key) ~= "string" or not key:find "^[%a_][%w_]*$" then
    where.fail("%s: %s can't be a name: it must be a letter or '_', and letters, digits and '_'",
      what, check.describe(key))
  end
end

-- A value as it stands in an id: one word, which ends where the next begins.
local function check_value(what, value)
  if math.type(value) and value == value then return math.tointeger(value) or value end
  if type(value) == "boolean" then return value end
  if type(value) ~= "string" or value == "" or value:find "[%s%c%[%],=@#]" then
    check.refuse(what, "a number, a boolean, or a word without blanks and []=,@#", value)
  end
  return value
end

local check_list = check.list_of(check_value)

-- The values of one name; no two may look the same in an id.
local function check_values(what, given)
  local values, seen = check_list(what, given), {}
  if #values == 0 then where.fail("%s must have at least one value", what) end
  for _, value in ipairs(values) do
    local word = tostring(value)
    if seen[word] then where.fail("%s has %s twice", what, check.describe(value)) end
    seen[word] = true
  end
  return values
end

local function check_names(what, names)
  local seen = {}
  for _, name in ipairs(names) do
    local upper = name:upper()
    if seen[upper] then
      where.fail("%s: %s and %s differ in case only; as variables they are CLEANTEST_MATRIX_%s",
        what, seen[upper], name, upper)
    end
    seen[upper] = name
  end
end

local function text_of(names, values)
  local parts = {}
  for i, name in ipairs(names) do parts[i] = ("%s=%s"):format(name, tostring(values[name])) end
  return #parts > 0 and "[" .. table.concat(parts, ",") .. "]" or ""
end

-- All combinations: those of the last name follow each other.
local function combine(names, values)
  local list = { {} }
  for _, name in ipairs(names) do
    local longer = {}
    for _, variant in ipairs(list) do
      for _, value in ipairs(values[name]) do
        longer[#longer + 1] = tables.copy(variant, { [name] = value })
      end
    end
    list = longer
  end
  return list
end

--- Checks a `matrix` option.
-- @tparam string what its name, for messages
-- @tparam table given name -> a value or a list of values: strings, numbers, booleans
-- @treturn table a list of variants, in the order of the names and, of one name, of its values:
--   { values= name -> value, text= "[db=pg]" }
function matrix.check(what, given)
  local checked, count = {}, 1
  for key, value in pairs(check.any_table(what, given)) do
    check_key(what, key)
    checked[key] = check_values(("%s: %s"):format(what, key), value)
    count = count * #checked[key]
    if count > MOST then where.fail("%s has more than %d variants", what, MOST) end
  end
  local names, variants = tables.keys(checked), {}
  check_names(what, names)
  for i, values in ipairs(combine(names, checked)) do
    variants[i] = { values = values, text = text_of(names, values) }
  end
  return variants
end

--- What a testlet without a matrix has: one variant, of nothing.
matrix.none = { { values = {}, text = "" } }

return matrix
