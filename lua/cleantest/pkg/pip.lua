-- SPDX-License-Identifier: MIT
--
-- pip.lua - ct.pkg.pip: Python packages, from an index, from wheels that lie here, or from
-- requirements files.

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

--- Python packages for a start hook. Files are meant from the suite's folder.
-- @tparam table options packages, requirements (files), constraints (files; the first belongs
--   to the first of requirements, and so on), wheels (files): each a string or a list of
--   strings; index: the URL of an index, default PyPI; volatile (boolean): see ct.hook.start_env
-- @treturn package
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
