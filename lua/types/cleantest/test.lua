-- SPDX-License-Identifier: MIT
---@meta cleantest.test

---@class cleantest.test
---@overload fun(name: string, f: function): boolean
local test = {}

---@param name string
---@param reason string
function test.skip(name, reason) end

return test
