-- SPDX-License-Identifier: MIT
---@meta cleantest.utils.pacman

---@class cleantest.utils.pacman: cleantest.utils.manager
local pacman = {}

return pacman
