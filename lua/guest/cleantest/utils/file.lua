-- SPDX-License-Identifier: MIT

--- What is at a path, from inside a testlet: require "cleantest.utils.file" "/etc/motd".
-- It is looked at anew with each question. What is not there, or can't be read, throws, but for
-- the questions whether it is.
-- @module cleantest.utils.file
local check = require "cleantest.check"
local guest = require "cleantest.guest"
local owners = require "cleantest.utils.owners"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

--- What `file(path)` returns.
-- @type File
local File = { __name = "cleantest.utils.file" }
File.__index = File

function File:__tostring()
  return ("file '%s'"):format(self.path)
end

-- What the kernel says; links are followed, unless told.
local function look(self, not_followed)
  local info, why = guest.stat(self.path, not not_followed)
  if not info then where.fail("file: %s: %s", self.path, why) end
  return info
end

local function has_type(self, kind, not_followed)
  local info = guest.stat(self.path, not not_followed)
  return info ~= nil and info.type == kind
end

--- Is anything there?
-- @treturn boolean whether anything is there; a link must lead to something
function File:exists()
  return guest.stat(self.path, true) ~= nil
end

--- Is it a regular file?
-- @treturn boolean whether it is a regular file, or a link to one
function File:is_file()
  return has_type(self, "file")
end

--- Is it a folder?
-- @treturn boolean whether it is a folder, or a link to one
function File:is_directory()
  return has_type(self, "directory")
end

--- Is it a link?
-- @treturn boolean whether it is a symbolic link, wherever it leads
function File:is_link()
  return has_type(self, "link", true)
end

--- What kind of thing it is.
-- @treturn string "file", "directory", "socket", "pipe" or "device"
function File:type()
  return look(self).type
end

--- Who may do what with it.
-- @treturn string its mode, in octal: "0644"
function File:mode()
  return ("%04o"):format(look(self).mode)
end

--- Whose it is.
-- @treturn int its owner's id
function File:uid()
  return look(self).uid
end

--- Which group's it is.
-- @treturn int its group's id
function File:gid()
  return look(self).gid
end

--- Whose it is, by name.
-- @treturn ?string its owner's name; nil when the id has none
function File:owner()
  return owners.user(look(self).uid)
end

--- Which group's it is, by name.
-- @treturn ?string its group's name; nil when the id has none
function File:group()
  return owners.group(look(self).gid)
end

--- How large it is.
-- @treturn int bytes
function File:size()
  return look(self).size
end

--- When it was last written.
-- @treturn int when it was last written, in seconds since 1970
function File:mtime()
  return look(self).mtime
end

--- Where a link leads.
-- @treturn string what a symbolic link says
function File:target()
  local target, why = guest.read_link(self.path)
  return target or where.fail("file: %s: %s", self.path, why)
end

--- What is in a folder.
-- @treturn {string,...} the names in a folder, sorted
function File:list()
  local names, why = guest.list(self.path)
  if not names then where.fail("file: %s: %s", self.path, why) end
  table.sort(names)
  return names
end

--- What is in it.
-- @treturn string all its bytes
function File:read()
  local file <close>, why = io.open(self.path, "rb")
  local bytes
  if file then bytes, why = file:read "a" end
  return bytes or where.fail("file: %s", why)
end

--- Is this text in it?
-- @tparam string text as it is, no pattern
-- @treturn boolean
function File:contains(text)
  return self:read():find(check.any_string("file:contains: the text", text), 1, true) ~= nil
end

--- Is there a match in it?
-- @tparam string pattern a Lua pattern
-- @return the captures, or the match, of the first; nil when there is none
function File:match(pattern)
  return self:read():match(check.any_string("file:match: the pattern", pattern))
end

--- Its checksum.
-- @treturn string its SHA-256, in hexadecimal
function File:sha256()
  look(self)
  local argv = { "sha256sum", "--", (self.path:gsub("^[^/]", "./%0")) }
  local shown = run(argv)
  return shown.stdout:match "^\\?(%x+)" or where.fail("%s", run.describe(argv, shown))
end

--- @section end

--- What is at a path, which need not exist.
-- @function file
-- @tparam string path
-- @treturn File
return function(path)
  return setmetatable({ path = check.string("file: the path", path) }, File)
end
