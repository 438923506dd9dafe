-- SPDX-License-Identifier: MIT
---@meta cleantest.job

---@class cleantest.job
---@field id? string
---@field testlet? string
---@field image? string
---@field matrix table<string, string|number|boolean>
---@field attempt? integer
---@field artifacts? string
---@field skip fun(reason: string)
local job = {}

return job
