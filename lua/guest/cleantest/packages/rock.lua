-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.rock names with luarocks, for all of the
-- instance; luarocks and the Lua they are for, where they are missing, with the system's
-- package manager.
-- @internal cleantest.packages.rock
local run = require "cleantest.utils.run"
local system = require "cleantest.utils.system"
local where = require "cleantest.where"

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

-- What luarocks has for a setting; "" when it has nothing.
local function setting(lua, name)
  local shown = run { "luarocks", "--lua-version", lua, "config", "variables." .. name }
  return shown.exit_code == 0 and shown.stdout:match "[^\n]+" or ""
end

-- What is wrong with the luarocks that is there; nil when it can install for this version. One
-- before 3.0 takes --lua-version for nothing, and installs for the version it was made for.
local function fault(lua)
  local version = run({ "luarocks", "--version" }).stdout:match "luarocks (%S+)"
  if not version then return "there is no luarocks" end
  local function say(what)
    return ("luarocks %s can't install for Lua %s: %s"):format(version, lua, what)
  end
  local major = tonumber(version:match "^%d+") -- none in "dev"
  if major and major < 3 then return say "it is older than 3.0" end
  local folder = setting(lua, "LUA_INCDIR")
  if run({ "test", "-e", folder .. "/lua.h" }).exit_code ~= 0 then
    return say(("there is no lua.h in '%s'"):format(folder))
  end
  local program = setting(lua, "LUA")
  if run({ program, "-e", "print(_VERSION)" }).stdout ~= ("Lua %s\n"):format(lua) then
    return say(("'%s' is no interpreter of it"):format(program))
  end
end

local function bootstrap(lua)
  if not fault(lua) then return end
  system.bootstrap("luarocks", packages(lua))
  local why = fault(lua)
  if why then
    where.fail("rock: %s, and the system's packages have no better one; use an image that has a"
      .. " newer one, or install it in a hook before", why)
  end
end

local function words_of(package)
  if package:sub(1, 1) == "/" then return { package } end -- a file's path may have blanks in it
  local words = {}
  for word in package:gmatch "%S+" do words[#words + 1] = word end
  return words
end

--- @tparam table spec packages (names, "name version", or paths of .rock and .rockspec files in
--   the instance), server (a URL, the only one asked), lua ("5.4")
return function(spec)
  bootstrap(spec.lua)
  for _, package in ipairs(spec.packages) do
    local argv = { "luarocks", "--lua-version", spec.lua, "install" }
    if spec.server then argv[#argv + 1] = "--only-server=" .. spec.server end
    local words = words_of(package)
    table.move(words, 1, #words, #argv + 1, argv)
    io.write(run(argv, { check = true }).stdout)
  end
end
