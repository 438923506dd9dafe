-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.dnf names.
-- @internal cleantest.packages.dnf
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.dnf")
