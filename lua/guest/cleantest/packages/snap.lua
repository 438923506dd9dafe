-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.snap names; snapd itself, where it is missing,
-- with the system's package manager.
-- @internal cleantest.packages.snap
local run = require "cleantest.utils.run"
local snap = require "cleantest.utils.snap"
local system = require "cleantest.utils.system"

local SEED_TIMEOUT = 300 -- seconds
local packages = { apt = "snapd", dnf = "snapd", zypper = "snapd" }

local function bootstrap()
  if run("test -S /run/snapd.socket").exit_code ~= 0 then
    if run("test -e /usr/lib/systemd/system/snapd.socket").exit_code ~= 0 then
      system.bootstrap("snapd", packages)
    end
    run({ "systemctl", "start", "snapd.socket" }, { check = true })
  end
  snap.wait_seeded(SEED_TIMEOUT)
end

local function options(spec)
  return {
    classic = spec.confinement == "classic" or nil,
    devmode = spec.confinement == "devmode" or nil,
  }
end

local function install(spec)
  for _, name in ipairs(spec.snaps or {}) do
    local how = options(spec)
    how.channel, how.cohort = spec.channel, spec.cohort
    snap.ensure(name, how)
    print("installed " .. name)
  end
  for _, path in ipairs(spec.local_snaps or {}) do
    local how = options(spec)
    how.dangerous = spec.dangerous or nil
    snap.install_local(path, how)
    print("installed " .. path)
  end
end

--- @tparam table spec snaps (names), local_snaps (paths in the instance), confinement, channel,
--   cohort, dangerous, connections (a list of plug, slot, wait), aliases (a list of snap, app,
--   alias)
return function(spec)
  bootstrap()
  install(spec)
  for _, connection in ipairs(spec.connections or {}) do
    snap.connect(connection.plug, connection.slot, { wait = connection.wait })
  end
  for _, alias in ipairs(spec.aliases or {}) do
    snap.alias(alias.app and alias.snap .. "." .. alias.app or alias.snap, alias.alias)
  end
end
