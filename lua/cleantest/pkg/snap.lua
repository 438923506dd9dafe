-- SPDX-License-Identifier: MIT

--- ct.pkg.snap: snaps, from the store or from files that lie here, and how they are
-- connected and called.
-- @submodule cleantest.pkg

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local shapes = require "cleantest.shapes"
local where = require "cleantest.where"

-- A checker of a table with these fields.
local function record(fields, required)
  return function(what, value)
    return check.options(what, value, fields, required)
  end
end

local connection = record({
  plug = check.string, slot = check.string, wait = check.boolean,
}, { "plug" })
local alias = record({
  snap = check.string, app = check.string, alias = check.string,
}, { "snap", "alias" })

local fields = {
  snaps = check.names,
  local_snaps = check.strings,
  confinement = check.choice { "strict", "classic", "devmode" },
  channel = check.string,
  cohort = check.string,
  dangerous = check.boolean,
  connections = check.list_of(connection),
  aliases = check.list_of(alias),
  volatile = check.boolean,
}

--- Snaps for a start hook; snapd too, where it is missing. There must be snaps or local_snaps.
-- @function ct.pkg.snap
-- @tparam string|table options options, or a list of snaps, which may have options in it
-- @tparam[opt] string|{string,...} options.snaps names
-- @tparam[opt] string|{string,...} options.local_snaps paths of files, relative to the suite's
--   folder
-- @tparam[opt="strict"] string options.confinement "strict", "classic" or "devmode"
-- @tparam[opt] string options.channel for snaps
-- @tparam[opt] string options.cohort for snaps
-- @tparam[opt=false] boolean options.dangerous local_snaps need not be signed
-- @tparam[opt] table options.connections one or a list of `{ plug = "snap:plug", slot =
--   "snap:slot", wait = true }`, where without a slot it is the system's that fits, and wait =
--   false does not wait for the end of it
-- @tparam[opt] table options.aliases one or a list of `{ snap =, app =, alias = }`, where the app's
--   default is the one called as the snap
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env
-- @treturn Package
return function(options)
  options = shapes.options("ct.pkg.snap", options, fields, "snaps")
  if not (options.snaps or options.local_snaps) then
    where.fail "ct.pkg.snap: there must be snaps or local_snaps"
  end
  local self = Package.new("snap", options.volatile)
  self.spec, options.volatile = options, nil -- that is not the installer's business
  options.local_snaps = self:carry_all(options.local_snaps)
  return self
end
