-- SPDX-License-Identifier: MIT
--
-- system.lua - ct.pkg.system: packages for whichever package manager the instance has, where
-- they are called the same everywhere.

local check = require "cleantest.check"
local distribution = require "cleantest.pkg.distribution"

local patterns = { "%.deb$", "%.rpm$", "%.pkg%.tar%.?%w*$", "%.apk$" }

--- Packages for a start hook.
-- @param packages a string or a list of strings, each a package's name, or the path of a local
--   package file, relative to the suite's folder
-- @tparam[opt] table options volatile (boolean): see ct.hook.start_env
-- @treturn package
return function(packages, options)
  options = check.options("ct.pkg.system", options, { volatile = check.boolean })
  options.packages = check.names("ct.pkg.system: the packages", packages)
  return distribution.new("system", options, patterns)
end
