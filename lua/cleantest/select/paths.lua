-- SPDX-License-Identifier: MIT

--- What the command's PATH arguments stand for: a file, a folder, or PATH::GLOB. In a
-- folder, and those below it, suites are the files called `*_suite.lua`, and all `.lua` files of a
-- folder called `suites`.
-- @internal cleantest.select.paths

local core = require "cleantest.core"
local nearest = require "cleantest.nearest"
local tables = require "cleantest.tables"

local paths = {}

local function join(folder, name)
  if folder == "." then return name end
  return (folder == "/" and "" or folder) .. "/" .. name
end

local function last_part(path)
  return path:match "([^/]*)/*$"
end

-- Adds the suites below a folder to a list, in the order of their names.
local function walk(folder, in_suites, list)
  local entries, message = core.entries(folder)
  if not entries then return nil, message end
  for _, name in ipairs(tables.keys(entries)) do
    local path, hidden = join(folder, name), name:sub(1, 1) == "."
    if entries[name] and not hidden then
      walk(path, name == "suites", list)
    elseif not hidden and (name:find "_suite%.lua$" or in_suites and name:find "%.lua$") then
      list[#list + 1] = path
    end
  end
  return true
end

local function suites_in(folder)
  local list = {}
  local name = last_part(folder)
  if name == "." or name == ".." then name = last_part(core.absolute(folder) or folder) end
  if folder ~= "/" then folder = folder:gsub("/+$", "") end
  local walked, message = walk(folder, name == "suites", list)
  if not walked then return nil, message end
  return list
end

-- The files that one path stands for; or nil, what is wrong.
local function files_of(path)
  local file <close>, message = io.open(path)
  if not file then
    local folder, name = path:match "^(.-)/*([^/]*)$"
    local known = core.entries(folder == "" and "." or folder) or {}
    return nil, message .. nearest.hint(name, known)
  end
  if core.entries(path) then return suites_in(path) end
  return { path }
end

-- Notes that of a file all, or what a glob matches, is meant.
local function add(list, path, glob)
  local entry = list[path]
  if not entry then
    entry = { path = path, globs = {} }
    list[#list + 1], list[path] = entry, entry
  end
  if glob and entry.globs then
    table.insert(entry.globs, glob)
  elseif not glob then
    entry.globs = nil
  end
end

--- Finds suites.
-- @tparam table given a list of paths, of files and folders, each with a "::GLOB" or without
-- @treturn table a list of { path=, globs= a list, or nil: all of it }, and `words`: the globs, a
--   list of { path=, glob=, files= }; or nil, what is wrong
function paths.find(given)
  local list, words = {}, {}
  for _, word in ipairs(given) do
    local path, glob = word:match "^(.-)::(.*)$"
    if glob == "" then return nil, ("%s: nothing is behind the '::'"):format(word) end
    local files, message = files_of(path or word)
    if not files then return nil, message end
    for _, file in ipairs(files) do add(list, file, glob) end
    if glob then words[#words + 1] = { path = path, glob = glob, files = files } end
  end
  list.words = words
  return list
end

return paths
