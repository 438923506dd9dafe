-- SPDX-License-Identifier: MIT

--- ct.pkg.rock: Lua modules, by luarocks, from a server or from files that lie here.
-- @submodule cleantest.pkg

local check = require "cleantest.check"
local Package = require "cleantest.pkg.package"
local shapes = require "cleantest.shapes"
local where = require "cleantest.where"

local DEFAULT_LUA = "5.4"

local fields = {
  packages = check.names,
  server = check.string,
  lua = check.choice { "5.1", "5.2", "5.3", "5.4" },
  volatile = check.boolean,
}

-- "name version" is two words for luarocks.
local function check_words(what, name)
  for word in name:gmatch "%S+" do check.name(what, word) end
end

--- Rocks for a start hook, installed for all of the instance; luarocks and Lua too, where they
-- are missing.
-- @function ct.pkg.rock
-- @tparam string|table options options, or a list of packages, which may have options in it
-- @tparam string|{string,...} options.packages each a name, "name version", a URL, or the path of a
--   local .rock or .rockspec file, relative to the suite's folder; required
-- @tparam[opt] string options.server the URL of the only rock server to ask
-- @tparam[opt="5.4"] string options.lua the Lua version they are for
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env
-- @treturn Package
return function(options)
  options = shapes.options("ct.pkg.rock", options, fields, "packages", { "packages" })
  if #options.packages == 0 then where.fail "ct.pkg.rock: packages must not be empty" end
  local self = Package.new("rock", options.volatile)
  local packages = {}
  for i, name in ipairs(options.packages) do
    packages[i] = self:carry_file(name, { "%.rock$", "%.rockspec$" })
    if packages[i] == name then check_words(("ct.pkg.rock: packages[%d]"):format(i), name) end
  end
  self.spec = {
    packages = packages, server = options.server, lua = options.lua or DEFAULT_LUA,
  }
  return self
end
