-- SPDX-License-Identifier: MIT

--- What all kinds of packages are made of: local files that travel first, then
-- one call of the guest's installer. It knows no kind by itself.
-- @internal cleantest.pkg.package

local testlet = require "cleantest.testlet"
local where = require "cleantest.where"

local Package = { __name = "cleantest.package" }
Package.__index = Package

-- Not numbered through all packages of the process: the same package has the same files
-- everywhere. Those of another one may lie there; they are installed by then.
local FILES = "/.cleantest/files"

-- "ct.pkg.apt (curl, mine.deb)"
function Package:__tostring()
  local names = {}
  for _, part in ipairs { "packages", "snaps", "local_snaps", "charmlibs", "wheels",
    "requirements" } do
    for _, name in ipairs(self.spec[part] or {}) do names[#names + 1] = name:match "[^/]*$" end
  end
  return ("ct.pkg.%s (%s)"):format(self.kind, table.concat(names, ", "))
end

--- A package of a kind, with nothing in it.
-- @tparam string kind "apt": the guest module cleantest.packages.apt installs it
-- @tparam[opt] boolean volatile it is installed anew in every instance
-- @treturn package
function Package.new(kind, volatile)
  return setmetatable({
    kind = kind,
    spec = {},
    env = {}, -- name -> what is put behind a variable of the testlets' environment
    files = {},
    volatile = volatile,
    folder = where.folder(),
  }, Package)
end

--- Has a local file travel along.
-- @tparam string path relative to the suite's folder, or absolute
-- @treturn string where it will be in the instance; its own name is kept
function Package:carry(path)
  local number = #self.files + 1
  local dest = ("%s/%s/%d/%s"):format(FILES, self.kind, number, path:match("[^/]*$"))
  self.files[number] = { source = where.join(self.folder, path), dest = dest }
  return dest
end

--- Has a package travel along where it is a local file, not a name, nor a URL.
-- @tparam string package
-- @tparam table patterns what the names of package files end in
-- @treturn string where it will be in the instance; the package itself when it is no such file
function Package:carry_file(package, patterns)
  if package:find "^%a[%w+.-]*://" then return package end
  for _, pattern in ipairs(patterns) do
    if package:find(pattern) then return self:carry(package) end
  end
  return package
end

--- Has a list of local files travel along.
-- @tparam[opt] table paths as for carry
-- @treturn ?table where they will be, in the same order; nil for nil
function Package:carry_all(paths)
  if not paths then return nil end
  local dests = {}
  for i, path in ipairs(paths) do dests[i] = self:carry(path) end
  return dests
end

--- The package as steps, in the engine's form.
-- @treturn table a list; see the binding's job.c
function Package:steps()
  local steps = {}
  for i, file in ipairs(self.files) do
    steps[i] = { kind = "push", name = self.kind, source = file.source, dest = file.dest }
  end
  local module = "cleantest.packages." .. self.kind
  local call = testlet.call("ct.pkg." .. self.kind, module, table.pack(self.spec))
  steps[#steps + 1] = { kind = "run", name = self.kind, run = call }
  for _, step in ipairs(steps) do step.always = self.volatile end
  return steps
end

return Package
