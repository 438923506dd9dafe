-- SPDX-License-Identifier: MIT

--- ct.pkg.charmlib: libraries of Juju charms, from Charmhub, on the testlet's
-- PYTHONPATH.
-- @submodule cleantest.pkg

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local shapes = require "cleantest.shapes"
local where = require "cleantest.where"

local FOLDER = "/root/.cleantest-charmlibs"

local fields = {
  auth_token_path = check.string, charmlibs = check.names, volatile = check.boolean,
}

local function read_token(path)
  local file <close>, message = io.open(path)
  local token = file and file:read "a":match "^%s*(.-)%s*$"
  if not file then where.fail("ct.pkg.charmlib: auth_token_path: %s", message) end
  if token == "" then where.fail("ct.pkg.charmlib: auth_token_path: %s is empty", path) end
  return token
end

--- Charm libraries for a start hook; charmcraft too, where it is missing, as a snap. The token
-- is read here and now; it is never in a file, an argument or an output in the instance.
-- @function ct.pkg.charmlib
-- @tparam table options
-- @tparam string options.auth_token_path a file that `charmcraft login --export` wrote, relative to
--   the suite's folder; required
-- @tparam string|{string,...} options.charmlibs `"charms.operator_libs_linux.v0.apt"`; required
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env
-- @treturn Package
return function(options)
  options = shapes.options("ct.pkg.charmlib", options, fields, "charmlibs",
    { "auth_token_path", "charmlibs" })
  if #options.charmlibs == 0 then where.fail "ct.pkg.charmlib: charmlibs must not be empty" end
  local self = Package.new("charmlib", options.volatile)
  self.spec = {
    auth_token = read_token(where.join(self.folder, options.auth_token_path)),
    charmlibs = options.charmlibs,
    folder = FOLDER,
  }
  self.env = { PYTHONPATH = FOLDER .. "/lib" }
  return self
end
