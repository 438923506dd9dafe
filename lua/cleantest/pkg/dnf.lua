-- SPDX-License-Identifier: MIT
--
-- dnf.lua - ct.pkg.dnf: packages of Fedora and its kin, from the instance's own
-- repositories or from .rpm files that lie here.

local distribution = require "cleantest.pkg.distribution"

--- Packages of Fedora and its kin for a start hook.
-- @function dnf
-- @tparam table options packages, update: see distribution.constructor
-- @treturn package
return distribution.constructor("dnf", "%.rpm$")
