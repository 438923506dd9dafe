-- SPDX-License-Identifier: MIT

--- One snap: what snap.get(name) of snap.lua returns. What it can't do throws
-- with snapd's reason.
-- @submodule cleantest.utils.snap

local arguments = require "cleantest.utils.arguments"
local check = require "cleantest.check"
local cjson = require "cjson"
local snapd = require "cleantest.utils.snapd"
local where = require "cleantest.where"

local check_name = check.name_of("snap", "[%c%s/?&#]")

--- What snap.get() returns.
-- @type Snap
local Snap = {}
Snap.__index = Snap

--- An object for a snap, which need not be installed.
-- @local
-- @tparam string name checked already
function Snap.new(name)
  return setmetatable({ name = name }, Snap)
end

--- What snapd says of it.
-- @treturn ?table version, revision, channel, confinement, apps ... as in snapd's REST API;
--   nil when it is not installed
function Snap:info()
  local info, why, kind = snapd.get("/v2/snaps/" .. self.name)
  if info then return info end
  if kind ~= "snap-not-found" then where.fail("snap: %s: %s", self.name, why) end
end

--- The value of a setting.
-- @tparam[opt] string key "a.b"; default: all settings, as a table
-- @return plain data; nil when it is not set
function Snap:get(key)
  local path = ("/v2/snaps/%s/conf"):format(self.name)
  if key ~= nil then
    check_name("snap:get", key)
    path = path .. "?keys=" .. key
  end
  local conf, why, kind = snapd.get(path)
  if conf then return key == nil and conf or conf[key] end
  if kind == "option-not-found" then return nil end
  where.fail("snap: settings of %s: %s", self.name, why)
end

local function configure(self, settings)
  snapd.act("configure " .. self.name, "PUT", ("/v2/snaps/%s/conf"):format(self.name), settings)
end

--- Changes settings.
-- @tparam table settings key -> value (strings, numbers, booleans, tables of those). {} is an
--   object without members; a list without items is snap.empty_list
function Snap:set(settings)
  if type(settings) ~= "table" or next(settings) == nil then
    where.fail "snap:set: there must be settings by name"
  end
  configure(self, settings)
end

--- Takes settings back.
-- @tparam string ... keys, or a list of them
function Snap:unset(...)
  local settings = {}
  for _, key in ipairs((arguments.spread(...))) do
    check_name("snap:unset", key)
    settings[key] = cjson.null
  end
  if next(settings) == nil then where.fail "snap:unset: name at least one setting" end
  configure(self, settings)
end

local function control(self, action, services)
  local names = {}
  for i, service in ipairs(services) do
    check_name("snap:" .. action, service)
    names[i] = self.name .. "." .. service
  end
  if #names == 0 then names[1] = self.name end
  snapd.act(("%s %s"):format(action, table.concat(names, " ")), "POST", "/v2/apps",
    { action = action, names = names })
end

--- Starts services.
-- @tparam string ... their names in the snap, or a list of them; default: all
function Snap:start(...)
  control(self, "start", (arguments.spread(...)))
end

--- Stops services.
-- @tparam string ... as for start
function Snap:stop(...)
  control(self, "stop", (arguments.spread(...)))
end

--- Restarts services.
-- @tparam string ... as for start
function Snap:restart(...)
  control(self, "restart", (arguments.spread(...)))
end

--- The last lines of its services' logs.
-- @tparam[opt=10] int n how many
-- @treturn {table,...} a list of timestamp, message, sid, pid; the oldest first
function Snap:logs(n)
  n = n or 10
  if math.type(n) ~= "integer" or n < 1 then
    where.fail "snap:logs: n must be a positive integer"
  end
  local status, body = snapd.request("GET", ("/v2/logs?names=%s&n=%d"):format(self.name, n))
  local lines = {}
  for line in body:gmatch "[^\n\30]+" do lines[#lines + 1] = snapd.decode(line) end
  if status ~= 200 then
    local why = lines[1] and lines[1].result or {}
    where.fail("snap: logs of %s: %s", self.name, why.message or body)
  end
  return lines
end

return Snap
