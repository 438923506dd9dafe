-- SPDX-License-Identifier: MIT
--
-- apt.lua - Debian packages, from inside a testlet: require "cleantest.utils.apt". A command
-- that fails throws with its output.
local guest = require "cleantest.guest"
local run = require "cleantest.utils.run"

local apt = {}

local NETWORK_TIMEOUT = 60 -- seconds
local lists = "/var/lib/apt/lists"
local env = { DEBIAN_FRONTEND = "noninteractive", LC_ALL = "C.UTF-8" }
local options = { "-y", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3",
  "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold" }

local function check_names(what, names)
  if #names == 0 then error(("apt.%s: name at least one package"):format(what), 3) end
  for i, name in ipairs(names) do
    if type(name) ~= "string" or name == "" or name:sub(1, 1) == "-" then
      error(("apt.%s: package %d is no name: %s"):format(what, i, tostring(name)), 3)
    end
  end
end

local function apt_get(...)
  local argv = { "apt-get", table.unpack(options) }
  for _, word in ipairs { ... } do argv[#argv + 1] = word end
  return run(argv, { env = env, check = true })
end

local function need_network()
  local ready, why = guest.wait_ready("network", NETWORK_TIMEOUT)
  if not ready then error("apt: " .. why, 3) end
end

local function have_lists()
  local found = run { "find", lists, "-maxdepth", "1", "-name", "*Packages*" }
  return found.stdout ~= ""
end

--- @treturn string apt's version
function apt.version()
  return run({ "apt-get", "--version" }, { check = true }).stdout:match "^apt (%S+)"
end

--- @tparam string name
-- @treturn boolean whether the package is installed
function apt.installed(name)
  check_names("installed", { name })
  local found = run { "dpkg-query", "-W", "-f", "${db:Status-Status}\n", name }
  return found.exit_code == 0 and found.stdout:find("^installed\n") ~= nil
end

--- Fetches the lists of packages.
function apt.update()
  need_network()
  apt_get("update", "--error-on=any")
end

--- Upgrades the packages named, or all.
function apt.upgrade(...)
  if not have_lists() then apt.update() end
  need_network()
  if select("#", ...) == 0 then
    apt_get "dist-upgrade"
  else
    check_names("upgrade", { ... })
    apt_get("install", "--only-upgrade", ...)
  end
end

--- Installs packages, by name, name=version, or the path of a .deb file; fetches the lists
-- first when there are none.
function apt.install(...)
  check_names("install", { ... })
  if not have_lists() then apt.update() end
  need_network()
  apt_get("install", "--no-install-recommends", ...)
end

--- Removes packages, and keeps their configuration.
function apt.remove(...)
  check_names("remove", { ... })
  apt_get("remove", ...)
end

--- Removes packages and their configuration.
function apt.purge(...)
  check_names("purge", { ... })
  apt_get("purge", ...)
end

-- [epoch:]version[-release] (deb-version(7))
local function split_version(full)
  local epoch, rest = full:match "^(%d+):(.*)$"
  rest = rest or full
  local version, release = rest:match "^(.*)-([^-]*)$"
  return epoch or "0", version or rest, release or ""
end

local function fill(info, record, state)
  info.state = state
  info.arch = record:match "\nArchitecture: (%S+)"
  info.full_version = record:match "\nVersion: (%S+)"
  info.epoch, info.version, info.release = split_version(info.full_version)
  return info
end

local function origin_of(name)
  local policy = run({ "apt-cache", "policy", name }, { env = env })
  return policy.stdout:match "%*%*%*.-\n%s+%d+ (%S+ %S+)"
    or policy.stdout:match "\n%s+%d+ (%S+ %S+)"
end

--- What is known of a package.
-- @tparam string name
-- @treturn table name, arch, epoch, version, release, full_version, origin, and state:
--   "installed", "available" or "absent" (then there is nothing but name and state)
function apt.fetch(name)
  check_names("fetch", { name })
  local info = { name = name, state = "absent" }
  if apt.installed(name) then
    local record = run({ "dpkg-query", "-s", name }, { check = true }).stdout
    fill(info, "\n" .. record, "installed")
    info.origin = origin_of(name)
    return info
  end
  local shown = run({ "apt-cache", "show", "--no-all-versions", name }, { env = env })
  if shown.exit_code ~= 0 or not shown.stdout:find "Version: " then return info end
  fill(info, "\n" .. shown.stdout, "available")
  info.origin = origin_of(name)
  return info
end

return apt
