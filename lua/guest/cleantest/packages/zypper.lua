-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.zypper names.
-- @internal cleantest.packages.zypper
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.zypper")
