-- SPDX-License-Identifier: MIT
--
-- apt.lua - ct.pkg.apt: Debian packages, from the instance's own sources or from .deb files
-- that lie here.

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local where = require "cleantest.where"

local fields = { packages = check.strings, update = check.boolean }

--- Debian packages for a start hook.
-- @tparam table options packages: a string or a list of strings, each a package's name (also
--   "name=version") or the path of a local .deb file, relative to the suite's folder; update
--   (boolean, default false): fetch the package lists even where there are some
-- @treturn package
return function(options)
  options = check.options("ct.pkg.apt", options, fields, { "packages" })
  if #options.packages == 0 then where.fail("ct.pkg.apt: packages must not be empty") end
  local self = Package.new "apt"
  local packages = {}
  for i, name in ipairs(options.packages) do
    packages[i] = name:match("%.deb$") and self:carry(name) or name
  end
  self.spec = { packages = packages, update = options.update or false }
  return self
end
