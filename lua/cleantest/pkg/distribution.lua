-- SPDX-License-Identifier: MIT

--- What the packages of Linux distributions share: names, and package files
-- that lie here. Each kind is a file of its own beside this one.
-- @internal cleantest.pkg.distribution

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local shapes = require "cleantest.shapes"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local distribution = {}

local fields = {
  packages = check.names, update = check.boolean, volatile = check.boolean,
}

--- A package of a kind, of names and files.
-- @tparam string kind
-- @tparam table options packages, update, volatile
-- @tparam table patterns what the names of package files end in
-- @treturn package
function distribution.new(kind, options, patterns)
  if #options.packages == 0 then where.fail("ct.pkg.%s: packages must not be empty", kind) end
  local self = Package.new(kind, options.volatile)
  local packages = {}
  for i, name in ipairs(options.packages) do
    packages[i] = self:carry_file(name, patterns)
  end
  self.spec = {
    packages = packages, update = options.update or false, recommends = options.recommends,
  }
  return self
end

--- Makes the constructor of a kind: a function of options, which are packages (or a list among
-- the options: `{ "curl", update = true }`), a string or a list of strings, each a package's name
-- as the package manager takes it or the path of a local package file, relative to the suite's
-- folder (a URL is a name); and update (boolean, default false): fetch the package lists even where
-- there are some; volatile (boolean): see ct.hook.start_env.
-- @tparam string kind "apt"
-- @tparam string pattern what the names of package files end in
-- @tparam[opt] table more checkers of options that only this kind has
-- @treturn function
function distribution.constructor(kind, pattern, more)
  local known = tables.copy(fields, more)
  return function(options)
    options = shapes.options("ct.pkg." .. kind, options, known, "packages", { "packages" })
    return distribution.new(kind, options, { pattern })
  end
end

return distribution
