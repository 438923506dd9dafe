-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.dnf

---@class cleantest.utils.RepoOptions
---@field gpgcheck? boolean
---@field gpgkey? string

---@class cleantest.utils.dnf: cleantest.utils.manager
local dnf = {}

---@param url string
---@param options? cleantest.utils.RepoOptions
function dnf.add_repo(url, options) end

return dnf
