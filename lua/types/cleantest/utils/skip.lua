-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.skip

---@param reason string
local function skip(reason) end

return skip
