-- SPDX-License-Identifier: MIT

--- Which package manager this system has: require "cleantest.utils.system". It
-- knows names, not how to use them.
-- @module cleantest.utils.system
local os_release = require "cleantest.utils.release"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local system = {}

-- os-release(5) ids, and the manager each stands for.
local managers = {
  debian = "apt", ubuntu = "apt", fedora = "dnf", rhel = "dnf", centos = "dnf", suse = "zypper",
  opensuse = "zypper", sles = "zypper", arch = "pacman", archlinux = "pacman", alpine = "apk",
}
local order = { "apt", "dnf", "zypper", "pacman", "apk" }
local programs = { apt = "apt-get" }

local function is_there(name)
  return run({ programs[name] or name, "--version" }).exit_code == 0
end

--- The name of the package manager: by what the system says it is, else the first that is
-- there.
-- @treturn ?string "apt", "dnf", "zypper", "pacman", "apk"; nil when there is none
function system.manager_name()
  local known, release = pcall(os_release)
  local ids = known and { release.id, table.unpack(release.like) } or {}
  for _, id in ipairs(ids) do
    local name = managers[id] or managers[id:match "^%l+"]
    if name and is_there(name) then return name end
  end
  for _, name in ipairs(order) do
    if is_there(name) then return name end
  end
end

--- The package manager itself; throws when there is none.
-- @treturn table cleantest.utils.NAME; see @{cleantest.utils.manager}
-- @treturn string its name
function system.manager()
  local name = system.manager_name()
  if not name then
    where.fail "this instance has none of the package managers apt, dnf, zypper, pacman, apk"
  end
  return require("cleantest.utils." .. name), name
end

--- Installs what a program comes in.
-- @tparam string what the program, for messages
-- @tparam table packages a manager's name -> the package, or a list of packages
function system.bootstrap(what, packages)
  local manager, name = system.manager()
  local wanted = packages[name]
  if not wanted then
    where.fail("%s: there is none in this instance, and no package of it for %s", what, name)
  end
  -- a tool that is there for the installer's sake brings no more than it needs
  if name == "apt" then
    manager.install(wanted, { recommends = false })
  else
    manager.install(wanted)
  end
end

return system
