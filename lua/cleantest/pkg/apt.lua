-- SPDX-License-Identifier: MIT
--
-- apt.lua - ct.pkg.apt: Debian packages, from the instance's own
-- repositories or from .deb files that lie here.

local distribution = require "cleantest.pkg.distribution"

--- Debian packages for a start hook.
-- @function apt
-- @tparam table options packages, update: see distribution.constructor
-- @treturn package
return distribution.constructor("apt", "%.deb$")
