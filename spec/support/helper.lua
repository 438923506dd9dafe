-- SPDX-License-Identifier: MIT
--
-- What busted does around every test: nothing of ours may be left in LXD, and no hook, setting
-- or variable may reach the next one. An instance that is left fails the test that left it,
-- and is deleted. Instances of other people's runs are nobody's business here.

local busted = require "busted"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"

local own_pid = lxd.own_pid()
local before = {} -- names of the instances that were there before

local function parent_of(pid)
  local file <close> = io.open(("/proc/%d/stat"):format(pid))
  local stat = file and file:read "a"
  return stat and math.tointeger(stat:match "^.*%) %S (%d+)")
end

-- A live process that is no descendant of this one is somebody else's.
local function is_foreign(pid)
  local parent = parent_of(pid)
  if pid == own_pid or not parent then return false end
  while parent and parent > 1 do
    if parent == own_pid then return false end
    parent = parent_of(parent)
  end
  return true
end

local function leased()
  local list = {}
  for _, instance in ipairs(lxd.instances()) do
    local pid = math.tointeger(instance.config["user.cleantest.pid"])
    if pid and not before[instance.name] and not is_foreign(pid) then
      list[#list + 1] = instance.name
    end
  end
  return list
end

for _, instance in ipairs(lxd.instances()) do before[instance.name] = true end

busted.after_each(function()
  ct.configure("lxd"):reset()
  ct.env:reset()
  collectgarbage()
  local left = leased()
  for _, name in ipairs(left) do
    before[name] = true
    pcall(lxd.delete, name)
  end
  if #left > 0 then error("left behind: " .. table.concat(left, ", "), 0) end
end)
