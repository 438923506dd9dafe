-- SPDX-License-Identifier: MIT
--
-- where.lua - the caller's side of the stack: the file and line a call came from, for errors,
-- and the folder its chunk lies in, for relative paths. It finds the innermost frame that is
-- not cleantest's own, so no function of ours has to count levels, and a tail call can't mislead
-- it. The host has it for suites, the guest for testlets.

local where = {}

-- What the chunk names of all our modules begin with: a folder, or, for those compiled into
-- the library or the guest and the binding's bits of Lua, this.
local BUILTIN = "=cleantest"
local own = debug.getinfo(1, "S").source:match("^(.*)where%.lua$") or BUILTIN

--- Is this a chunk of cleantest's own?
-- @tparam table info as from debug.getinfo with "S"
-- @treturn boolean
function where.is_own(info)
  return info.source:sub(1, #own) == own or info.source:sub(1, #BUILTIN) == BUILTIN
end

--- Finds the innermost frame of the caller: the suite's, or the testlet's.
-- @treturn ?table as from debug.getinfo (source, short_src, currentline); nil when only
--   cleantest and C are on the stack
function where.caller()
  local level = 2
  local info = debug.getinfo(level, "Sl")
  while info do
    if info.what ~= "C" and not where.is_own(info) then return info end
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
end

--- Throws a caller's mistake: a message that begins with the caller's "file:line: ".
-- @tparam string message a format when more arguments follow
-- @param ... for the format
function where.fail(message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  local info = where.caller()
  local position = info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
  error(position .. message, 0)
end

--- The folder of the caller's chunk.
-- @treturn string a path without a slash at its end; "." for a chunk that is not a file
function where.folder()
  local info = where.caller()
  local path = info and info.source:match("^@(.*)$")
  if not path then return "." end
  return path:match("^(.+)/[^/]*$") or (path:sub(1, 1) == "/" and "/") or "."
end

--- A path as it is meant from a folder.
-- @tparam string folder from where.folder()
-- @tparam string path relative to the folder, or absolute
-- @treturn string
function where.join(folder, path)
  if path:sub(1, 1) == "/" or folder == "." then return path end
  return (folder == "/" and "" or folder) .. "/" .. path
end

return where
