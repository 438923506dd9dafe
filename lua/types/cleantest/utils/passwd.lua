-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.passwd

---@class cleantest.utils.UserOptions
---@field password? string
---@field shell? string
---@field system? boolean default false
---@field primary_group? string
---@field groups? string|string[]
---@field uid? integer
---@field home? string|boolean

---@class cleantest.utils.GroupOptions
---@field system? boolean default false
---@field gid? integer

---@class cleantest.utils.User
---@field name string
local User = {}

---@return boolean
function User:exists() end

---@return integer
function User:uid() end

---@return { name: string, uid: integer, gid: integer, gecos: string, home: string, shell: string }
function User:info() end

---@param options? cleantest.utils.UserOptions
function User:add(options) end

---@param options? { purge: boolean }
function User:remove(options) end

---@class cleantest.utils.Group
---@field name string
local Group = {}

---@return boolean
function Group:exists() end

---@return integer
function Group:gid() end

---@return string[]
function Group:members() end

---@return { name: string, gid: integer, members: string[] }
function Group:info() end

---@param options? cleantest.utils.GroupOptions
function Group:add(options) end

---@param options? { force: boolean }
function Group:remove(options) end

---@param ... string|string[]
function Group:add_user(...) end

---@param ... string|string[]
function Group:remove_user(...) end

---@class cleantest.utils.passwd
local passwd = {}

---@param name string
---@return cleantest.utils.User
function passwd.user(name) end

---@param name string
---@return cleantest.utils.Group
function passwd.group(name) end

return passwd
