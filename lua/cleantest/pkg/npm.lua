-- SPDX-License-Identifier: MIT

--- ct.pkg.npm: packages of Node.js, from a registry or from tarballs that lie here.
-- @submodule cleantest.pkg

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local shapes = require "cleantest.shapes"
local where = require "cleantest.where"

local fields = {
  packages = check.names, registry = check.string, volatile = check.boolean,
}

--- Node.js packages for a start hook, installed for all of the instance; npm too, where it is
-- missing.
-- @function ct.pkg.npm
-- @tparam string|table options options, or a list of packages, which may have options in it
-- @tparam string|{string,...} options.packages each a name, "name@version", a URL, or the path of a
--   local .tgz file, relative to the suite's folder; required
-- @tparam[opt] string options.registry the URL of a registry; default: npm's own
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env
-- @treturn Package
return function(options)
  options = shapes.options("ct.pkg.npm", options, fields, "packages", { "packages" })
  if #options.packages == 0 then where.fail "ct.pkg.npm: packages must not be empty" end
  local self = Package.new("npm", options.volatile)
  local packages = {}
  for i, name in ipairs(options.packages) do
    packages[i] = self:carry_file(name, { "%.tgz$" })
  end
  self.spec = { packages = packages, registry = options.registry }
  return self
end
