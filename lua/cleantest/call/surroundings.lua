-- SPDX-License-Identifier: MIT

--- What a suite's code has around it: globals, loaded modules, package.path, arg,
-- os.exit, and the hooks, settings and variables that it has made. Many suites may be loaded at
-- once: a suite's surroundings are put up when its code runs, and put away, as it has left them,
-- afterwards.
-- @internal cleantest.call.surroundings

local config = require "cleantest.config"
local env = require "cleantest.env"
local leave = require "cleantest.leave"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local pcall <const> = pcall -- of Lua's own, which ends a suite's os.exit

local Surroundings = { __name = "cleantest.surroundings" }
Surroundings.__index = Surroundings

local function put_back(into, saved)
  for key in pairs(tables.copy(into)) do
    if saved[key] == nil then into[key] = nil end
  end
  tables.update(into, saved)
end

local function take_picture()
  return {
    globals = tables.copy(_G), loaded = tables.copy(package.loaded), path = package.path,
    exit = os.exit, config = config.save(), env = env.shared:dump(),
  }
end

local function put_up(picture)
  os.exit = picture.exit -- luacheck: ignore 122
  package.path = picture.path
  put_back(package.loaded, picture.loaded)
  put_back(_G, picture.globals)
  config.restore(picture.config)
  env.shared:reset()
  env.shared:add(picture.env)
end

--- The surroundings of a suite whose code has not run yet.
-- @tparam string path of its file
-- @tparam function exit what os.exit is to it
-- @treturn surroundings put away
function Surroundings.new(path, exit)
  return setmetatable({ path = path, exit = exit }, Surroundings)
end

local function begin(self)
  local folder = self.path:match "^(.*)/[^/]*$" or "."
  package.path = ("%s/?.lua;%s/?/init.lua;%s"):format(folder, folder, package.path)
  _G.arg = { [0] = self.path }
  os.exit = self.exit -- luacheck: ignore 122
  config.reset_all()
  env.shared:reset()
end

--- Puts them up.
function Surroundings:enter()
  self.outer = take_picture()
  if self.inner then put_up(self.inner) else begin(self) end
  self.unguard = leave.guard()
  where.enter_suite(self.path)
end

--- Puts them away.
function Surroundings:leave()
  if not self.outer then return end
  self.unguard()
  self.inner = take_picture()
  where.enter_suite(nil)
  put_up(self.outer)
  self.outer = nil
end

--- Makes a function of the suite's one that has these surroundings, wherever it is called.
-- @tparam function f
-- @treturn function the same, for callers
function Surroundings:bind(f)
  return function(...)
    if self.outer then return f(...) end
    self:enter()
    local results = table.pack(pcall(f, ...))
    self:leave()
    if not results[1] then error(results[2], 0) end
    return table.unpack(results, 2, results.n)
  end
end

return Surroundings
