-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.os

---@class cleantest.utils.os
local os = {}

---@return cleantest.utils.Release
function os.release() end

---@return string
function os.arch() end

return os
