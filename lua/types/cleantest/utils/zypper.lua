-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.zypper

---@class cleantest.utils.zypper: cleantest.utils.manager
local zypper = {}

return zypper
