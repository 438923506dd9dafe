-- SPDX-License-Identifier: MIT

--- ct.pkg.pip: Python packages, from an index, from wheels that lie here, or from
-- requirements files.
-- @submodule cleantest.pkg

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local shapes = require "cleantest.shapes"
local where = require "cleantest.where"

local fields = {
  packages = check.names,
  requirements = check.strings,
  constraints = check.strings,
  wheels = check.strings,
  index = check.string,
  volatile = check.boolean,
}

local function check_pairs(options)
  local requirements, constraints = #(options.requirements or {}), #(options.constraints or {})
  if constraints > 0 and constraints ~= requirements then
    where.fail("ct.pkg.pip: %d constraints for %d requirements: they go together, one each",
      constraints, requirements)
  end
end

--- Python packages for a start hook. Files are meant from the suite's folder. There must be
-- packages, requirements or wheels.
-- @function ct.pkg.pip
-- @tparam string|table options options, or a list of packages, which may have options in it
-- @tparam[opt] string|{string,...} options.packages as pip takes them
-- @tparam[opt] string|{string,...} options.requirements files
-- @tparam[opt] string|{string,...} options.constraints files; the first belongs to the first of
--   requirements, and so on
-- @tparam[opt] string|{string,...} options.wheels files
-- @tparam[opt] string options.index the URL of an index; default: PyPI
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env
-- @treturn Package
return function(options)
  options = shapes.options("ct.pkg.pip", options, fields, "packages")
  check_pairs(options)
  if not (options.packages or options.requirements or options.wheels) then
    where.fail("ct.pkg.pip: there must be packages, requirements or wheels")
  end
  local self = Package.new("pip", options.volatile)
  self.spec = {
    packages = options.packages,
    requirements = self:carry_all(options.requirements),
    constraints = self:carry_all(options.constraints),
    wheels = self:carry_all(options.wheels),
    index = options.index,
  }
  return self
end
