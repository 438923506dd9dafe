-- SPDX-License-Identifier: MIT
--
-- npm.lua - ct.pkg.npm: packages of Node.js, from a registry or from tarballs that lie here.

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local shapes = require "cleantest.shapes"
local where = require "cleantest.where"

local fields = {
  packages = check.names, registry = check.string, volatile = check.boolean,
}

--- Node.js packages for a start hook, installed for all of the instance; npm too, where it is
-- missing.
-- @tparam table options packages: a string or a list of strings, each a name, "name@version",
--   a URL, or the path of a local .tgz file, relative to the suite's folder; registry: the URL of a
--   registry, default npm's own; volatile (boolean): see ct.hook.start_env
-- @treturn package
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
