-- SPDX-License-Identifier: MIT
--
-- What busted does around every test: nothing of ours may be left in LXD, and no hook, setting
-- or variable may reach the next one. An instance that is left fails the test that left it,
-- and is deleted. Instances of other people's runs are nobody's business here.

-- Shells don't survive a preloaded ThreadSanitizer; what is to have it is given it by name.
require("cleantest_internals").unset "LD_PRELOAD"

local busted = require "busted"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"

local own_pid = lxd.own_pid()

local function ours()
  local list = {}
  for _, instance in ipairs(lxd.instances()) do
    local pid = math.tointeger(tonumber(instance.config["user.cleantest.pid"]))
    if pid and (pid == own_pid or process.started[pid]) then list[#list + 1] = instance.name end
  end
  return list
end

busted.after_each(function()
  ct.configure("lxd"):reset()
  ct.env:reset()
  collectgarbage()
  local left = ours()
  for _, name in ipairs(left) do pcall(lxd.delete, name) end
  if #left > 0 then error("left behind: " .. table.concat(left, ", "), 0) end
end)
