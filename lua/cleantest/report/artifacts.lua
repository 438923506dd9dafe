-- SPDX-License-Identifier: MIT

--- A folder for each result, below what `artifacts` names: its stdout and stderr as they came,
-- result.json, which has all else, and what the testlet has left in its own folder, below
-- `artifacts`.
-- @internal cleantest.report.artifacts

local collected = require "cleantest.call.artifacts"
local core = require "cleantest.core"
local encode = require "cleantest.report.encode"
local told = require "cleantest.report.told"

local Artifacts = {}
Artifacts.__index = Artifacts

local LONGEST <const> = 200 -- bytes of one name in a path

--- Has what testlets leave brought here, until it is closed.
-- @tparam string folder
-- @treturn table handlers for events.subscribe; or nil, why there is no such folder
function Artifacts.new(folder)
  local made, message = core.make_folders(folder)
  if not made then return nil, message end
  local self = setmetatable({ folder = folder, taken = {}, folders = {} }, Artifacts)
  collected.collect(function(job) return self:folder_of(job) .. "/artifacts" end)
  return self
end

--- Has nothing more brought here.
function Artifacts.close()
  collected.collect(nil)
end

-- One name of a path: what file systems, and those who pack such folders, take.
local function name_of(s)
  s = encode.utf8(s):gsub("[%c\"*:<>?\\|/]", "-"):gsub("^%.+$", "-"):gsub("[. ]+$", "")
  return s == "" and "-" or s:sub(1, LONGEST)
end

--- Where a job's files are, below the folder: "suites/web.lua/install[db=pg]@debian-13-amd64".
-- @tparam string id
-- @treturn string
function Artifacts.path_of(id)
  local suite, rest = id:match "^(.-)::(.+)$"
  local parts = {}
  for part in (suite or ""):gmatch "[^/]+" do
    if part ~= "." then parts[#parts + 1] = part == ".." and "up" or name_of(part) end
  end
  parts[#parts + 1] = name_of(rest or id)
  return table.concat(parts, "/")
end

-- No two jobs of a run share a folder, whatever file systems make of their ids.
function Artifacts:folder_of(job)
  local known = self.folders[job.id]
  if known then return known end
  local path = Artifacts.path_of(job.id)
  local free, number = path, 1
  while self.taken[free] do
    number = number + 1
    free = ("%s-%d"):format(path, number)
  end
  self.taken[free] = true
  self.folders[job.id] = self.folder .. "/" .. free
  return self.folders[job.id]
end

local function write(path, content)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(content))
  assert(file:close())
end

function Artifacts:result(job, result)
  if job.directed then return end
  local folder = self:folder_of(job)
  assert(core.make_folders(folder))
  write(folder .. "/stdout", result.stdout)
  write(folder .. "/stderr", result.stderr)
  write(folder .. "/result.json", encode.json(told.fields(job, result)) .. "\n")
  job.artifacts = folder -- reports that come later say where it is
end

return Artifacts
