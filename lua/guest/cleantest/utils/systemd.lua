-- SPDX-License-Identifier: MIT
--
-- systemd.lua - services, from inside a testlet: require "cleantest.utils.systemd". Wrong
-- arguments throw; what systemctl refuses throws with its output.
local check = require "cleantest.check"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local systemd = {}

local check_unit = check.name_without "%s"

local function systemctl(verb, units)
  run({ "systemctl", verb, table.unpack(units) }, { check = true })
end

local function check_units(what, units)
  if #units == 0 then where.fail("systemd.%s: name at least one", what) end
  for _, unit in ipairs(units) do check_unit("systemd." .. what, unit) end
end

--- Are these units active? A unit that is not known is not.
-- @tparam string ... units: "cron", "ssh.socket"
-- @treturn boolean one for each unit
function systemd.is_active(...)
  local units = { ... }
  check_units("is_active", units)
  local answer = run { "systemctl", "is-active", ... }
  local states = {}
  for state in answer.stdout:gmatch "[^\n]+" do
    states[#states + 1] = state == "active" or state == "reloading"
  end
  -- as when no systemd runs here: then nothing is known of the units
  if #states ~= #units then where.fail("%s", run.describe("systemctl is-active", answer)) end
  return table.unpack(states)
end

--- Starts units, and waits until they are.
-- @tparam string ... units
function systemd.start(...)
  check_units("start", { ... })
  systemctl("start", { ... })
end

--- Stops units.
-- @tparam string ... units
function systemd.stop(...)
  check_units("stop", { ... })
  systemctl("stop", { ... })
end

--- Sends SIGTERM to all processes of units; returns at once.
-- @tparam string ... units
function systemd.kill(...)
  check_units("kill", { ... })
  systemctl("kill", { ... })
end

--- Removes the configuration, state, cache, logs and runtime data of units, where their files
-- say which directories these are in; they must not be running.
-- @tparam string ... units
function systemd.clean(...)
  check_units("clean", { ... })
  systemctl("clean", { "--what=all", ... })
end

--- Stops and starts units; starts those that were not running.
-- @tparam string ... units
function systemd.restart(...)
  check_units("restart", { ... })
  systemctl("restart", { ... })
end

-- Throws for the first unit that is not as it is to be.
local function expect(what, active, units)
  for i, is_active in ipairs { systemd.is_active(table.unpack(units)) } do
    if is_active ~= active then
      where.fail("systemd.%s: %s is %s running", what, units[i], active and "not" or "still")
    end
  end
end

--- Stops units, and keeps them from being started, at boot or by anybody, until they are
-- resumed. A unit whose file is in /etc/systemd/system itself can't be kept from that, and
-- throws.
-- @tparam string ... units
function systemd.pause(...)
  local units = { ... }
  check_units("pause", units)
  systemctl("disable", { "--now", ... })
  systemctl("mask", units)
  expect("pause", false, units)
end

--- Lets units be started again, starts them, and has them started at boot where their files
-- say when.
-- @tparam string ... units
function systemd.resume(...)
  local units = { ... }
  check_units("resume", units)
  systemctl("unmask", units)
  systemctl("enable", { "--now", ... })
  expect("resume", true, units)
end

--- Has units read their configuration again.
-- @tparam string|table units one, or a list
-- @tparam[opt] table options try_restart (boolean, default false): restart those that can't
--   reload; those that do not run are left alone
function systemd.reload(units, options)
  units = type(units) == "table" and units or { units }
  check_units("reload", units)
  options = check.options("systemd.reload", options, { try_restart = check.boolean })
  systemctl(options.try_restart and "try-reload-or-restart" or "reload", units)
end

--- Has systemd itself read all unit files again.
function systemd.daemon_reload()
  run({ "systemctl", "daemon-reload" }, { check = true })
end

return systemd
