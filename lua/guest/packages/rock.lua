-- SPDX-License-Identifier: MIT
--
-- rock.lua - installs what a start hook's ct.pkg.rock names with luarocks, for all of the
-- instance; luarocks and the Lua they are for, where they are missing, with the system's
-- package manager.
local check = require "cleantest.utils.check"
local run = require "cleantest.utils.run"
local system = require "cleantest.utils.system"

-- What luarocks needs for a Lua version: itself, the interpreter, and its headers, without
-- which it installs nothing.
local function packages(lua)
  local short = lua:gsub("%.", "")
  return {
    apt = { "luarocks", "lua" .. lua, "liblua" .. lua .. "-dev" },
    dnf = { "luarocks", "lua-devel" },
    zypper = { "lua" .. short .. "-luarocks", "lua" .. short .. "-devel" },
    pacman = { "luarocks", "lua" },
    apk = { "luarocks" .. lua, "lua" .. lua .. "-dev" },
  }
end

-- Is there a luarocks that can install for this version?
local function suits(lua)
  local shown = run { "luarocks", "--lua-version", lua, "config", "variables.LUA_INCDIR" }
  local folder = shown.stdout:match "%S+"
  return shown.exit_code == 0 and folder ~= nil
    and run({ "test", "-e", folder .. "/lua.h" }).exit_code == 0
    and run({ "luarocks", "--lua-version", lua, "config", "variables.LUA" }).exit_code == 0
end

--- @tparam table spec packages (names, "name version", or paths of .rock and .rockspec files in
--   the instance), server (a URL, the only one asked), lua ("5.4")
return function(spec)
  if not suits(spec.lua) then system.bootstrap("luarocks", packages(spec.lua)) end
  for _, package in ipairs(spec.packages) do
    local argv = { "luarocks", "--lua-version", spec.lua, "install" }
    if spec.server then argv[#argv + 1] = "--only-server=" .. spec.server end
    for word in package:gmatch "%S+" do argv[#argv + 1] = word end
    io.write(check.run(argv).stdout)
  end
end
