-- SPDX-License-Identifier: MIT
--
-- pacman.lua - ct.pkg.pacman: packages of Arch Linux and its kin, from the instance's own
-- repositories or from .pkg.tar files that lie here.

local distribution = require "cleantest.pkg.distribution"

--- Packages of Arch Linux and its kin for a start hook.
-- @function pacman
-- @tparam table options packages, update: see distribution.constructor
-- @treturn package
return distribution.constructor("pacman", "%.pkg%.tar%.?%w*$")
