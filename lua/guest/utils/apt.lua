-- SPDX-License-Identifier: MIT
--
-- apt.lua - Debian packages, from inside a testlet: require "cleantest.utils.apt". Its
-- functions are those of manager.lua. install() also takes name=version.
local manager = require "cleantest.utils.manager"
local run = require "cleantest.utils.run"

local lists = "/var/lib/apt/lists"
local env = { DEBIAN_FRONTEND = "noninteractive", LC_ALL = "C.UTF-8" }
local options = { "-y", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3",
  "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold" }

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

local function origin_of(name)
  local policy = run({ "apt-cache", "policy", name }, { env = env })
  return policy.stdout:match "%*%*%*.-\n%s+%d+ (%S+ %S+)"
    or policy.stdout:match "\n%s+%d+ (%S+ %S+)"
end

local function find(argv, name)
  local shown = run(argv, { env = env })
  local found = shown.exit_code == 0 and parse_record(shown.stdout)
  if not found then return nil end
  found.origin = origin_of(name)
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

return manager.new {
  name = "apt",
  program = "apt-get",
  env = env,
  version_pattern = "^apt (%S+)",
  words = {
    update = words("update", "--error-on=any"),
    upgrade = words("install", "--only-upgrade"),
    upgrade_all = words "dist-upgrade",
    install = words("install", "--no-install-recommends"),
    remove = words "remove",
    purge = words "purge",
  },
  has_lists = has_lists,
  find_installed = find_installed,
  find_available = find_available,
}
