-- SPDX-License-Identifier: MIT

--- Descriptions of instances under names of their own, which a suite registers
-- with its configuration and then uses like an image's name.
-- @internal cleantest.registry

local check = require "cleantest.check"
local image = require "cleantest.image"
local stock = require "cleantest.stock"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local Registry = {}
Registry.__index = Registry

function Registry.new()
  return setmetatable({ entries = {} }, Registry) -- name -> { given=, image= }
end

--- @treturn registry another one with the same entries
function Registry:copy()
  return setmetatable({ entries = tables.copy(self.entries) }, Registry)
end

local function known(self, what, name)
  check.string(what, name)
  local entry = self.entries[name]
  if not entry then
    where.fail("%s: no instance '%s' is registered; registered are: %s", what, name,
      tables.list(self.entries))
  end
  return entry
end

--- Registers a description.
-- @tparam table given name and what an instance is made from; see image.check. Kept as a copy
function Registry:add(given)
  local parsed = image.check_one("config:add_instance", given)
  if self.entries[parsed.name] then
    where.fail("config:add_instance: an instance '%s' is registered already", parsed.name)
  end
  self.entries[parsed.name] = { given = tables.deep_copy(given), image = parsed }
end

--- @tparam string name of a registered instance, or of a stock image
-- @treturn table a copy of what was registered; of a stock image what would be
function Registry:get(name)
  if not self.entries[name] and stock.has(name) then return { name = name, image = name } end
  return tables.deep_copy(known(self, "config:get_instance", name).given)
end

--- @tparam string name
function Registry:remove(name)
  known(self, "config:remove_instance", name)
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
