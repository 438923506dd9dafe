-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.apt names.
-- @internal cleantest.packages.apt
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.apt")
