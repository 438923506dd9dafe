-- SPDX-License-Identifier: MIT

--- What all package managers have in common: the checks, the waiting for the network, and the one
-- interface that a testlet uses. What is particular to apt, dnf, zypper, pacman and apk is in the
-- file of that name. Where names are taken, there may be one, or more, or a list. While somebody
-- else holds a lock that the tool needs, it is waited for. Wrong arguments throw; a command that
-- fails throws with its output.
-- @module cleantest.utils.manager
local arguments = require "cleantest.utils.arguments"
local check = require "cleantest.check"
local Tool = require "cleantest.utils.package_tool"
local where = require "cleantest.where"

local manager = {}

--- Splits "[epoch:]version[-release]", as deb, rpm, pacman and apk have it.
-- @local
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
-- @local
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

manager.env, manager.is_file = Tool.env, Tool.is_file

local check_name = check.name_of("package", "%s")

-- What may be a name here; a file's path may be any.
local function check_names(self, what, names)
  for i = 1, names.n do
    local name = names[i]
    if type(name) ~= "string" or not manager.is_file(name) then
      (self.check_name or check_name)(("%s.%s"):format(self.name, what), name)
    end
  end
  return names
end

-- The names, which may be lists of names, and the options behind them.
local function read_names(self, what, ...)
  local names, options = arguments.spread(...)
  local fields = self.options and self.options[what] or {}
  return check_names(self, what, names),
    check.options(("%s.%s"):format(self.name, what), options, fields)
end

-- As read_names; there must be one at least.
local function need_names(self, what, ...)
  local names, options = read_names(self, what, ...)
  if names.n == 0 then where.fail("%s.%s: name at least one package", self.name, what) end
  return names, options
end

-- As need_names; there must be one and no more.
local function need_name(self, what, ...)
  local names = need_names(self, what, ...)
  if names.n > 1 then where.fail("%s.%s: name one package, not %d", self.name, what, names.n) end
  return names[1]
end

local function fill(info, found, state)
  for key, value in pairs(found) do info[key] = value end
  info.state = state
  if not info.version then
    info.epoch, info.version, info.release = manager.split_version(info.full_version)
  end
  return info
end

--- What fetch() returns.
-- @table PackageInfo
-- @tfield string name
-- @tfield string state "installed", "available" or "absent" (then there is nothing but name and
--   state)
-- @tfield ?string arch
-- @tfield ?string epoch
-- @tfield ?string version
-- @tfield ?string release
-- @tfield ?string full_version
-- @tfield ?string origin
local interface = {}

--- The version of the package manager.
-- @function version
-- @treturn string
function interface.version(self)
  self:need_tool()
  local shown = self:call { "--version" }
  local version = (shown.stdout .. shown.stderr):match(self.version_pattern)
  if not version then
    where.fail("%s.version: no version in what %s --version says: %s", self.name, self.program,
      shown.stdout .. shown.stderr)
  end
  return version
end

--- Are these packages installed?
-- @function installed
-- @tparam string|{string,...} ... names
-- @treturn boolean one for each package
function interface.installed(self, ...)
  local names = need_names(self, "installed", ...)
  self:need_tool()
  local answers = {}
  for i, name in ipairs(names) do answers[i] = self.find_installed(name) ~= nil end
  return table.unpack(answers)
end

--- Fetches the lists of packages.
-- @function update
function interface.update(self)
  self:over_network(function() return self:fetch_lists() end)
end

--- Fetches the lists, then upgrades packages.
-- @function upgrade
-- @tparam[opt] string|{string,...} ... names of packages, which must be installed; default: all
function interface.upgrade(self, ...)
  local names = read_names(self, "upgrade", ...)
  self:need_tool()
  self:need_installed(names)
  local words = names.n == 0 and self.words.upgrade_all or self.words.upgrade
  self:over_network(function()
    return self:fetch_lists() or (select(2, self:attempt(words, names)))
  end)
end

--- Installs packages, and fetches the lists first when there are none, or when they name what is
-- not there any more; files that need nothing that is not here need neither lists nor a network.
-- @function install
-- @tparam string|{string,...} ... names, or paths of package files (with a slash at or near the
--   beginning)
-- @tparam[opt] table options behind them, for apt only
-- @tparam[opt] boolean options.recommends install what the packages recommend, too; default: as apt
--   is configured, which is true
function interface.install(self, ...)
  local names, options = need_names(self, "install", ...)
  self:need_tool()
  local more = self.more_words and self.more_words(options) or {}
  local done, tried = self:install_here(names, more)
  if done then return end
  local function install()
    if self.install then return self.install(self, names) end
    return self:attempt(self.words.install, more, names)
  end
  self:over_network(function() return self:with_lists(install) end, tried)
end

--- Removes packages, and keeps changed configuration where the tool does.
-- @function remove
-- @tparam string|{string,...} ... names
function interface.remove(self, ...)
  local names = need_names(self, "remove", ...)
  self:need_tool()
  self:call(self.words.remove, names)
end

--- Removes packages and their configuration.
-- @function purge
-- @tparam string|{string,...} ... names
function interface.purge(self, ...)
  local names = need_names(self, "purge", ...)
  self:need_tool()
  if self.purge then
    self.purge(self, names)
  else
    self:call(self.words.purge, names)
  end
end

--- What is known of a package.
-- @function fetch
-- @tparam string name
-- @treturn PackageInfo
function interface.fetch(self, ...)
  local name = need_name(self, "fetch", ...)
  self:need_tool()
  local info = { name = name, state = "absent" }
  local found = self.find_installed(name)
  if found then return fill(info, found, "installed") end
  found = self.find_available(name)
  if found then return fill(info, found, "available") end
  return info
end

--- Makes the module of one package manager, of the functions above.
-- @local
-- @tparam table own name, program, env, version_pattern, words (arguments for update, upgrade,
--   upgrade_all, install, install_here, remove, purge; install_here is for files, and asks no
--   repository), locked and unfetched (lists of patterns: what the tool says when somebody else
--   holds a lock, and when something in its lists can't be fetched), find_installed(name) and
--   find_available(name) -> arch, full_version, origin, or nil; and where they differ: check_name
--   (a checker), fine (exit codes that are no failure), locked_code (an exit code), begun
--   (patterns: what the tool says once it has its locks),
--   found(self, version) (called with what --version says), stem(name) -> what is before a version,
--   or nil; has_lists(), options (function -> its options' checkers), more_words(options) ->
--   arguments for install, lacks(self, names, more) -> what files want that is not here, or nil,
--   install(self, names) -> a result, and what went wrong, purge(self, names)
-- @treturn table functions
function manager.new(own)
  local self = setmetatable(own, Tool)
  local module = {}
  for name, method in pairs(interface) do
    module[name] = function(...) return method(self, ...) end
  end
  return module
end

return manager
