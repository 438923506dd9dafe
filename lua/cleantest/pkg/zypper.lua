-- SPDX-License-Identifier: MIT
--
-- zypper.lua - ct.pkg.zypper: packages of openSUSE and SLES, from the instance's own
-- repositories or from .rpm files that lie here.

local distribution = require "cleantest.pkg.distribution"

--- Packages of openSUSE and SLES for a start hook.
-- @function zypper
-- @tparam table options packages, update: see distribution.constructor
-- @treturn package
return distribution.constructor("zypper", "%.rpm$")
