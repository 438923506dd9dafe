-- SPDX-License-Identifier: MIT
--
-- dnf.lua - installs what a start hook's ct.pkg.dnf names.
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.dnf")
