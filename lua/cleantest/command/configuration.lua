-- SPDX-License-Identifier: MIT

--- What options are where the command line does not say it: variables, then the
-- profile that was asked for, then the profile "default" of the project's `.cleantest.lua`:
--
--   return {
--     default = { jobs = 4, exclude_tag = "slow" },
--     ci = { report = { "junit:out/junit.xml" }, no_tests = "fail", fresh = true },
--   }
-- @internal cleantest.command.configuration

local core = require "cleantest.core"
local check = require "cleantest.check"
local nearest = require "cleantest.nearest"
local settings = require "cleantest.command.settings"
local tables = require "cleantest.tables"

local configuration = {}

local FILE <const> = ".cleantest.lua"

-- Throws what is wrong with a value; configuration.apply returns it.
local function refuse(...)
  error({ message = string.format(...) }, 0)
end

local words = { ["0"] = false, ["false"] = false, no = false, off = false,
  ["1"] = true, ["true"] = true, yes = true, on = true }

-- ---- One value

local function from_text(what, setting, text)
  local value
  if setting.arg then value = setting.parse(text) else value = words[text:lower()] end
  if value == nil or setting.arg and not value then
    refuse("%s must be %s, not '%s'", what, setting.wanted or "1 or 0", text)
  end
  return value
end

-- A value from the file: what an option would take, or a list of that, or a boolean.
local function from_lua(what, setting, value)
  if setting.many and type(value) == "table" then
    local list = {}
    for i, each in ipairs(value) do list[i] = from_lua(what, setting, each)[1] end
    return list
  end
  if not setting.arg or value == true and setting.bare then
    if type(value) ~= "boolean" then
      refuse("%s must be true or false, not %s", what, check.describe(value))
    end
    return setting.arg and setting.parse(setting.bare) or value
  end
  if type(value) ~= "string" and not math.type(value) then
    refuse("%s must be %s, not %s", what, setting.wanted, check.describe(value))
  end
  local made = from_text(what, setting, tostring(value))
  return setting.many and { made } or made
end

local function variable_of(setting)
  if setting.no_variable or setting.only_option and not setting.variable then return nil end
  return setting.variable or "CLEANTEST_" .. settings.target(setting):upper()
end

local function from_variable(setting)
  local name = variable_of(setting)
  local text = name and os.getenv(name)
  if not text or text == "" then return nil end
  local value = from_text(name, setting, text)
  if setting.many then return { value } end
  return value
end

-- ---- The file

-- The nearest file, from the folder of a suite upwards; nil: there is none.
local function find(path)
  path = path:match "^(.-)::" or path
  local folder = core.entries(path) and path or path:match "^(.*)/[^/]*$" or "."
  folder = core.absolute(folder == "" and "/" or folder)
  while folder do
    local candidate = (folder == "/" and "" or folder) .. "/" .. FILE
    local file <close> = io.open(candidate)
    if file then return candidate end
    folder = folder ~= "/" and (folder:match "^(.+)/[^/]*$" or "/") or nil
  end
end

local function load_file(path)
  local chunk, message = loadfile(path, "t", setmetatable({}, { __index = _G }))
  if not chunk then refuse("the configuration can't be loaded: %s", message) end
  local ok, made = pcall(chunk)
  if not ok then refuse("the configuration can't be loaded: %s", tostring(made)) end
  if type(made) ~= "table" then
    refuse("%s must return a table of profiles, not %s", path, check.describe(made))
  end
  return made
end

-- The settings by what they are called in a profile.
local function known_settings()
  local known = {}
  for _, setting in ipairs(settings.all()) do
    if not setting.only_option then known[(setting.name:gsub("-", "_"))] = setting end
  end
  return known
end

-- A profile's values, by option.
local function read_profile(path, name, given)
  local where = ("%s: profile '%s'"):format(path, name)
  if type(given) ~= "table" then
    refuse("%s must be a table of options, not %s", where, check.describe(given))
  end
  local known, values = known_settings(), {}
  for key, value in pairs(given) do
    if not known[key] then
      refuse("%s: there is no option %s%s; there are: %s", where, check.describe(key),
        nearest.hint(tostring(key), known), tables.list(known))
    end
    values[settings.target(known[key])] = from_lua(("%s: %s"):format(where, key), known[key], value)
  end
  return values
end

-- All profiles are looked at, whichever is asked for.
local function read_profiles(path)
  local profiles = {}
  for name, given in pairs(path and load_file(path) or {}) do
    if type(name) ~= "string" then
      refuse("%s: a profile must have a name, not the number %s", path, tostring(name))
    end
    profiles[name] = read_profile(path, name, given)
  end
  return profiles
end

-- ---- Everything

local function is_set(value)
  return value ~= nil and not (type(value) == "table" and #value == 0 and next(value) == nil)
end

local function fill(given, values)
  for target, value in pairs(values) do
    if not is_set(given[target]) then given[target] = value end
  end
end

local function apply(given)
  for _, setting in ipairs(settings.all()) do
    local target = settings.target(setting)
    if not is_set(given[target]) then given[target] = from_variable(setting) end
  end
  local path = given.config or find(given.suites[1] or ".")
  local profiles = read_profiles(path)
  local name = given.profile
  if name and not profiles[name] then
    refuse("--profile: there is no profile '%s'%s in %s", name, nearest.hint(name, profiles),
      path or ("a %s, from the suite upwards"):format(FILE))
  end
  if name then fill(given, profiles[name]) end
  fill(given, profiles.default or {})
end

--- Fills in what the command line has not said.
-- @tparam table given what argparse made of the arguments; it is changed
-- @treturn ?string what is wrong with a variable or the file
function configuration.apply(given)
  local ok, problem = pcall(apply, given)
  if ok then return nil end
  if type(problem) ~= "table" then error(problem, 0) end
  return problem.message
end

return configuration
