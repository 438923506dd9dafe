-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.release

---@class cleantest.utils.Release
---@field id string
---@field version_id? string
---@field like string[]
---@field name string

---@class cleantest.utils.release
---@overload fun(): cleantest.utils.Release
local release = {}

---@return string
function release.arch() end

return release
