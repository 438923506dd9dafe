-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.systemd

---@class cleantest.utils.systemd
local systemd = {}

---@param ... string|string[]
---@return boolean ...
function systemd.is_active(...) end

---@param ... string|string[]
---@return boolean ...
function systemd.is_failed(...) end

---@param ... string|string[]
---@return boolean ...
function systemd.is_enabled(...) end

---@param ... string|string[]
function systemd.start(...) end

---@param ... string|string[]
function systemd.stop(...) end

---@param ... string|string[]
function systemd.kill(...) end

---@param ... string|string[]
function systemd.clean(...) end

---@param ... string|string[]
function systemd.restart(...) end

---@param ... string|string[]
function systemd.pause(...) end

---@param ... string|string[]
function systemd.resume(...) end

---@param ... string|string[]|{ now: boolean }
function systemd.enable(...) end

---@param ... string|string[]|{ now: boolean }
function systemd.disable(...) end

---@param ... string|string[]|{ lines: integer?, since: string? }
---@return string
function systemd.journal(...) end

---@param ... string|string[]|{ try_restart: boolean }
function systemd.reload(...) end

function systemd.daemon_reload() end

return systemd
