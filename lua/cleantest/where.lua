-- SPDX-License-Identifier: MIT

--- The caller's side of the stack: the file and line a call came from, for errors,
-- and the folder of the suite, for relative paths. It finds the innermost frame that is
-- not cleantest's own, so no function of ours has to count levels, and a tail call can't mislead
-- it. The host has it for suites, the guest for testlets.
-- @internal cleantest.where

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

local pcall <const> = pcall -- of Lua's own, which ends a suite's os.exit
local instead -- of the caller's line: a string; false: there is none; nil: the caller's is it

--- Calls a function on behalf of a line that is not on the stack.
-- @tparam ?string position "file:line"; nil: of nobody
-- @tparam function f
-- @return what it returns
function where.on_behalf(position, f)
  local before = instead
  instead = position or false
  local results = table.pack(pcall(f))
  instead = before
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

--- The line of the caller.
-- @treturn ?string "file:line"; nil when only cleantest and C are on the stack
function where.position()
  if instead ~= nil then return instead or nil end
  local info = where.caller()
  return info and ("%s:%d"):format(info.short_src, info.currentline)
end

--- Throws a caller's mistake: a message that begins with the caller's "file:line: ".
-- @tparam string message a format when more arguments follow
-- @param ... for the format
function where.fail(message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  local position = where.position()
  error((position and position .. ": " or "") .. message, 0)
end

-- ---- the suite's folder ----

local suite -- the path of the suite that the command runs

--- Says which suite runs from now on.
-- @tparam ?string path of its file; nil: none
function where.enter_suite(path)
  suite = path
end

local files = {} -- module's name -> its file, or false

local function file_of(name)
  if files[name] == nil then files[name] = package.searchpath(name, package.path) or false end
  return files[name]
end

-- Is it the file of a module that was loaded, or the test runner's own?
local function is_library(path)
  if package.loaded.busted and arg and path == arg[0] then return true end
  for name in pairs(package.loaded) do
    if file_of(name) == path then return true end
  end
  return false
end

-- The outermost file on the stack that is not a library's: the suite's, where no command says it.
local function outermost_file()
  local found
  local level = 2
  local info = debug.getinfo(level, "S")
  while info do
    local path = info.what ~= "C" and not where.is_own(info) and info.source:match "^@(.*)$"
    if path and not is_library(path) then found = path end
    level = level + 1
    info = debug.getinfo(level, "S")
  end
  return found
end

--- The path of the suite: of the file that the command runs, else of the outermost one that is
-- no library.
-- @treturn ?string as it was given; nil for a suite that is not a file
function where.suite()
  return suite or outermost_file()
end

--- The folder of the suite, wherever the line stands that asks for it: also in a module of the
-- suite's, and after a tail call.
-- @treturn string a path without a slash at its end; "." for a suite that is not a file
function where.folder()
  local path = where.suite()
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
