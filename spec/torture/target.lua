-- SPDX-License-Identifier: MIT
--
-- target.lua - an instance that is there before and after: each lane has one, made when it is
-- needed. It must go on running, with nothing of a run's left in it.

local lxd = require "spec.support.lxd"
local process = require "spec.support.process"

local Target = {}

local IMAGE <const> = "busybox-amd64"
local GRACE <const> = 20 -- seconds

local function name_of(lane)
  return ("torture-target-%d"):format(lane)
end

--- The lane's target, running.
-- @tparam int lane
-- @treturn string LXD's name of it
function Target.ready(lane)
  local name = name_of(lane)
  local instance = lxd.instance(name)
  if instance and instance.status ~= "Running" then
    lxd.delete(name)
    instance = nil
  end
  if not instance then lxd.client("launch", IMAGE, name) end
  return name
end

--- Deletes it, if there is one.
function Target.remove(lane)
  if lxd.instance(name_of(lane)) then lxd.delete(name_of(lane)) end
end

local function listing(name)
  return lxd.client("exec", name, "--", "sh", "-c",
    [[ls -d /.cleantest* 2>/dev/null; ps | grep "sleep 120" | grep -v grep; true]])
end

--- What a run has left in it; "": nothing.
-- @tparam string name
function Target.left_in(name)
  local instance = lxd.instance(name)
  if not instance then return "it is gone" end
  if instance.status ~= "Running" then return "it is " .. instance.status end
  process.within(GRACE, function() return listing(name) == "" end)
  local left = listing(name)
  if left ~= "" then lxd.delete(name) end
  return left
end

return Target
