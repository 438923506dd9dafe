-- SPDX-License-Identifier: MIT

--- ct.pkg.system: packages for whichever package manager the instance has, where
-- they are called the same everywhere.
-- @submodule cleantest.pkg

local check = require "cleantest.check"
local distribution = require "cleantest.pkg.distribution"
local shapes = require "cleantest.shapes"
local tables = require "cleantest.tables"

local fields = { packages = check.names, volatile = check.boolean }

local patterns = { "%.deb$", "%.rpm$", "%.pkg%.tar%.?%w*$", "%.apk$" }

--- Packages for a start hook, by whichever package manager the instance has.
-- @function ct.pkg.system
-- @tparam string|table options options, or a list of packages, which may have options in it
-- @tparam string|{string,...} options.packages each a package's name, or the path of a local
--   package file, relative to the suite's folder; required
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env; may also stand in a table
--   behind the packages
-- @tparam[opt] table more options behind the packages
-- @treturn Package
return function(packages, options)
  local among = shapes.options("ct.pkg.system", packages, fields, "packages", { "packages" })
  options = check.options("ct.pkg.system", options, { volatile = check.boolean })
  options = tables.copy(among, options)
  return distribution.new("system", options, patterns)
end
