-- SPDX-License-Identifier: MIT
--
-- apt.lua - ct.pkg.apt: Debian packages, from the instance's own
-- repositories or from .deb files that lie here.

local check = require "cleantest.check"
local distribution = require "cleantest.pkg.distribution"

--- Debian packages for a start hook.
-- @function apt
-- @tparam table options packages, update: see distribution.constructor; recommends (boolean;
--   default: as the instance's apt is configured, which is true): install what they recommend, too
-- @treturn package
return distribution.constructor("apt", "%.deb$", { recommends = check.boolean })
