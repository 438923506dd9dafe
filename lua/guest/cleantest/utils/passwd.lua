-- SPDX-License-Identifier: MIT

--- Users and groups, from inside a testlet: require "cleantest.utils.passwd". They
-- are read with getent and changed with useradd and its kin. Wrong arguments throw; a command
-- that fails throws with its output.
-- @module cleantest.utils.passwd
local arguments = require "cleantest.utils.arguments"
local check = require "cleantest.check"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local passwd = {}

local check_user = check.name_of("user", "[:%s/]")
local check_group = check.name_of("group", "[:%s/]")

-- The fields of an entry, or nil; empty ones too.
local function entry(database, name)
  local found = run { "getent", database, name }
  if found.exit_code == 2 then return nil end
  if found.exit_code ~= 0 then where.fail("%s", run.describe("getent", found)) end
  local fields = {}
  for field in (found.stdout:match "[^\n]*" .. ":"):gmatch "([^:]*):" do
    fields[#fields + 1] = field
  end
  -- getent takes a number for an id
  return fields[1] == name and fields or nil
end

local User = {}
User.__index = User

--- A user, who need not exist.
-- @tparam string name
-- @treturn User
function passwd.user(name)
  return setmetatable({ name = check_user("passwd.user", name) }, User)
end

--- What passwd.user() returns.
-- @type User

local function need_user(self)
  local fields = entry("passwd", self.name)
  if not fields then where.fail("passwd: there is no user '%s'", self.name) end
  return fields
end

--- Is there such a user?
-- @treturn boolean
function User:exists()
  return entry("passwd", self.name) ~= nil
end

--- The user's id; throws when there is no such user.
-- @treturn int
function User:uid()
  return math.tointeger(tonumber(need_user(self)[3]))
end

--- What passwd(5) says; throws when there is no such user.
-- @treturn table name, uid, gid, gecos, home, shell
function User:info()
  local fields = need_user(self)
  return {
    name = fields[1], uid = math.tointeger(tonumber(fields[3])),
    gid = math.tointeger(tonumber(fields[4])), gecos = fields[5], home = fields[6],
    shell = fields[7],
  }
end

local function check_home(what, value)
  return type(value) == "boolean" and value or check.string(what, value)
end

local function check_password(what, value)
  if check.string(what, value):find "\n" then
    where.fail("%s can't have a line's end in it", what)
  end
  return value
end

local user_options = {
  password = check_password, shell = check.string, system = check.boolean,
  primary_group = check.string, groups = check.list_of(check.name_of("group", "[:%s/,]")),
  uid = check.integer, home = check_home,
}

local function user_words(options, primary_group)
  local words = {}
  local function add(...)
    for _, word in ipairs { ... } do words[#words + 1] = word end
  end
  if options.shell then add("--shell", options.shell) end
  if options.system then add "--system" end
  if primary_group then add("--gid", primary_group) end
  if options.groups and options.groups[1] then
    add("--groups", table.concat(options.groups, ","))
  end
  if options.uid then add("--uid", tostring(options.uid)) end
  local home = options.home
  if home == nil then home = not options.system end
  add(home and "--create-home" or "--no-create-home")
  if type(home) == "string" then add("--home-dir", home) end
  return words
end

-- By stdin: what is among the arguments, all may read. A user who was just added goes again when
-- the password is refused: none is left that was not asked for.
local function set_password(self, password, had_home)
  local set = run("chpasswd", { stdin = self.name .. ":" .. password .. "\n" })
  if set.exit_code == 0 then return end
  local removed = run { "userdel", had_home and "--" or "--remove", self.name }
  where.fail("user:add: the password of '%s' was refused, and the user %s: %s", self.name,
    entry("passwd", self.name) and "could not be removed again: " .. removed.stderr
    or "removed again", run.describe("chpasswd", set))
end

--- Adds the user; none is left when the password is refused.
-- @tparam[opt] table options
-- @tparam[opt] string options.password in clear
-- @tparam[opt] string options.shell a path
-- @tparam[opt=false] boolean options.system
-- @tparam[opt] string options.primary_group a name; default: the group of the user's name, which is
--   made where there is none
-- @tparam[opt] string|{string,...} options.groups names
-- @tparam[opt] int options.uid
-- @tparam[opt] string|boolean options.home a path; true: the usual one; false: none; default: true,
--   unless system
function User:add(options)
  options = check.options("user:add", options, user_options)
  local group = options.primary_group
  -- without being told, useradd refuses
  if not group and entry("group", self.name) then group = self.name end
  local argv = { "useradd", table.unpack(user_words(options, group)) }
  argv[#argv + 1] = self.name
  local added = run(argv, { check = true, env = { LC_ALL = "C", LANGUAGE = false } })
  local had_home = added.stderr:find("already exists", 1, true) ~= nil
  if options.password then set_password(self, options.password, had_home) end
end

--- Removes the user.
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.purge the home and the mail too
function User:remove(options)
  options = check.options("user:remove", options, { purge = check.boolean })
  run({ "userdel", options.purge and "--remove" or "--", self.name }, { check = true })
end

--- @section end

local Group = {}
Group.__index = Group

--- A group, which need not exist.
-- @tparam string name
-- @treturn Group
function passwd.group(name)
  return setmetatable({ name = check_group("passwd.group", name) }, Group)
end

--- What passwd.group() returns.
-- @type Group

local function need_group(self)
  local fields = entry("group", self.name)
  if not fields then where.fail("passwd: there is no group '%s'", self.name) end
  return fields
end

--- Is there such a group?
-- @treturn boolean
function Group:exists()
  return entry("group", self.name) ~= nil
end

--- The group's id; throws when there is no such group.
-- @treturn int
function Group:gid()
  return math.tointeger(tonumber(need_group(self)[3]))
end

local function members(fields)
  local list = {}
  for name in fields[4]:gmatch "[^,]+" do list[#list + 1] = name end
  return list
end

--- The users that were added to the group; those whose primary group it is are not in it.
-- @treturn table a list of names; throws when there is no such group
function Group:members()
  return members(need_group(self))
end

--- What group(5) says; throws when there is no such group.
-- @treturn table name, gid, members (a list of names)
function Group:info()
  local fields = need_group(self)
  return {
    name = fields[1], gid = math.tointeger(tonumber(fields[3])), members = members(fields),
  }
end

--- Adds the group.
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.system
-- @tparam[opt] int options.gid
function Group:add(options)
  options = check.options("group:add", options, { system = check.boolean, gid = check.integer })
  local argv = { "groupadd" }
  if options.system then argv[#argv + 1] = "--system" end
  if options.gid then table.move({ "--gid", tostring(options.gid) }, 1, 2, #argv + 1, argv) end
  argv[#argv + 1] = self.name
  run(argv, { check = true })
end

--- Removes the group.
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.force even when it is some user's primary group
function Group:remove(options)
  options = check.options("group:remove", options, { force = check.boolean })
  run({ "groupdel", options.force and "--force" or "--", self.name }, { check = true })
end

local function change_members(self, what, option, ...)
  local names = arguments.spread(...)
  if names.n == 0 then where.fail("%s: name at least one user", what) end
  for i = 1, names.n do check_user(what, names[i]) end
  for _, name in ipairs(names) do
    run({ "gpasswd", option, name, self.name }, { check = true })
  end
end

--- Adds users to the group.
-- @tparam string|{string,...} ... names, or a list of them
function Group:add_user(...)
  change_members(self, "group:add_user", "--add", ...)
end

--- Takes users out of the group.
-- @tparam string|{string,...} ... names, or a list of them
function Group:remove_user(...)
  change_members(self, "group:remove_user", "--delete", ...)
end

return passwd
