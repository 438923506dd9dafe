-- SPDX-License-Identifier: MIT
--
-- data.lua - ct.data: files and folders that travel into an instance (a start hook's upload)
-- or out of one (a stop hook's download). Paths here are meant from the suite's folder. The
-- bytes are the engine's to move.

local check = require "cleantest.check"
local where = require "cleantest.where"

local data = {}

local Artifact = { __name = "cleantest.artifact" }

local function artifact(what, source, dest, options, directory)
  check.string(what .. ": dest", dest)
  options = check.options(what, options or {}, { overwrite = check.boolean })
  return setmetatable({
    source = source,
    dest = dest,
    overwrite = options.overwrite or false,
    directory = directory,
    folder = where.folder(),
  }, Artifact)
end

--- A file.
-- @param source a path, or { text = "..." } for an upload
-- @tparam string dest a path on the other side
-- @tparam[opt] table options overwrite (boolean, default false: a dest that exists is an error)
-- @treturn artifact
function data.file(source, dest, options)
  local text
  if type(source) == "table" then
    local fields = { text = function(what, value)
      return type(value) == "string" and value or check.refuse(what, "a string", value)
    end }
    text = check.options("ct.data.file", source, fields, { "text" }).text
  else
    check.string("ct.data.file: source", source)
  end
  local self = artifact("ct.data.file", source, dest, options, false)
  self.text = text
  return self
end

--- A folder and all that is in it.
-- @tparam string source a path
-- @tparam string dest a path on the other side
-- @tparam[opt] table options as for file
-- @treturn artifact
function data.dir(source, dest, options)
  check.string("ct.data.dir: source", source)
  return artifact("ct.data.dir", source, dest, options, true)
end

--- Checks for artifacts: one or a list.
data.check = check.list_of(check.object(Artifact, "made by ct.data.file or ct.data.dir"))

local function check_inside(what, path)
  if path:sub(1, 1) ~= "/" then
    where.fail("%s: the path in the instance must be absolute, not '%s'", what, path)
  end
end

--- Checks that artifacts can be uploaded.
function data.check_upload(what, value)
  local list = data.check(what, value)
  for _, item in ipairs(list) do check_inside(what, item.dest) end
  return list
end

--- Checks that artifacts can be downloaded.
function data.check_download(what, value)
  local list = data.check(what, value)
  for _, item in ipairs(list) do
    if item.text then where.fail("%s: a text can't be downloaded", what) end
    check_inside(what, item.source)
  end
  return list
end

--- An upload as a step, in the engine's form.
-- @tparam artifact item
-- @treturn table see the binding's job.c
function data.push(item)
  return {
    kind = "push",
    name = "upload",
    source = not item.text and where.join(item.folder, item.source) or nil,
    data = item.text,
    dest = item.dest,
    directory = item.directory,
    no_overwrite = not item.overwrite,
  }
end

--- A download as a step, in the engine's form.
-- @tparam artifact item
-- @treturn table see the binding's job.c
function data.pull(item)
  return {
    kind = "pull",
    name = "download",
    source = item.source,
    dest = where.join(item.folder, item.dest),
    directory = item.directory,
    no_overwrite = not item.overwrite,
  }
end

return data
