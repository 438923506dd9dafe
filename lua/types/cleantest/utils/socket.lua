-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.socket

---@class cleantest.utils.Socket
---@field protocol "tcp"|"udp"|"unix"
---@field address? string
---@field port? integer
---@field path? string

---@class cleantest.utils.ListeningOptions
---@field protocol? "tcp"|"udp" default "tcp"
---@field address? string

---@class cleantest.utils.socket
local socket = {}

---@return cleantest.utils.Socket[]
function socket.list() end

---@param what string
---@param value integer
---@return integer
function socket.check_port(what, value) end

---@param at integer|string
---@param options? cleantest.utils.ListeningOptions
---@return boolean
function socket.listening(at, options) end

return socket
