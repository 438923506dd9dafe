-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.system

---@class cleantest.utils.PackageInfo
---@field name string
---@field state "installed"|"available"|"absent"
---@field arch? string
---@field epoch? string
---@field version? string
---@field release? string
---@field full_version? string
---@field origin? string

---What apt, dnf, zypper, pacman and apk have in common.
---@class cleantest.utils.manager
local manager = {}

---@return string
function manager.version() end

---@param ... string|string[]
---@return boolean ...
function manager.installed(...) end

function manager.update() end

---@param ... string|string[]
function manager.upgrade(...) end

---@param ... string|string[]|{ recommends: boolean }
function manager.install(...) end

---@param ... string|string[]
function manager.remove(...) end

---@param ... string|string[]
function manager.purge(...) end

---@param name string
---@return cleantest.utils.PackageInfo
function manager.fetch(name) end

---@class cleantest.utils.system
local system = {}

---@return "apt"|"dnf"|"zypper"|"pacman"|"apk"|nil
function system.manager_name() end

---@return cleantest.utils.manager, string
function system.manager() end

---@param what string
---@param packages table<string, string|string[]>
function system.bootstrap(what, packages) end

return system
