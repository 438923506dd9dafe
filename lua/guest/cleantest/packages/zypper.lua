-- SPDX-License-Identifier: MIT
--
-- zypper.lua - installs what a start hook's ct.pkg.zypper names.
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.zypper")
