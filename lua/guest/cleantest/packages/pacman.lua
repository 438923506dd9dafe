-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.pacman names.
-- @internal cleantest.packages.pacman
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.pacman")
