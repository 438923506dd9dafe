-- SPDX-License-Identifier: MIT

--- Snaps, from inside a testlet: require "cleantest.utils.snap". It speaks to snapd
-- over its own socket, and waits for what it starts. Wrong arguments throw; what snapd can't
-- do throws with snapd's reason.
-- @module cleantest.utils.snap
local check = require "cleantest.check"
local Snap = require "cleantest.utils.snap_object"
local snapd = require "cleantest.utils.snapd"
local where = require "cleantest.where"

local snap = {}

local MOST_DAYS = 90
local check_name = check.name_of("snap", "[%c%s/?&#]")

local from_store = {
  channel = check.string, cohort = check.string, classic = check.boolean,
  devmode = check.boolean, jailmode = check.boolean,
}
local from_file = {
  dangerous = check.boolean, classic = check.boolean, devmode = check.boolean,
  jailmode = check.boolean,
}

-- Checks a name and options; returns the options.
local function checked(what, name, options, fields)
  what = "snap." .. what
  check_name(what, name)
  return check.options(what, options, fields)
end

local function act(action, name, options)
  local content = {
    action = action, channel = options.channel, ["cohort-key"] = options.cohort,
    classic = options.classic, devmode = options.devmode, jailmode = options.jailmode,
    purge = options.purge,
  }
  snapd.act(("%s %s"):format(action, name), "POST", "/v2/snaps/" .. name, content)
end

--- A list without items, for a snap's settings: `{}` is an object without members there.
-- @field empty_list
snap.empty_list = snapd.empty_list

--- Installs a snap from the store; one that is installed already is an error.
-- @tparam string name
-- @tparam[opt] table options
-- @tparam[opt] string options.channel "latest/edge"
-- @tparam[opt] string options.cohort
-- @tparam[opt=false] boolean options.classic
-- @tparam[opt=false] boolean options.devmode
-- @tparam[opt=false] boolean options.jailmode
function snap.install(name, options)
  options = checked("install", name, options, from_store)
  act("install", name, options)
end

--- Removes a snap.
-- @tparam string name
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.purge keep no snapshot of its data
function snap.remove(name, options)
  options = checked("remove", name, options, { purge = check.boolean })
  act("remove", name, options)
end

--- Sees to it that a snap is installed, from the channel if there is one among the options.
-- @tparam string name
-- @tparam[opt] table options
-- @tparam[opt] string options.channel "latest/edge"
-- @tparam[opt] string options.cohort
-- @tparam[opt=false] boolean options.classic
-- @tparam[opt=false] boolean options.devmode
-- @tparam[opt=false] boolean options.jailmode
-- @treturn boolean whether anything had to be done
function snap.ensure(name, options)
  options = checked("ensure", name, options, from_store)
  local info = Snap.new(name):info()
  if not info then
    act("install", name, options)
    return true
  end
  local wanted = options.channel
  local now = info["tracking-channel"]
  if not wanted or wanted == now or "latest/" .. wanted == now then return false end
  act("refresh", name, options)
  return true
end

--- Installs a snap from a file.
-- @tparam string path
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.dangerous it need not be signed
-- @tparam[opt=false] boolean options.classic
-- @tparam[opt=false] boolean options.devmode
-- @tparam[opt=false] boolean options.jailmode
function snap.install_local(path, options)
  if type(path) ~= "string" or path == "" then
    check.refuse("snap.install_local: the path", "a string", path)
  end
  local fields = { action = "install" }
  for key, value in pairs(check.options("snap.install_local", options, from_file)) do
    fields[key] = tostring(value)
  end
  snapd.upload("install " .. path, path, fields)
end

-- "snap.app", or "snap" for an app of that name.
local function split_app(full)
  local name, app = full:match "^([^.]+)%.(.+)$"
  return name or full, app or full
end

--- Gives an app another name.
-- @tparam string app "snap.app", or "snap" for the app of that name
-- @tparam string alias
function snap.alias(app, alias)
  check_name("snap.alias", app)
  check_name("snap.alias", alias)
  local owner, own = split_app(app)
  snapd.act(("alias %s %s"):format(app, alias), "POST", "/v2/aliases",
    { action = "alias", snap = owner, app = own, alias = alias })
end

--- Takes another name of an app's away.
-- @tparam string alias
function snap.unalias(alias)
  check_name("snap.unalias", alias)
  snapd.act("unalias " .. alias, "POST", "/v2/aliases", { action = "unalias", alias = alias })
end

-- "snap:name"; "" stands for what snapd is to find.
local function split_end(full)
  local owner, name = (full or ""):match "^([^:]*):(.*)$"
  return owner or full or "", name or ""
end

local function wire(action, plug, slot, options)
  local plug_snap, plug_name = split_end(plug)
  local slot_snap, slot_name = split_end(slot)
  snapd.act(("%s %s %s"):format(action, plug or "", slot or ""), "POST", "/v2/interfaces", {
    action = action,
    plugs = { { snap = plug_snap, plug = plug_name } },
    slots = { { snap = slot_snap, slot = slot_name } },
  }, options.wait)
end

--- Connects a plug to a slot.
-- @tparam string plug "snap:plug"
-- @tparam[opt] string slot "snap:slot", "snap", or ":slot" for one of the system's; default:
--   the system's slot that fits
-- @tparam[opt] table options
-- @tparam[opt=true] boolean options.wait for the end of it
function snap.connect(plug, slot, options)
  options = checked("connect", plug, options, { wait = check.boolean })
  if slot ~= nil then check_name("snap.connect", slot) end
  wire("connect", plug, slot, options)
end

--- Disconnects a plug from a slot.
-- @tparam string plug "snap:plug"; alone, also "snap:slot": from all that it is connected to
-- @tparam[opt] string slot as for connect
-- @tparam[opt] table options
-- @tparam[opt=true] boolean options.wait for the end of it
function snap.disconnect(plug, slot, options)
  options = checked("disconnect", plug, options, { wait = check.boolean })
  if slot == nil then return wire("disconnect", nil, plug, options) end
  check_name("snap.disconnect", slot)
  wire("disconnect", plug, slot, options)
end

--- Holds all refreshes back.
-- @tparam number days more than 0, at most 90
function snap.hold_refresh(days)
  if not math.type(days) or not (days > 0 and days <= MOST_DAYS) then
    where.fail("snap.hold_refresh: days must be a number above 0, at most %d, not %s", MOST_DAYS,
      tostring(days))
  end
  local seconds = os.time() + math.floor(days * 24 * 3600)
  snapd.act("hold refreshes", "PUT", "/v2/snaps/system/conf",
    { ["refresh.hold"] = os.date("!%Y-%m-%dT%H:%M:%SZ", seconds) })
end

--- Waits until snapd answers and has installed what its image came with.
-- @tparam[opt=300] number seconds the longest wait
function snap.wait_seeded(seconds)
  snapd.wait_seeded(seconds or 300)
end

--- A snap, which need not be installed.
-- @tparam string name
-- @treturn Snap
function snap.get(name)
  return Snap.new(check_name("snap.get", name))
end

return snap
