-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.apt

---@class cleantest.utils.apt: cleantest.utils.manager
local apt = {}

return apt
