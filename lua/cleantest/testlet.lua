-- SPDX-License-Identifier: MIT

--- What can be run in an instance: a Lua function, a script, a file, a command;
-- and its form for the engine. A function is packed when it is called, not when it is
-- declared: a suite may set upvalues in between, and those values are the ones that travel.
-- @module cleantest.testlet

local carry = require "cleantest.call.carry"
local check = require "cleantest.check"
local core = require "cleantest.core"
local globals = require "cleantest.call.globals"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local testlet = {}

local Testlet = { __name = "cleantest.testlet" } -- the metatable of scripts, files and commands

function Testlet:__tostring()
  if self.kind == "file" then return ("ct.file '%s'"):format(self.path) end
  if self.kind == "command" then
    return ("ct.command { '%s' }"):format(table.concat(self.argv, "', '"))
  end
  return ("ct.script '%s'"):format(self.code:match "^[^\n]*")
end

--- A script. It is run by the interpreter its first line names, or by sh.
-- @function ct.script
-- @tparam string code its text; blank space before a "#!" is dropped
-- @treturn Testlet arguments of a call are its arguments, as strings
function testlet.script(code)
  check.string("ct.script", code)
  return setmetatable({ kind = "script", code = (code:gsub("^%s+#!", "#!")) }, Testlet)
end

--- A file from here. What has no "#!" line is run by its ending: .lua by the guest's own Lua,
-- .py by python3, all else by sh. It is read when the testlet is called.
-- @function ct.file
-- @tparam string path relative to the suite's folder, or absolute
-- @treturn Testlet
function testlet.file(path)
  check.string("ct.file", path)
  return setmetatable({ kind = "file", path = where.join(where.folder(), path) }, Testlet)
end

-- The arguments of a call as a program's arguments, behind those given first.
local function arguments(what, first, args)
  local argv = table.move(first, 1, #first, 1, {})
  for i = 1, args.n do
    local kind, name = type(args[i]), ("%s: argument %d"):format(what, i)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      check.refuse(name, "a string or a number", args[i])
    end
    local word = kind == "number" and check.number_word(args[i]) or tostring(args[i])
    argv[#argv + 1] = check.word(name, word)
  end
  return argv
end

--- A command.
-- @function ct.command
-- @tparam string|{string,...} argv a list: the program, found by PATH in the instance, and its
--   arguments, behind which arguments of a call are added; or a string, for sh -c, where those are
--   "$1" and so on
-- @treturn Testlet
function testlet.command(argv)
  if type(argv) == "string" then
    argv = { "sh", "-c", check.string("ct.command", argv), "sh" }
  end
  if type(argv) ~= "table" or argv[1] == nil then
    check.refuse("ct.command", [[a string, or a list such as { "pytest", "-q" }]], argv)
  end
  check.string("ct.command: the program", argv[1])
  local words = table.pack(table.unpack(argv))
  return setmetatable({ kind = "command", argv = arguments("ct.command", {}, words) }, Testlet)
end

--- Is it a testlet of any kind?
-- @local
function testlet.is(value)
  return type(value) == "function" or getmetatable(value) == Testlet
end

--- Checks that a value is a testlet of any kind.
-- @local
-- @tparam string what its name, for messages
-- @param value what the user gave
-- @return the value
function testlet.check(what, value)
  if not testlet.is(value) then
    check.refuse(what, "a function, ct.script, ct.file or ct.command", value)
  end
  return value
end

-- A function that has these globals where it runs.
local function with_globals(global, f)
  return function(...)
    for name, value in pairs(global) do _G[name] = value end
    return f(...)
  end
end

-- The globals of the suite stay here; what would be nil in the instance is told now. At Lua's
-- prompt, where no local outlives its line, they travel along.
local function settle_globals(what, value)
  local own = type(value) == "function" and globals.own(value) or {}
  if not next(own) then return value end
  if debug.getinfo(value, "S").source == "=stdin" then return with_globals(own, value) end
  where.fail("%s: the testlet uses what is global in the suite, and not in the instance: %s; make"
    .. " it local", what, tables.list(own))
end

-- A function that is called with these arguments.
local function with_args(args, f)
  return function() return f(table.unpack(args, 1, args.n)) end
end

-- value: a function or a module's name; args: arguments that travel with it.
local function pack(what, value, stripped, args)
  local whole = settle_globals(what, value)
  if args then whole = with_args(args, whole) end
  local bytes, referred = core.pack(whole, stripped)
  if not bytes then
    where.fail("%s: the function can't travel into an instance: %s", what, referred)
  end
  local modules = carry.collect(what, value, referred)
  return #modules > 0 and core.pack(whole, stripped, modules) or bytes
end

local function pack_args(what, args)
  local bytes, message = core.pack(args)
  if bytes then return bytes end
  message = message:gsub("^%[(%d+)%]", "argument %1")
  where.fail("%s: the arguments can't travel into an instance: %s", what, message)
end

local function read(what, path)
  local file <close>, message = io.open(path, "rb")
  local code
  if file then code, message = file:read "a" end
  if not code then where.fail("%s: can't read the testlet: %s", what, message) end
  return code
end

local convert = {} -- kind -> function(what, value, args) -> the engine's form

function convert.script(what, value, args)
  return { kind = "script", name = "script", code = value.code, argv = arguments(what, {}, args) }
end

function convert.command(what, value, args)
  return { kind = "command", argv = arguments(what, value.argv, args) }
end

function convert.file(what, value, args)
  local code, name = read(what, value.path), value.path:match("[^/]*$")
  if name:match("%.lua$") and code:sub(1, 2) ~= "#!" then
    return { kind = "lua", name = "@" .. name, code = code, args = pack_args(what, args) }
  end
  return { kind = "script", name = name, code = code, argv = arguments(what, {}, args) }
end

convert["function"] = function(what, value, args)
  return testlet.call(what, value, args)
end

--- A testlet in the engine's form.
-- @local
-- @tparam string what whose testlet, for messages
-- @param value from testlet.check
-- @tparam[opt] table args as from table.pack
-- @treturn table see the binding's job.c
function testlet.convert(what, value, args)
  local kind = type(value) == "function" and "function" or value.kind
  return convert[kind](what, value, args or { n = 0 })
end

--- A testlet as a hook's step: the file that a function is in makes it no other step.
-- @local
-- @tparam string what whose testlet, for messages
-- @param value from testlet.check
-- @treturn table see the binding's job.c
function testlet.convert_step(what, value)
  local step = testlet.convert(what, value)
  if type(value) == "function" then step.identity = pack(what, value, true) end
  return step
end

-- A table or function among arguments may be, or have, one that the testlet has by itself. They
-- travel together then, so that both are one there as well.
local function has_shared(args)
  for i = 1, args.n do
    if type(args[i]) == "table" or type(args[i]) == "function" then return true end
  end
  return false
end

--- A call of a function in the engine's form.
-- @local
-- @tparam string what whose call, for messages
-- @param callee a function, or the name of a guest module that returns one
-- @tparam table args as from table.pack
-- @treturn table see the binding's job.c
function testlet.call(what, callee, args)
  local packed = pack_args(what, args)
  if type(callee) == "function" and has_shared(args) then
    return { kind = "call", code = pack(what, callee, false, args), args = core.pack { n = 0 } }
  end
  return { kind = "call", code = pack(what, callee), args = packed }
end

return testlet
