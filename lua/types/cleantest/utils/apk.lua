-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.apk

---@class cleantest.utils.apk: cleantest.utils.manager
local apk = {}

---@param text string
---@param name string
---@return { arch: string, full_version: string }?
---@return boolean
function apk.parse_list(text, name) end

---@param text string
---@param version string
---@return string?
function apk.parse_policy(text, version) end

return apk
