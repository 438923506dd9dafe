-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.system names, with the package manager that
-- this system has.
-- @internal cleantest.packages.system
local distribution = require "cleantest.packages.distribution"
local system = require "cleantest.utils.system"

return function(spec)
  distribution((system.manager()))(spec)
end
