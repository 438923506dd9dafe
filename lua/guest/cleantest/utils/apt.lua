-- SPDX-License-Identifier: MIT
--
-- apt.lua - Debian packages, from inside a testlet: require "cleantest.utils.apt". Its
-- functions are those of manager.lua. install() also takes name=version and name/release.
local check = require "cleantest.check"
local manager = require "cleantest.utils.manager"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local lists = "/var/lib/apt/lists"
local env = { DEBIAN_FRONTEND = "noninteractive", LC_ALL = "C.UTF-8" }

-- A setting that this apt does not know is no error, as an option would be. Before 2.1.16 apt
-- knows no Error-Mode: what could not be fetched for now is not a failure there.
local options = { "-y", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3",
  "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
  "-o", "APT::Cmd::Pattern-Only=true", "-o", "APT::Update::Error-Mode=any" }

-- No sources, hence no lists, nor their cache.
local here = { "-o", "Dir::Etc::SourceList=/dev/null", "-o", "Dir::Etc::SourceParts=/dev/null",
  "-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=" }

-- apt takes these for patterns, and "name-" for an order to remove.
local check_name = check.name_without("%s", "^%W", "[*?%[$]", "%-$")

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

local apt = manager.new {
  name = "apt",
  program = "apt-get",
  env = env,
  check_name = check_name,
  version_pattern = "^apt (%S+)",
  words = {
    update = words "update",
    upgrade = words("install", "--only-upgrade"),
    upgrade_all = words "dist-upgrade",
    install = words("install", "--no-install-recommends"),
    install_here = words("install", "--no-install-recommends", table.unpack(here)),
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
    for _, name in ipairs { ... } do
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
