-- SPDX-License-Identifier: MIT

--- The suite's own modules that a testlet needs: their source travels along with it.
-- Which those are is told by what the testlet refers to, and by the `require "name"` that is
-- written in it and in the modules themselves.
-- @internal cleantest.call.carry

local inside = require "cleantest.inside"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local carry = {}

local MOST_LINES <const> = 100000 -- of a file, of which a testlet's lines are read

-- The names that a piece of source requires by a literal.
local function required(source)
  local names = {}
  for _, pattern in ipairs { "require%s*%(?%s*\"([%w_.%-]+)\"", "require%s*%(?%s*'([%w_.%-]+)'",
    "require%s*%(?%s*%[%[([%w_.%-]+)%]%]" } do
    for name in source:gmatch(pattern) do names[name] = true end
  end
  return names
end

-- The lines of its file that a function is written in; "" where there is no such file.
local function lines_of(f)
  local info = debug.getinfo(f, "S")
  local path = info.source:match "^@(.*)$"
  local file <close> = path and io.open(path)
  if not file then return "" end
  local lines = {}
  for i = 1, math.min(info.lastlinedefined, MOST_LINES) do
    local line = file:read "l"
    if not line then break end
    if i >= info.linedefined then lines[#lines + 1] = line end
  end
  return table.concat(lines, "\n")
end

-- The host's own modules stay here.
local function is_ours(name)
  return name == "cleantest" or name:find "^cleantest%." ~= nil
end

-- The module's source, or nil, why there is none.
local function find(name)
  local path, why = package.searchpath(name, package.path)
  if not path then return nil, why end
  local file <close>, message = io.open(path, "rb")
  if not file then return nil, message end
  return { name = name, source = file:read "a", chunk = "@" .. path }
end

--- Collects the modules that a value needs.
-- @tparam string what whose value, for messages
-- @param value the testlet; what a function requires by itself is found in its source
-- @tparam table referred names of modules that the value refers to, as keys: they must be found
-- @treturn table a list of { name=, source=, chunk= }, as core.pack takes it; sorted by name
function carry.collect(what, value, referred)
  local found, waiting = {}, tables.keys(referred)
  if type(value) == "function" then
    table.move(tables.keys(required(lines_of(value))), 1, MOST_LINES, #waiting + 1, waiting)
  end
  while #waiting > 0 do
    local name = table.remove(waiting)
    if not found[name] and not inside.has(name) and not is_ours(name) then
      local module, why = find(name)
      if module then
        found[name] = module
        for other in pairs(required(module.source)) do waiting[#waiting + 1] = other end
      elseif referred[name] then
        where.fail("%s: the module '%s' can't travel into an instance, since there is no Lua file"
          .. " of it; require it inside the testlet, where the image has it%s", what, name, why)
      end
    end
  end
  local list = {}
  for i, name in ipairs(tables.keys(found)) do list[i] = found[name] end
  return list
end

return carry
