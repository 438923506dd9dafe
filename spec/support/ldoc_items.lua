-- SPDX-License-Identifier: MIT
--
-- A filter for `ldoc --filter`, under whichever Lua LDoc has: prints what the reference has for
-- suites and testlets, one item a line, for spec/reference.lua.

local function joined(list)
  return list and table.concat(list, " ") or ""
end

local function print_item(module, item)
  print(table.concat({ "item", module.name, item.name, item.type, joined(item.params) }, "\t"))
  for name, members in pairs(item.subparams or {}) do
    print(table.concat({ "options", module.name, item.name, name, joined(members) }, "\t"))
  end
end

-- Those of a page; a page that is not for suites and testlets is none of ours.
local function print_page(module)
  if module.type ~= "module" then return end
  for item in module.items:iter() do
    print_item(module, item)
    if item.summary == "" then print(module.name .. ": " .. item.name .. ": no summary") end
  end
end

local function print_items(modules)
  for _, module in ipairs(modules) do print_page(module) end
end

return { print = print_items }
