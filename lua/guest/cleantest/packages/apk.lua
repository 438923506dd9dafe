-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.apk names.
-- @internal cleantest.packages.apk
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.apk")
