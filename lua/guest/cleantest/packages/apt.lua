-- SPDX-License-Identifier: MIT
--
-- apt.lua - installs what a start hook's ct.pkg.apt names.
local distribution = require "cleantest.packages.distribution"

return distribution(require "cleantest.utils.apt")
