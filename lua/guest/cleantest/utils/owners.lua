-- SPDX-License-Identifier: MIT

--- The names of users and groups by their ids, for file.lua and process.lua: what
-- the instance's /etc/passwd and /etc/group say, else getent, where there is one.
-- @internal cleantest.utils.owners
local run = require "cleantest.utils.run"

local owners = {}

local function in_file(path, id)
  local file <close> = io.open(path)
  for line in file and file:lines() or function() end do
    local name, number = line:match "^([^:]+):[^:]*:(%d+):"
    if number and math.tointeger(tonumber(number)) == id then return name end
  end
end

local function find(path, database, id)
  return in_file(path, id) or run({ "getent", database, id }).stdout:match "^[^:\n]+"
end

--- @tparam int uid
-- @treturn ?string
function owners.user(uid)
  return find("/etc/passwd", "passwd", uid)
end

--- @tparam int gid
-- @treturn ?string
function owners.group(gid)
  return find("/etc/group", "group", gid)
end

return owners
