-- SPDX-License-Identifier: MIT
--
-- apk.lua - installs what a start hook's ct.pkg.apk names.
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.apk")
