-- SPDX-License-Identifier: MIT
--
-- check.lua - what the guest's library throws, it throws at the testlet's own line: checks of
-- arguments, and commands that must succeed. It knows no utility by itself.
local run = require "cleantest.utils.run"
local where = require "cleantest.utils.where"

local check = { fail = where.fail }

local function has_any(value, patterns)
  if type(patterns) == "string" then patterns = { patterns } end
  for _, pattern in ipairs(patterns) do
    if value:find(pattern) then return true end
  end
  return false
end

--- Checks a name.
-- @tparam string what whose, for the message: "snap.install"
-- @param value
-- @tparam[opt] string|table bad a pattern, or a list of them, that must not be in it, default
--   "%s"
-- @treturn string the name
function check.name(what, value, bad)
  if type(value) ~= "string" or value == "" or value:sub(1, 1) == "-"
    or has_any(value, bad or "%s") then
    check.fail("%s: this is no name: %s", what, tostring(value))
  end
  return value
end

--- Checks names; there must be one at least.
-- @tparam string what
-- @tparam table names
-- @tparam[opt] string|table bad as for name
-- @treturn table the names
function check.names(what, names, bad)
  if #names == 0 then check.fail("%s: name at least one", what) end
  for _, name in ipairs(names) do check.name(what, name, bad) end
  return names
end

local function sorted_keys(set)
  local keys = {}
  for key in pairs(set) do keys[#keys + 1] = key end
  table.sort(keys)
  return #keys > 0 and table.concat(keys, ", ") or "none"
end

--- Checks a table of options.
-- @tparam string what
-- @param options a table, or nil
-- @tparam table types option -> a type, or several: "string or boolean"
-- @treturn table the options; {} for nil
function check.options(what, options, types)
  if options == nil then return {} end
  if type(options) ~= "table" then check.fail("%s: the options must be a table", what) end
  for key, value in pairs(options) do
    local wanted = types[key]
    if not wanted then
      check.fail("%s: unknown option '%s'; the options are: %s", what, tostring(key),
        sorted_keys(types))
    elseif not wanted:find(math.type(value) or type(value), 1, true) then
      check.fail("%s: %s must be of type %s, not %s", what, key, wanted, tostring(value))
    end
  end
  return options
end

--- Runs a command that must succeed; throws with its output when it does not.
-- @tparam table argv
-- @tparam[opt] table options as for run
-- @treturn table as from run
function check.run(argv, options)
  local result = run(argv, options)
  if result.exit_code ~= 0 then check.fail("%s", run.describe(argv, result)) end
  return result
end

return check
