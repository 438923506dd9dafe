-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.snap

---@class cleantest.utils.SnapInstall
---@field channel? string
---@field cohort? string
---@field classic? boolean default false
---@field devmode? boolean default false
---@field jailmode? boolean default false

---@class cleantest.utils.SnapFile
---@field dangerous? boolean default false
---@field classic? boolean default false
---@field devmode? boolean default false
---@field jailmode? boolean default false

---@class cleantest.utils.Snap
---@field name string
local Snap = {}

---@return table?
function Snap:info() end

---@param key? string
---@return any
function Snap:get(key) end

---@param settings table<string, any>
function Snap:set(settings) end

---@param ... string|string[]
function Snap:unset(...) end

---@param ... string|string[]
function Snap:start(...) end

---@param ... string|string[]
function Snap:stop(...) end

---@param ... string|string[]
function Snap:restart(...) end

---@param n? integer default 10
---@return { timestamp: string, message: string, sid: string, pid: string }[]
function Snap:logs(n) end

---@class cleantest.utils.snap
local snap = {}

---@type any
snap.empty_list = {}

---@param name string
---@param options? cleantest.utils.SnapInstall
function snap.install(name, options) end

---@param name string
---@param options? { purge: boolean }
function snap.remove(name, options) end

---@param name string
---@param options? cleantest.utils.SnapInstall
---@return boolean
function snap.ensure(name, options) end

---@param path string
---@param options? cleantest.utils.SnapFile
function snap.install_local(path, options) end

---@param app string
---@param alias string
function snap.alias(app, alias) end

---@param alias string
function snap.unalias(alias) end

---@param plug string
---@param slot? string
---@param options? { wait: boolean }
function snap.connect(plug, slot, options) end

---@param plug string
---@param slot? string
---@param options? { wait: boolean }
function snap.disconnect(plug, slot, options) end

---@param days number
function snap.hold_refresh(days) end

---@param seconds? number default 300
function snap.wait_seeded(seconds) end

---@param name string
---@return cleantest.utils.Snap
function snap.get(name) end

return snap
