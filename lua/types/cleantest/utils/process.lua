-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.process

---@class cleantest.utils.ProcessFilter
---@field name? string
---@field user? string
---@field pid? integer
---@field ppid? integer
---@field args? string

---@class cleantest.utils.Process
---@field pid integer
---@field ppid integer
---@field name string
---@field args string[]
---@field uid integer
---@field user? string
---@field state string

---@class cleantest.utils.process
local process = {}

---@param wanted? string|cleantest.utils.ProcessFilter
---@return cleantest.utils.Process[]
function process.find(wanted) end

return process
