-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.wait

---@class cleantest.utils.TryOptions
---@field timeout? cleantest.Time default 30
---@field interval? cleantest.Time default 0.1

---@class cleantest.utils.PortOptions
---@field host? string default "127.0.0.1"
---@field timeout? cleantest.Time default 30
---@field interval? cleantest.Time default 0.1

---@class cleantest.utils.WaitFileOptions
---@field contains? string
---@field timeout? cleantest.Time default 30
---@field interval? cleantest.Time default 0.1

---@class cleantest.utils.UnitOptions
---@field state? "active"|"inactive"|"failed" default "active"
---@field timeout? cleantest.Time default 30
---@field interval? cleantest.Time default 0.1

---@class cleantest.utils.wait
local wait = {}

---@param try function
---@param options? cleantest.utils.TryOptions
---@return any ...
function wait.try(try, options) end

---@param port integer
---@param options? cleantest.utils.PortOptions
function wait.port(port, options) end

---@param path string
---@param options? cleantest.utils.WaitFileOptions
function wait.file(path, options) end

---@param unit string
---@param options? cleantest.utils.UnitOptions
function wait.unit(unit, options) end

return wait
