-- SPDX-License-Identifier: MIT
--
-- manager.lua - what all package managers have in common: the checks, the waiting for the
-- network, and the one interface that a testlet uses. What is particular to apt, dnf, zypper,
-- pacman and apk is in the file of that name.
local check = require "cleantest.check"
local guest = require "cleantest.guest"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local manager = {}

local NETWORK_TIMEOUT = 60 -- seconds

--- Splits "[epoch:]version[-release]", as deb, rpm, pacman and apk have it.
-- @tparam string full
-- @treturn string epoch "0" when there is none
-- @treturn string version
-- @treturn string release "" when there is none
function manager.split_version(full)
  local epoch, rest = full:match "^(%d+):(.*)$"
  rest = rest or full
  local version, release = rest:match "^(.*)-([^-]*)$"
  return epoch or "0", version or rest, release or ""
end

--- Parses "Key : value" lines, as dnf, zypper and pacman print them.
-- @tparam string text
-- @treturn table key -> value, of the first line of each key
function manager.parse_fields(text)
  local fields = {}
  for line in text:gmatch "[^\n]+" do
    local key, value = line:match "^(%S[^:]-)%s*:%s+(.-)%s*$"
    if key and fields[key] == nil then fields[key] = value end
  end
  return fields
end

--- Is this the path of a file, not a package's name?
-- @tparam string name
-- @treturn boolean
function manager.is_file(name)
  return name:sub(1, 1) == "/" or name:sub(1, 2) == "./" or name:sub(1, 3) == "../"
end

local check_name = check.name_without "%s"

local Manager = {}
Manager.__index = Manager

function Manager:argv(words, names)
  local argv = table.move(words, 1, #words, 2, { self.program })
  return table.move(names, 1, #names, #argv + 1, argv)
end

function Manager:is_fine(result)
  return result.exit_code == 0 or (self.fine and self.fine[result.exit_code]) == true
end

--- Runs the tool; throws with its output when it fails.
-- @tparam table words its arguments
-- @param ... more of them
-- @treturn table as from run
function Manager:call(words, ...)
  local argv = self:argv(words, { ... })
  local result = run(argv, { env = self.env })
  if not self:is_fine(result) then where.fail("%s", run.describe(argv, result)) end
  return result
end

-- What may be a name here; a file's path may be any.
function Manager:check_names(what, ...)
  local names = {}
  for i = 1, select("#", ...) do
    local name = select(i, ...)
    if type(name) ~= "string" or not manager.is_file(name) then
      (self.check_name or check_name)(("%s.%s"):format(self.name, what), name)
    end
    names[i] = name
  end
  return names
end

-- As check_names; there must be one at least.
function Manager:need_names(what, ...)
  if select("#", ...) == 0 then where.fail("%s.%s: name at least one", self.name, what) end
  return self:check_names(what, ...)
end

-- Without the tool there is no point in waiting for a network.
function Manager:need_tool()
  if self.found then return end
  if run({ self.program, "--version" }, { env = self.env }).exit_code == 127 then
    where.fail("%s: there is no %s in this instance", self.name, self.program)
  end
  self.found = true
end

-- tried: what was done without it, and in vain.
function Manager:need_network(tried)
  self:need_tool()
  local ready, why = guest.wait_ready("network", NETWORK_TIMEOUT)
  if ready then return end
  where.fail("%s: %s%s", self.name, why, tried and "; without it:\n" .. tried or "")
end

function Manager:need_lists()
  if self.has_lists and not self.has_lists() then self:call(self.words.update) end
end

-- Package files may need nothing that is not here; then there need be neither a network nor
-- lists. Gives what was tried, and how it failed; nil when there are not files only.
function Manager:install_here(names)
  for _, name in ipairs(names) do
    if not manager.is_file(name) then return false end
    local file <close>, why = io.open(name)
    if not file then where.fail("%s.install: %s", self.name, why) end
  end
  local argv = self:argv(self.words.install_here, names)
  local result = run(argv, { env = self.env })
  return self:is_fine(result), run.describe(argv, result)
end

-- Tools take an upgrade of what is not installed for nothing to do, or install it.
function Manager:need_installed(names)
  for _, name in ipairs(names) do
    local bare = name:match "^[^=<>/@]+" or name
    local stem = self.stem and self.stem(bare)
    if not (manager.is_file(name) or self.find_installed(bare)
      or stem and self.find_installed(stem)) then
      where.fail("%s.upgrade: %s is not installed", self.name, name)
    end
  end
end

local function fill(info, found, state)
  for key, value in pairs(found) do info[key] = value end
  info.state = state
  if not info.version then
    info.epoch, info.version, info.release = manager.split_version(info.full_version)
  end
  return info
end

local interface = {}

function interface.version(self)
  self:need_tool()
  local shown = self:call { "--version" }
  return (shown.stdout .. shown.stderr):match(self.version_pattern)
end

function interface.installed(self, name)
  self:need_names("installed", name)
  self:need_tool()
  return self.find_installed(name) ~= nil
end

function interface.update(self)
  self:need_network()
  self:call(self.words.update)
end

function interface.upgrade(self, ...)
  local names = self:check_names("upgrade", ...)
  self:need_tool()
  self:need_installed(names)
  self:need_network()
  self:need_lists()
  self:call(#names == 0 and self.words.upgrade_all or self.words.upgrade, ...)
end

function interface.install(self, ...)
  local names = self:need_names("install", ...)
  self:need_tool()
  local done, tried = self:install_here(names)
  if done then return end
  self:need_network(tried)
  self:need_lists()
  if self.install then
    self.install(self, names)
  else
    self:call(self.words.install, ...)
  end
end

function interface.remove(self, ...)
  self:need_names("remove", ...)
  self:need_tool()
  self:call(self.words.remove, ...)
end

function interface.purge(self, ...)
  local names = self:need_names("purge", ...)
  self:need_tool()
  if self.purge then
    self.purge(self, names)
  else
    self:call(self.words.purge, ...)
  end
end

function interface.fetch(self, name)
  self:need_names("fetch", name)
  self:need_tool()
  local info = { name = name, state = "absent" }
  local found = self.find_installed(name)
  if found then return fill(info, found, "installed") end
  found = self.find_available(name)
  if found then return fill(info, found, "available") end
  return info
end

--- Makes the module of one package manager:
--   version() -> the tool's version;
--   installed(name) -> boolean;
--   update() fetches the lists of packages;
--   upgrade(...) upgrades the packages named, which must be installed, or all;
--   install(...) installs packages, by name or by the path of a package file (one with a
--     slash at or near its beginning), and fetches the lists first when there are none; files
--     that need nothing that is not here need neither lists nor a network;
--   remove(...) removes packages, and keeps changed configuration where the tool does;
--   purge(...) removes packages and their configuration;
--   fetch(name) -> { name, arch, epoch, version, release, full_version, origin, state }, with
--     state "installed", "available" or "absent" (then there is nothing but name and state).
-- Wrong arguments throw; a command that fails throws with its output.
-- @tparam table own name, program, env, version_pattern, words (arguments for update, upgrade,
--   upgrade_all, install, install_here, remove, purge; install_here is for files, and asks no
--   repository), find_installed(name) and find_available(name) -> arch, full_version, origin,
--   or nil; and where they differ: check_name (a checker), fine (exit codes that are no
--   failure), stem(name) -> what is before a version, or nil; has_lists(), install(self, names),
--   purge(self, names)
-- @treturn table functions
function manager.new(own)
  local self = setmetatable(own, Manager)
  local module = {}
  for name, method in pairs(interface) do
    module[name] = function(...) return method(self, ...) end
  end
  return module
end

return manager
