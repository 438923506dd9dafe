-- SPDX-License-Identifier: MIT
--
-- system.lua - installs what a start hook's ct.pkg.system names, with the package manager that
-- this system has.
local distribution = require "cleantest.packages.distribution"
local system = require "cleantest.utils.system"

return function(spec)
  distribution((system.manager()))(spec)
end
