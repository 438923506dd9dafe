-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.file

---@class cleantest.utils.File
---@field path string
local File = {}

---@return boolean
function File:exists() end

---@return boolean
function File:is_file() end

---@return boolean
function File:is_directory() end

---@return boolean
function File:is_link() end

---@return "file"|"directory"|"socket"|"pipe"|"device"
function File:type() end

---@return string
function File:mode() end

---@return integer
function File:uid() end

---@return integer
function File:gid() end

---@return string?
function File:owner() end

---@return string?
function File:group() end

---@return integer
function File:size() end

---@return integer
function File:mtime() end

---@return string
function File:target() end

---@return string[]
function File:list() end

---@return string
function File:read() end

---@param text string
---@return boolean
function File:contains(text) end

---@param pattern string
---@return string? ...
function File:match(pattern) end

---@return string
function File:sha256() end

---@param path string
---@return cleantest.utils.File
local function file(path) end

return file
