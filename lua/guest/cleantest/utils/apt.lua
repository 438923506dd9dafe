-- SPDX-License-Identifier: MIT

--- Debian packages, from inside a testlet: require "cleantest.utils.apt". Its functions are those
-- of @{cleantest.utils.manager}. install() also takes name=version and name/release, and behind
-- the names a table of options: recommends (boolean; default: as apt is configured, which is
-- true): install what the packages recommend, too.
-- @module cleantest.utils.apt
local arguments = require "cleantest.utils.arguments"
local check = require "cleantest.check"
local manager = require "cleantest.utils.manager"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local lists = "/var/lib/apt/lists"
local env = manager.env { DEBIAN_FRONTEND = "noninteractive" }

-- A setting that this apt does not know is no error, as an option would be. Before 2.1.16 apt
-- knows no Error-Mode: what could not be fetched for now is not a failure there.
local options = { "-y", "-q", "-o", "Acquire::Retries=3", "-o", "Dpkg::Options::=--force-confdef",
  "-o", "Dpkg::Options::=--force-confold",
  "-o", "APT::Cmd::Pattern-Only=true", "-o", "APT::Update::Error-Mode=any" }

-- No sources, hence no lists, nor their cache.
local here = { "-o", "Dir::Etc::SourceList=/dev/null", "-o", "Dir::Etc::SourceParts=/dev/null",
  "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=" }

-- apt takes these for patterns, and "name-" for an order to remove.
local check_name = check.name_of("package", "%s", "^%W", "[*?%[$]", "%-$")

local function words(...)
  local list = table.move(options, 1, #options, 1, {})
  for _, word in ipairs { ... } do list[#list + 1] = word end
  return list
end

local function has_lists()
  local found = run { "find", lists, "-maxdepth", "1", "-name", "*Packages*" }
  return found.stdout ~= ""
end

-- The fields of a record as dpkg and apt-cache print it.
local function parse_record(text)
  local record = "\n" .. text
  local version = record:match "\nVersion: (%S+)"
  return version and { arch = record:match "\nArchitecture: (%S+)", full_version = version }
end

-- The first source that has this version.
local function origin_of(name, version)
  local policy = run({ "apt-cache", "policy", name }, { env = env })
  local here_it_is = false
  for line in policy.stdout:gmatch "[^\n]+" do
    local heading = line:match "^ [ *][ *][ *] (%S+)"
    if heading then
      here_it_is = heading == version
    elseif here_it_is then
      local origin = line:match "^%s+%-?%d+ (%S+ %S+)"
      if origin then return origin end
    end
  end
end

local function find(argv, name)
  local shown = run(argv, { env = env })
  local found = shown.exit_code == 0 and parse_record(shown.stdout)
  if not found then return nil end
  found.origin = origin_of(name, found.full_version)
  return found
end

local function find_installed(name)
  local status = run { "dpkg-query", "-W", "-f", "${db:Status-Status}\n", name }
  if status.exit_code ~= 0 or not status.stdout:find "^installed\n" then return nil end
  return find({ "dpkg-query", "-s", name }, name)
end

local function find_available(name)
  return find({ "apt-cache", "show", "--no-all-versions", name }, name)
end

-- As apt is configured here, which is to install what packages recommend, unless told.
local function more_words(given)
  if given.recommends == nil then return {} end
  return { "-o", ("APT::Install-Recommends=%s"):format(given.recommends) }
end

local function installs_recommends(more)
  local shown = run({ "apt-config", "dump", "APT::Install-Recommends", table.unpack(more) })
  local value = shown.stdout:match 'Install%-Recommends "(.-)"'
  return not (value == "0" or value == "false" or value == "no" or value == "off")
end

-- Without lists apt knows of nothing that could be installed for being recommended, and says so.
local function lacks(self, names, more)
  if not installs_recommends(more) then return nil end
  local argv = self:argv(self.words.install_here, { "-s" }, names)
  local list = run(argv, { env = env }).stdout:match "\nRecommended packages:\n(.-)\n%S"
  return list and ("recommended, and not here: %s (recommends = false does without)"):format(
    table.concat({ list:match "^%s*(.-)%s*$" }, " "))
end

local apt = manager.new {
  name = "apt",
  program = "apt-get",
  env = env,
  check_name = check_name,
  options = { install = { recommends = check.boolean } },
  more_words = more_words,
  lacks = lacks,
  locked = { "Could not get lock", "Unable to lock", "dpkg frontend lock",
    "status database area is locked" },
  begun = { "\nUnpacking ", "\nSetting up ", "\nRemoving ", "dpkg: error processing" },
  unfetched = { "Failed to fetch", "Unable to fetch" },
  version_pattern = "^apt (%S+)",
  words = {
    update = words "update",
    upgrade = words("install", "--only-upgrade"),
    upgrade_all = words "upgrade",
    install = words "install",
    install_here = words("install", table.unpack(here)),
    remove = words "remove",
    purge = words "purge",
  },
  has_lists = has_lists,
  find_installed = find_installed,
  find_available = find_available,
}

-- "tree+" is an order to install tree, unless there is a package that is called so.
local function only_installed(what)
  local inner = apt[what]
  apt[what] = function(...)
    for _, name in ipairs((arguments.spread(...))) do
      if type(name) == "string" and name:find "%+$" and not apt.installed(name) then
        where.fail("apt.%s: %s is not installed", what, name)
      end
    end
    inner(...)
  end
end

only_installed "remove"
only_installed "purge"

return apt
