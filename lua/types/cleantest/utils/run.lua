-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.run

---@class cleantest.utils.RunOptions
---@field env? table<string, string|number|false>
---@field cwd? string
---@field stdin? string
---@field timeout? cleantest.Time
---@field check? boolean default false
---@field output_limit? cleantest.Size default "16MiB"

---@class cleantest.Completed
---@field exit_code integer
---@field signal? integer
---@field timed_out boolean
---@field truncated boolean
---@field stdout string
---@field stderr string

---@alias cleantest.utils.Words string|(string|number)[]

---@class cleantest.utils.run
---@overload fun(words: cleantest.utils.Words, o?: cleantest.utils.RunOptions): cleantest.Completed
local run = {}

---The last of them may be a cleantest.utils.RunOptions.
---@param ... string|(string|number)[]|cleantest.utils.RunOptions
---@return cleantest.Completed[]
function run.all(...) end

---@param command string|string[]
---@param result cleantest.Completed
---@return string
function run.describe(command, result) end

return run
