-- SPDX-License-Identifier: MIT

--- What a result is called from run to run: "suites/web.lua::install[db=pg]@debian-12".
--
-- The path is meant from the project's root, not from where the command was started: so it is the
-- same in every folder of the project and on every machine, and what was noted of an id (its
-- failures, its durations) is found again. The root is the nearest folder above the suite that has
-- a `.cleantest.lua`, else the nearest one that has a `.git`. Without either, the path is meant
-- from where the command was started; where the suite lies elsewhere, it is absolute. A suite that
-- is not a file (Lua's prompt) is "-".
-- @internal cleantest.call.ids

local core = require "cleantest.core"
local where = require "cleantest.where"

local ids = {}

local seen = {} -- id without its number -> how many there are

local round = "" -- what ids end in while everything is run once more: "~2"

local paths = {} -- a suite's path as it was given -> its path in ids

local function exists(path)
  local file <close> = io.open(path)
  return file ~= nil
end

-- The nearest folder, from an absolute one upwards, that has something of this name.
local function above(folder, name)
  while folder ~= "" do
    if exists(folder .. "/" .. name) then return folder end
    folder = folder:match "^(.*)/[^/]*$"
  end
end

-- A path below a folder as it is meant from there; nil: it is elsewhere.
local function below(folder, path)
  return folder and path:sub(1, #folder + 1) == folder .. "/" and path:sub(#folder + 2) or nil
end

-- The absolute path of a file, and the root of its project; nil: its folder is not there.
local function find(path)
  local folder, name = path:match "^(.*)/([^/]*)$"
  folder = core.absolute(folder == "" and "/" or folder or ".")
  if not folder then return nil end
  local root = above(folder, ".cleantest.lua") or above(folder, ".git") or core.absolute "."
  return (folder == "/" and "" or folder) .. "/" .. (name or path), root
end

local function find_path(path)
  local absolute, root = find(path)
  return absolute and (below(root, absolute) or absolute) or path
end

--- The root of a suite's project.
-- @tparam string path of its file
-- @treturn string an absolute path
function ids.root(path)
  return select(2, find(path)) or core.absolute "."
end

--- The path of a suite in ids.
-- @tparam ?string path of its file, as it was given; nil: it is not a file
-- @treturn string
function ids.path(path)
  if not path or path == "-" then return "-" end
  paths[path] = paths[path] or find_path(path)
  return paths[path]
end

--- Gives jobs their ids: `id`. Those of two with all the same are told apart by a "#2", in the
-- order in which they come.
-- @tparam table jobs from jobs.describe; those that have an id keep it
function ids.assign(jobs)
  for _, job in ipairs(jobs) do
    if not job.id then
      local id = ("%s::%s%s@%s"):format(job.suite, job.testlet_name, job.variant, job.image)
      seen[id] = (seen[id] or 0) + 1
      job.id = (seen[id] > 1 and ("%s#%d"):format(id, seen[id]) or id) .. round
    end
  end
end

--- Everything is run once more: its ids are those of before, with "~2" behind them.
-- @tparam ?int number from 1; nil: it was the last time
function ids.begin_round(number)
  seen = {}
  round = number and number > 1 and "~" .. number or ""
end

--- An id without what tells the rounds apart: the same in all of them.
-- @tparam string id
-- @treturn string
function ids.lasting(id)
  if round ~= "" and id:sub(-#round) == round then return id:sub(1, -#round - 1) end
  return id
end

--- Does something without a trace in the numbers of ids to come: what is listed has not run.
-- @tparam function f
-- @return what it returns
function ids.apart(f)
  local before = seen
  seen = {}
  local function finish(...)
    seen = before
    return ...
  end
  return finish(f())
end

--- Where a suite begins: its path in ids.
-- @treturn string
function ids.suite()
  return ids.path(where.suite())
end

return ids
