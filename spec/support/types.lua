-- SPDX-License-Identifier: MIT
--
-- What lua/types declares for the Lua language server: classes with their fields and methods, and
-- the modules, which are files that can be loaded.

local lfs = require "lfs"

local types = { FOLDER = "lua/types/" }

local function add_class(classes, name)
  classes[name] = classes[name] or { fields = {}, optional = {}, methods = {} }
  return classes[name]
end

local function read_file(path, classes)
  local class
  for line in io.lines(path) do
    local name, parent = line:match "^%-%-%-@class ([%w_.]+):? ?([%w_.]*)"
    local field, mark = line:match "^%-%-%-@field ([%w_]+)(%??) "
    local method = line:match "^function %w+[:.]([%w_]+)%("
    if name then
      class = add_class(classes, name)
      class.parent = parent
    end
    if field then
      table.insert(class.fields, field)
      class.optional[field] = mark == "?"
    end
    if method then table.insert(class.methods, method) end
    if line:find "^%-%-%-@overload " then class.callable = true end
  end
end

local function each_file(folder, f)
  for name in lfs.dir(folder) do
    local path = folder .. name
    if name:sub(1, 1) ~= "." and lfs.attributes(path, "mode") == "directory" then
      each_file(path .. "/", f)
    elseif name:find "%.lua$" then
      f(path)
    end
  end
end

--- All classes that are declared.
-- @treturn table name -> { fields=, methods= (lists, sorted), optional= (field -> boolean),
--   callable=boolean, parent= (the class it is more than, a name) }
function types.classes()
  local classes = {}
  each_file(types.FOLDER, function(path) read_file(path, classes) end)
  for _, class in pairs(classes) do
    table.sort(class.fields)
    table.sort(class.methods)
  end
  return classes
end

-- Function, as it is written, or class that can be called -> its parameters, as words, and the
-- lines that say what they are.
local function read_parameters(path, parameters)
  local said, class = "", nil
  for line in io.lines(path) do
    class = line:match "^%-%-%-@class ([%w_.]+)" or class
    local name, names = line:gsub("^local ", ""):match "^function ([%w_.:]+)%((.-)%)"
    if name then parameters[name] = { names = names:gsub(",", ""), said = said } end
    if line:find "^%-%-%-@overload " then parameters[class] = { said = line } end
    said = line:find "^%-%-%-" and said .. line .. "\n" or ""
  end
end

--- What the parameters of functions are declared as.
-- @treturn table "run.all", "Archon:add"; or a class that can be called -> { said= text, names=
--   ?string }
function types.parameters()
  local parameters = {}
  each_file(types.FOLDER, function(path) read_parameters(path, parameters) end)
  return parameters
end

--- All modules that are declared, as they are there: name -> a function, or a table of functions.
function types.modules()
  local modules = {}
  each_file(types.FOLDER, function(path)
    local module = assert(loadfile(path))()
    if module ~= nil then
      modules[path:sub(#types.FOLDER + 1, -5):gsub("/", ".")] = module
    end
  end)
  return modules
end

return types
