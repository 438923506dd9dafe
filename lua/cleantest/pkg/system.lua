-- SPDX-License-Identifier: MIT
--
-- system.lua - ct.pkg.system: packages for whichever package manager the instance has, where
-- they are called the same everywhere.

local check = require "cleantest.check"
local distribution = require "cleantest.pkg.distribution"
local shapes = require "cleantest.shapes"
local tables = require "cleantest.tables"

local fields = { packages = check.names, volatile = check.boolean }

local patterns = { "%.deb$", "%.rpm$", "%.pkg%.tar%.?%w*$", "%.apk$" }

--- Packages for a start hook.
-- @param packages a string or a list of strings, each a package's name, or the path of a local
--   package file, relative to the suite's folder; options may stand among them
-- @tparam[opt] table options volatile (boolean): see ct.hook.start_env
-- @treturn package
return function(packages, options)
  local among = shapes.options("ct.pkg.system", packages, fields, "packages", { "packages" })
  options = check.options("ct.pkg.system", options, { volatile = check.boolean })
  options = tables.copy(among, options)
  return distribution.new("system", options, patterns)
end
