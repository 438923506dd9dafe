-- SPDX-License-Identifier: MIT

--- The modules that are there inside an instance, seen from the host: which they are,
-- and stand-ins for cleantest.job, cleantest.test and cleantest.utils.*, so that `local run =
-- require "cleantest.utils.run"` may stand at the top of a suite. A stand-in travels by its name;
-- used here, it says where it works.
-- @internal cleantest.inside

local where = require "cleantest.where"

local inside = {}

local PREFIX <const> = "cleantest.utils."
local OTHERS <const> = { ["cleantest.job"] = true, ["cleantest.test"] = true }

-- The files of lua/guest/cleantest/utils that testlets use.
local utils = {
  apk = true, apt = true, dnf = true, file = true, os = true, pacman = true, passwd = true,
  process = true, release = true, run = true, skip = true, snap = true, socket = true,
  system = true, systemd = true, wait = true, zypper = true,
}

local standard = {
  _G = true, coroutine = true, debug = true, io = true, math = true, os = true, package = true,
  string = true, table = true, utf8 = true, cjson = true,
}

--- The names of the modules in cleantest.utils that testlets use.
inside.utils = utils

--- Is a module of this name there, whatever the suite sends along?
-- @tparam string name
-- @treturn boolean
function inside.has(name)
  if standard[name] or OTHERS[name] then return true end
  return name:sub(1, #PREFIX) == PREFIX and utils[name:sub(#PREFIX + 1)] or false
end

local function stand_in(name)
  local function refuse()
    where.fail("%s works inside an instance only: use it in a testlet", name)
  end
  return setmetatable({}, {
    __name = name, __call = refuse, __index = refuse, __newindex = refuse,
    __tostring = function() return name .. ", of the instance" end,
  })
end

--- A searcher for require() that finds the stand-ins.
-- @tparam string name
-- @treturn function the loader; or a string that says why there is none
function inside.search(name)
  if name:sub(1, #PREFIX) ~= PREFIX and not OTHERS[name] then return nil end
  if inside.has(name) then return stand_in end
  return ("\n\tno module '%s' inside an instance"):format(name)
end

return inside
