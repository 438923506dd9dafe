-- SPDX-License-Identifier: MIT

--- Which globals a function uses, read from its bytecode (Lua 5.4's, as string.dump
-- writes it; source: lua.org's ldump.c and lopcodes.h). A testlet has the instance's globals, not
-- the suite's: one that it uses and that only the suite has is told before anything starts.
-- @internal cleantest.call.globals

local globals = {}

local OP_GETTABUP <const> = 11 -- R[A] := UpValue[B][K[C]]
local SIGNATURE <const> = "\27Lua\x54\0\x19\x93\r\n\x1a\n\4\8\8"

local Reader = {}
Reader.__index = Reader

function Reader:take(format)
  local value, at = string.unpack(format, self.bytes, self.at)
  self.at = at
  return value
end

-- A size, in groups of seven bits, the last one marked.
function Reader:size()
  local size = 0
  while true do
    local byte = self:take "B"
    size = size << 7 | byte & 0x7f
    if byte & 0x80 ~= 0 then return size end
  end
end

function Reader:string()
  local size = self:size()
  return size > 0 and self:take("c" .. size - 1) or nil
end

-- Constants, by number; those that are no strings are false.
function Reader:constants()
  local list = {}
  for i = 0, self:size() - 1 do
    local kind = self:take "B"
    list[i] = false
    if kind == 0x13 or kind == 0x03 then self.at = self.at + 8 end -- a number
    if kind == 0x04 or kind == 0x14 then list[i] = self:string() or "" end
  end
  return list
end

-- Reads one function; adds the globals it reads to `found`. environment: the upvalue that is _ENV.
function Reader:func(found, outer)
  self:string() -- its source
  self:size() -- the lines
  self:size()
  self.at = self.at + 3
  local code = {}
  for i = 1, self:size() do code[i] = self:take "<I4" end
  local constants = self:constants()
  local environments = {}
  for i = 0, self:size() - 1 do
    local in_stack, index = self:take "B", self:take "B"
    self.at = self.at + 1
    environments[i] = in_stack == 0 and outer[index] or false
  end
  if outer.top then environments = outer.top end
  for _, word in ipairs(code) do
    local upvalue, constant = word >> 16 & 0xff, word >> 24 & 0xff
    if word & 0x7f == OP_GETTABUP and environments[upvalue] and constants[constant] then
      found[constants[constant]] = true
    end
  end
  for _ = 1, self:size() do self:func(found, environments) end
  self:skip_debug()
end

function Reader:skip_debug()
  self.at = self.at + self:size() -- lines, a byte for each instruction
  for _ = 1, self:size() do
    self:size()
    self:size()
  end
  for _ = 1, self:size() do -- local variables
    self:string()
    self:size()
    self:size()
  end
  for _ = 1, self:size() do self:string() end
end

-- The upvalues of a function that are globals' tables.
local function environments_of(f, environment)
  local found, i = {}, 1
  local name, value = debug.getupvalue(f, i)
  while name do
    found[i - 1] = value == environment
    i = i + 1
    name, value = debug.getupvalue(f, i)
  end
  return found
end

--- The globals that a function reads, with the functions in it.
-- @tparam function f a Lua function
-- @tparam table environment the globals' table
-- @treturn table names, as keys; empty for bytecode of another version
function globals.read_by(f, environment)
  local ok, bytes = pcall(string.dump, f)
  if not ok or bytes:sub(1, #SIGNATURE) ~= SIGNATURE then return {} end
  local found = {}
  -- behind the signature: an integer, a number, and how many upvalues there are
  local self = setmetatable({ bytes = bytes, at = #SIGNATURE + 8 + 8 + 1 + 1 }, Reader)
  ok = pcall(self.func, self, found, { top = environments_of(f, environment) })
  return ok and found or {}
end

-- What every Lua has.
local standard = {
  _G = true, _VERSION = true, assert = true, collectgarbage = true, coroutine = true, debug = true,
  dofile = true, error = true, getmetatable = true, io = true, ipairs = true, load = true,
  loadfile = true, math = true, next = true, os = true, package = true, pairs = true, pcall = true,
  print = true, rawequal = true, rawget = true, rawlen = true, rawset = true, require = true,
  select = true, setmetatable = true, string = true, table = true, tonumber = true, tostring = true,
  type = true, utf8 = true, warn = true, xpcall = true, arg = true,
}

-- The table that a function's globals are in: the suite's, or one that it has put in that place.
local function environment_of(f)
  local i = 1
  local name, value = debug.getupvalue(f, i)
  while name do
    if value == _G or name == "_ENV" and type(value) == "table" then return value end
    i = i + 1
    name, value = debug.getupvalue(f, i)
  end
  return _G
end

-- What such a table has of a name, if it is no standard one. A strict one may throw.
local function value_in(environment, name)
  if standard[name] then return nil end
  if environment == _G then return rawget(_G, name) end
  local ok, value = pcall(function() return environment[name] end)
  if ok then return value end
end

local function find_own(f, seen, found)
  if seen[f] or debug.getinfo(f, "S").what == "C" then return end
  seen[f] = true
  local environment = environment_of(f)
  for name in pairs(globals.read_by(f, environment)) do
    local value = value_in(environment, name)
    if value ~= nil then found[name] = value end
    if type(value) == "function" then find_own(value, seen, found) end
  end
  local i = 1
  local name, value = debug.getupvalue(f, i)
  while name do
    if type(value) == "function" then find_own(value, seen, found) end
    i = i + 1
    name, value = debug.getupvalue(f, i)
  end
end

--- The globals of the suite's own that a function uses, with the functions that are its upvalues
-- or such globals.
-- @tparam function f
-- @treturn table name -> value
function globals.own(f)
  local found = {}
  find_own(f, {}, found)
  return found
end

return globals
