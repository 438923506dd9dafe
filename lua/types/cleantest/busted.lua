-- SPDX-License-Identifier: MIT
---@meta cleantest.busted

---@param options cleantest.LxdOptions but for the name
---@param name string
---@param testlet cleantest.AnyTestlet
local function on(options, name, testlet) end

return on
