-- SPDX-License-Identifier: MIT

--- The processes of the instance, from inside a testlet: require
-- "cleantest.utils.process". It reads /proc, and needs no ps.
-- @module cleantest.utils.process
local check = require "cleantest.check"
local guest = require "cleantest.guest"
local owners = require "cleantest.utils.owners"

local process = {}

--- One process.
-- @table Process
-- @tfield int pid
-- @tfield int ppid
-- @tfield string name as the kernel has it: cut to 15 bytes
-- @tfield {string,...} args
-- @tfield int uid
-- @tfield ?string user nil: the uid has no name
-- @tfield string state "R", "S", "Z" ...: see proc(5)

local function read(pid, name)
  local file <close> = io.open(("/proc/%d/%s"):format(pid, name), "rb")
  return file and file:read "a" or ""
end

local function words(text)
  local list = {}
  for word in text:gmatch "([^\0]*)\0" do list[#list + 1] = word end
  return list
end

-- nil when it is gone.
local function look(pid)
  local status = read(pid, "status")
  local uid = math.tointeger(tonumber(status:match "\nUid:%s*(%d+)"))
  if not uid then return nil end
  return {
    pid = pid, name = status:match "^Name:%s*([^\n]*)", state = status:match "\nState:%s*(%a)",
    ppid = math.tointeger(tonumber(status:match "\nPPid:%s*(%d+)")), uid = uid,
    args = words(read(pid, "cmdline")),
  }
end

-- The kernel cuts a name to 15 bytes; the program's own is among its arguments.
local function is_called(found, name)
  return found.name == name or (found.args[1] or ""):match "[^/]*$" == name
end

local fields = {
  name = check.string, user = check.string, pid = check.count, ppid = check.integer,
  args = check.string,
}

local function fits(found, wanted)
  return (not wanted.name or is_called(found, wanted.name))
    and (not wanted.user or found.user == wanted.user)
    and (not wanted.pid or found.pid == wanted.pid)
    and (not wanted.ppid or found.ppid == wanted.ppid)
    and (not wanted.args or table.concat(found.args, " "):find(wanted.args, 1, true) ~= nil)
end

--- Finds processes.
-- @tparam[opt] string|table wanted a program's name ("nginx"), or a table, of which all must be so;
--   default: all processes
-- @tparam[opt] string wanted.name a program's name
-- @tparam[opt] string wanted.user a user's name
-- @tparam[opt] int wanted.pid
-- @tparam[opt] int wanted.ppid
-- @tparam[opt] string wanted.args a text that is in the command line, joined by blanks
-- @treturn {Process,...} a list, by pid
function process.find(wanted)
  if type(wanted) == "string" then wanted = { name = wanted } end
  wanted = check.options("process.find", wanted, fields)
  local list, names = {}, {}
  for _, entry in ipairs(guest.list "/proc" or {}) do
    local pid = entry:find "^%d+$" and math.tointeger(tonumber(entry))
    local found = pid and look(pid)
    if found then
      names[found.uid] = names[found.uid] or { owners.user(found.uid) }
      found.user = names[found.uid][1]
      if fits(found, wanted) then list[#list + 1] = found end
    end
  end
  table.sort(list, function(one, other) return one.pid < other.pid end)
  return list
end

return process
