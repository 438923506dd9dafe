-- SPDX-License-Identifier: MIT
--
-- registry.lua - descriptions of instances under names of their own, which a suite registers
-- with its configuration and then uses like an image's name.

local check = require "cleantest.check"
local image = require "cleantest.image"
local stock = require "cleantest.stock"
local where = require "cleantest.where"

local Registry = {}
Registry.__index = Registry

local function copy(value)
  if type(value) ~= "table" then return value end
  local copied = {}
  for key, entry in pairs(value) do copied[key] = copy(entry) end
  return copied
end

function Registry.new()
  return setmetatable({ entries = {} }, Registry) -- name -> { given=, image= }
end

function Registry:names()
  local names = {}
  for name in pairs(self.entries) do names[#names + 1] = name end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or "none"
end

local function known(self, what, name)
  check.string(what, name)
  local entry = self.entries[name]
  if not entry then
    where.fail("%s: no instance '%s' is registered; registered are: %s", what, name, self:names())
  end
  return entry
end

--- Registers a description.
-- @tparam table given name and what an instance is made from; see image.check. Kept as a copy
function Registry:add(given)
  local parsed = image.check_one("add_instance", given)
  if self.entries[parsed.name] then
    where.fail("add_instance: an instance '%s' is registered already", parsed.name)
  end
  self.entries[parsed.name] = { given = copy(given), image = parsed }
end

--- @tparam string name of a registered instance, or of a stock image
-- @treturn table a copy of what was registered; of a stock image what would be
function Registry:get(name)
  if not self.entries[name] and stock.has(name) then return { name = name, image = name } end
  return copy(known(self, "get_instance", name).given)
end

--- @tparam string name
function Registry:remove(name)
  known(self, "remove_instance", name)
  self.entries[name] = nil
end

--- What a name stands for.
-- @tparam table wanted from image.check
-- @treturn table the registered one of that name, where wanted is a mere name; else wanted
function Registry:resolve(wanted)
  local entry = not wanted.instance and not wanted.target and self.entries[wanted.name]
  return entry and entry.image or wanted
end

return Registry
