-- SPDX-License-Identifier: MIT
--
-- The reference: LDoc warns of nothing, and documents each name, option and field that lua/types
-- declares, and no other. That those are what there is, spec/unit/types_spec.lua holds.

package.path = "./?.lua;" .. package.path

local types = require "spec.support.types"

local problems = {}

local function complain(form, ...)
  problems[#problems + 1] = form:format(...)
end

-- ---- What is documented

-- "module name" -> { kind=, params=, options= (parameter -> its fields, as words) }
local function read_reference()
  local items = {}
  local command = [[LUA_PATH="$PWD/spec/support/?.lua;;" ldoc --config lua/config.ld \
    --filter ldoc_items.print . 2>&1]]
  local pipe <close> = assert(io.popen(command))
  for line in pipe:lines() do
    local words = {}
    for word in (line .. "\t"):gmatch "([^\t]*)\t" do words[#words + 1] = word end
    local what, module, name = table.unpack(words)
    local key = module and name and module .. " " .. name
    if what == "item" then
      items[key] = { kind = words[4], params = words[5], options = {} }
    elseif what == "options" then
      items[key].options[words[4]] = words[5]
    elseif not line:find "^changing to directory" and line ~= "" then
      complain("%s", line)
    end
  end
  return items
end

-- ---- What is declared

local classes = types.classes()

-- class -> the page its methods are on, and what stands before their names
local pages = {
  ["cleantest.Archon"] = { "cleantest.archon", "Archon:" },
  ["cleantest.Call"] = { "cleantest.call.call", "Call:" },
  ["cleantest.Config"] = { "cleantest.config", "Config:" },
  ["cleantest.Env"] = { "cleantest.env", "ct.env:" },
  ["cleantest.utils.File"] = { "cleantest.utils.file", "File:" },
  ["cleantest.utils.Group"] = { "cleantest.utils.passwd", "Group:" },
  ["cleantest.utils.Snap"] = { "cleantest.utils.snap", "Snap:" },
  ["cleantest.utils.User"] = { "cleantest.utils.passwd", "User:" },
  ["cleantest.utils.manager"] = { "cleantest.utils.manager", "" },
}

-- class -> the page and the name of the table of its fields
local tables = {
  ["cleantest.Image"] = "cleantest.image Image",
  ["cleantest.Result"] = "cleantest.call.result Result",
  ["cleantest.job"] = "cleantest.job job",
  ["cleantest.Completed"] = "cleantest.utils.run Completed",
  ["cleantest.utils.PackageInfo"] = "cleantest.utils.manager PackageInfo",
  ["cleantest.utils.Process"] = "cleantest.utils.process Process",
  ["cleantest.utils.Release"] = "cleantest.utils.release Release",
  ["cleantest.utils.Socket"] = "cleantest.utils.socket Socket",
}

-- The names of the facade, which are on the pages of the files that they are made in.
local function facade(declared, module, prefix)
  for name, value in pairs(module) do
    if type(value) == "function" then
      declared["ct " .. prefix .. name] = true
    elseif type(value) == "table" then
      facade(declared, value, prefix .. name .. ".")
    end
  end
end

-- "module name" -> true; of the facade "ct ct.name"
local function read_types()
  local declared = { ["ct ct.lxd"] = true, ["ct ct.version"] = true }
  for module, value in pairs(types.modules()) do
    local last = module:match "[^.]*$"
    local class = classes[module]
    if module == "cleantest" then
      facade(declared, value, "ct.")
    elseif module == "cleantest.busted" then
      declared["cleantest.busted on"] = true
    elseif not tables[module] then
      if type(value) == "function" or class.callable then declared[module .. " " .. last] = true end
      for name in pairs(type(value) == "table" and value or {}) do
        declared[module .. " " .. name] = true
      end
    end
  end
  for class, page in pairs(pages) do
    for _, method in ipairs(classes[class].methods) do
      declared[page[1] .. " " .. page[2] .. method] = true
    end
  end
  for _, key in pairs(tables) do declared[key] = true end
  return declared
end

-- ---- Both

-- The fields of options, without those that are in a field.
local function fields_of(words)
  local list = {}
  for word in words:gmatch "%S+" do
    local name = word:gsub("^[%w_]+%.", "", 1)
    if not name:find(".", 1, true) then list[#list + 1] = name end
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function sorted(words)
  local list = {}
  for word in words:gmatch "%S+" do
    if not word:find(".", 1, true) then list[#list + 1] = word end
  end
  table.sort(list)
  return table.concat(list, " ")
end

local function compare(what, documented, declared)
  if documented ~= declared then
    complain("%s: documented are: %s\n  and lua/types has: %s", what, documented, declared)
  end
end

local function compare_names(items, declared)
  local documented = {}
  for key in pairs(items) do
    local name = key:match "%S+$"
    documented[name:find "^ct%.%w" and not name:find ":" and "ct " .. name or key] = true
  end
  for key in pairs(declared) do
    if not documented[key] then complain("%s: it is not documented", key) end
  end
  for key in pairs(documented) do
    if not declared[key] and not key:find "__" then
      complain("%s: it is documented, and lua/types does not have it", key)
    end
  end
end

-- The options that a function's parameters can be: of classes, and of tables said in place.
local function declared_options(said)
  local all = {}
  for name in said:gmatch "cleantest[%w_.]*" do
    local class = classes[name]
    if class then all[#all + 1] = table.concat(class.fields, " ") end
  end
  for inner in said:gmatch "{(.-)}" do
    local list = {}
    for name in inner:gmatch "([%w_]+):" do list[#list + 1] = name end
    table.sort(list)
    all[#all + 1] = table.concat(list, " ")
  end
  return all
end

-- What a documented function is called in lua/types.
local function declared_name(key)
  local module, name = key:match "^(%S+) (%S+)$"
  if name == "ct.lxd" then return "cleantest.Provider" end
  local last = module:match "[^.]*$"
  if name:find "[.:]" then return name end
  return name == last and module or last .. "." .. name
end

local function compare_options(key, options, all)
  for parameter, fields in pairs(options) do
    local found = false
    for _, declared in ipairs(all) do found = found or declared == fields_of(fields) end
    if not found then
      complain("%s: documented of %s are: %s\n  and lua/types has: %s", key, parameter,
        fields_of(fields), table.concat(all, "; "))
    end
  end
end

-- LDoc compares the parameters with the code only where the code gives the name.
local function compare_parameters(items)
  local parameters = types.parameters()
  for key, item in pairs(items) do
    local declared = item.kind == "function"
      and (parameters[declared_name(key)] or parameters[key:match "%S+$"])
    if declared then
      local names = item.params:gsub("%.%.%. .*", "...") -- the options behind them
      if declared.names then compare(key, names, declared.names) end
      compare_options(key, item.options, declared_options(declared.said))
    end
  end
end

local function compare_tables(items)
  for class, key in pairs(tables) do
    local item = items[key]
    if item and item.kind == "table" then
      compare(key, sorted(item.params), table.concat(classes[class].fields, " "))
    end
  end
end

-- ---- Files

-- Each file is a page, or part of one.
local function check_headers()
  local pipe <close> = assert(io.popen "git ls-files 'lua/cleantest/*.lua' 'lua/guest/*.lua'")
  for path in pipe:lines() do
    local file <close> = assert(io.open(path))
    local text = file:read "a"
    local module = path:gsub("^lua/guest/", ""):gsub("^lua/", ""):gsub("%.lua$", "")
    module = module:gsub("/init$", ""):gsub("/", ".")
    local kind, name = text:match "\n%-%- @(%l+) (cleantest[%w_.]*)\n"
    local fits = kind == "submodule" or (kind == "module" or kind == "internal") and name == module
    if text:match("%-%-%- ([^\n]*)"):find("--", 1, true) then
      complain("%s: LDoc can't read a file whose first line of comment has a '--' in it", path)
    end
    if not fits then complain("%s: no `@module %s`, `@internal` or `@submodule`", path, module) end
  end
end

local items = read_reference()
compare_names(items, read_types())
compare_parameters(items)
compare_tables(items)
check_headers()
for _, problem in ipairs(problems) do print(problem) end
os.exit(#problems == 0)
