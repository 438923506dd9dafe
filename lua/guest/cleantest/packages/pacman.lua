-- SPDX-License-Identifier: MIT
--
-- pacman.lua - installs what a start hook's ct.pkg.pacman names.
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.pacman")
