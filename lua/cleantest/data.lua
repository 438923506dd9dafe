-- SPDX-License-Identifier: MIT

--- ct.data: files and folders that travel into an instance (a start hook's upload)
-- or out of one (a stop hook's download). Paths here are meant from the suite's folder. The
-- bytes are the engine's to move.
-- @module cleantest.data

local check = require "cleantest.check"
local units = require "cleantest.units"
local where = require "cleantest.where"

local data = {}

local Artifact = { __name = "cleantest.artifact" }

function Artifact:__tostring()
  local what = self.directory and "ct.data.dir" or "ct.data.file"
  return ("%s(%s, '%s')"):format(what, self.text and "a text" or ("'%s'"):format(self.source),
    self.dest)
end

local MOST_ID <const> = 0xfffffffe
local MOST_MODE <const> = tonumber("7777", 8)
local MOST_DOWNLOAD_MODE <const> = tonumber("777", 8)
local S_IFREG <const> = tonumber("100000", 8) -- for the engine: a mode was given, even if 0

local function check_id(what, value)
  local id = math.type(value) and math.tointeger(value)
  if not id or id < 0 or id > MOST_ID then
    check.refuse(what, ("an integer from 0 to %d"):format(MOST_ID), value)
  end
  return tostring(id)
end

-- A string is octal, as for chmod; a number is what it is.
local function check_mode(what, value)
  local mode = math.type(value) and math.tointeger(value)
  if type(value) == "string" and value:find "^[0-7]+$" then mode = tonumber(value, 8) end
  if not mode or mode < 0 or mode > MOST_MODE then
    check.refuse(what, "a mode from \"0000\" to \"7777\" (a string), or that as an integer", value)
  end
  return mode
end

local of_folders = {
  overwrite = check.boolean, keep_owners = check.boolean, limit = units.check_bytes,
  optional = check.boolean,
  volatile = check.boolean,
  uid = check_id, user = check.string, gid = check_id, group = check.string,
}
local of_files = { mode = check_mode }
for name, checker in pairs(of_folders) do of_files[name] = checker end

local conflicts = {
  { "uid", "user" }, { "gid", "group" }, { "keep_owners", "uid" }, { "keep_owners", "user" },
  { "keep_owners", "gid" }, { "keep_owners", "group" },
}

local function check_conflicts(what, options)
  for _, pair in ipairs(conflicts) do
    if options[pair[1]] and options[pair[2]] then
      where.fail("%s: %s and %s can't both be given", what, pair[1], pair[2])
    end
  end
end

local function artifact(what, source, dest, options, fields)
  check.string(what .. ": dest", dest)
  options = check.options(what, options, fields)
  check_conflicts(what, options)
  return setmetatable({
    source = source,
    dest = dest,
    options = options,
    directory = fields == of_folders,
    folder = where.folder(),
  }, Artifact)
end

--- A file.
-- @function ct.data.file
-- @tparam string|table source a path, or `{ text = "..." }` for an upload
-- @tparam string dest a path on the other side
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.overwrite false: a dest that exists is an error
-- @tparam[opt] int options.uid whose it becomes; default: root's, and for a download this process'
-- @tparam[opt] string options.user the same by a name, of the side that is written to
-- @tparam[opt] int options.gid the group it becomes of; default: as for uid
-- @tparam[opt] string options.group the same by a name
-- @tparam[opt=false] boolean options.keep_owners it keeps its uid and gid
-- @tparam[opt] string|int options.mode octal ("0644"), or an integer; default: it keeps its mode
-- @tparam[opt="4GiB"] int|string options.limit what a download may write here: bytes, or a string
--   like "1GiB"
-- @tparam[opt=false] boolean options.optional a download whose source is not there is no failure
-- @tparam[opt=false] boolean options.volatile for uploads, see ct.hook.start_env
-- @treturn Artifact
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
  local self = artifact("ct.data.file", source, dest, options, of_files)
  if text and self.options.keep_owners then
    where.fail "ct.data.file: keep_owners: a text has no owners to keep"
  end
  self.text = text
  return self
end

--- A folder and all that is in it.
-- @function ct.data.dir
-- @tparam string source a path
-- @tparam string dest a path on the other side
-- @tparam[opt] table options as for ct.data.file, but for mode
-- @tparam[opt=false] boolean options.overwrite false: a dest that exists is an error
-- @tparam[opt] int options.uid whose all of it becomes; default: root's, and for a download this
--   process'
-- @tparam[opt] string options.user the same by a name, of the side that is written to
-- @tparam[opt] int options.gid the group it becomes of; default: as for uid
-- @tparam[opt] string options.group the same by a name
-- @tparam[opt=false] boolean options.keep_owners all of it keeps its uids and gids
-- @tparam[opt="4GiB"] int|string options.limit what a download may write here: bytes, or a string
--   like "1GiB"
-- @tparam[opt=false] boolean options.optional a download whose source is not there is no failure
-- @tparam[opt=false] boolean options.volatile for uploads, see ct.hook.start_env
-- @treturn Artifact
function data.dir(source, dest, options)
  check.string("ct.data.dir: source", source)
  return artifact("ct.data.dir", source, dest, options, of_folders)
end

--- What is at a path here: a folder, or else a file.
-- @local
-- @param source as for file, or dir
-- @param dest the same
-- @param options the same
-- @treturn artifact
function data.from_here(source, dest, options)
  local is_path = type(source) == "string"
  local folder <close> = is_path and io.open(where.join(where.folder(), source) .. "/.") or nil
  return (folder and data.dir or data.file)(source, dest, options)
end

--- Is it an artifact?
-- @local
function data.is_artifact(value)
  return getmetatable(value) == Artifact
end

--- Checks for artifacts: one or a list.
-- @local
data.check = check.list_of(check.object(Artifact, "made by ct.data.file or ct.data.dir"))

local function check_inside(what, path)
  if path:sub(1, 1) ~= "/" then
    where.fail("%s: the path in the instance must be absolute, not '%s'", what, path)
  end
end

--- Checks that artifacts can be uploaded.
-- @local
function data.check_upload(what, value)
  local list = data.check(what, value)
  for _, item in ipairs(list) do
    for _, name in ipairs { "limit", "optional" } do
      if item.options[name] ~= nil then where.fail("%s: %s is for downloads", what, name) end
    end
    check_inside(what, item.dest)
  end
  return list
end

--- Checks that artifacts can be downloaded.
-- @local
function data.check_download(what, value)
  local list = data.check(what, value)
  for _, item in ipairs(list) do
    if item.text then where.fail("%s: a text can't be downloaded", what) end
    if item.options.volatile ~= nil then where.fail("%s: volatile is for uploads", what) end
    if (item.options.mode or 0) > MOST_DOWNLOAD_MODE then
      where.fail("%s: the mode of a download can be \"0777\" at most", what)
    end
    check_inside(what, item.source)
  end
  return list
end

-- What is said alike of both directions.
local function step(item, fields)
  local options = item.options
  fields.directory = item.directory
  fields.no_overwrite = not options.overwrite
  fields.keep_owners = options.keep_owners
  fields.user = options.uid or options.user
  fields.group = options.gid or options.group
  fields.mode = options.mode and options.mode | S_IFREG
  return fields
end

--- An upload as a step, in the engine's form.
-- @local
-- @tparam artifact item
-- @treturn table see the binding's job.c
function data.push(item)
  return step(item, {
    kind = "push",
    name = "upload",
    always = item.options.volatile,
    source = not item.text and where.join(item.folder, item.source) or nil,
    data = item.text,
    dest = item.dest,
  })
end

--- A download as a step, in the engine's form.
-- @local
-- @tparam artifact item
-- @treturn table see the binding's job.c
function data.pull(item)
  return step(item, {
    kind = "pull",
    name = "download",
    source = item.source,
    dest = where.join(item.folder, item.dest),
    limit = item.options.limit,
    optional = item.options.optional,
  })
end

return data
