-- SPDX-License-Identifier: MIT

--- How the program of a package manager is run, for manager.lua: its locks are
-- waited for, and a network where it needs one; lists are fetched when there are none, or when
-- they are out of date. It knows no program by itself.
-- @internal cleantest.utils.package_tool
local guest = require "cleantest.guest"
local run = require "cleantest.utils.run"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local NETWORK_PATIENCE <const> = 5 -- seconds; then it is tried without a network
local NETWORK_TIMEOUT <const> = 60
local LOCK_TIMEOUT <const> = 240 -- less than a testlet has by itself, so that it can be told
local LOCK_INTERVAL <const> = 0.5

local Tool = {}
Tool.__index = Tool

--- What a tool's environment must be, so that what it says can be understood, whatever language
-- the testlet speaks: gettext obeys LANGUAGE before LC_ALL.
-- @tparam[opt] table more variables
-- @treturn table for run's env
function Tool.env(more)
  return tables.update({ LC_ALL = "C.UTF-8", LANGUAGE = false }, more or {})
end

--- Is this the path of a file, not a package's name?
-- @tparam string name
-- @treturn boolean
function Tool.is_file(name)
  return name:sub(1, 1) == "/" or name:sub(1, 2) == "./" or name:sub(1, 3) == "../"
end

-- The command line: the program, and lists of arguments.
function Tool:argv(...)
  local argv = { self.program, table.unpack(self.leading or {}) }
  for _, list in ipairs { ... } do table.move(list, 1, #list, #argv + 1, argv) end
  return argv
end

function Tool:is_fine(result)
  return result.exit_code == 0 or (self.fine and self.fine[result.exit_code]) == true
end

local function says(result, patterns)
  local said = result.stdout .. result.stderr
  for _, pattern in ipairs(patterns or {}) do
    if said:find(pattern) then return true end
  end
  return false
end

-- Does somebody else hold a lock that the tool needs? It has done nothing then; what a package's
-- own script says of locks, while the tool has them, is another matter.
function Tool:is_locked(result)
  return not self:is_fine(result) and not says(result, self.begun)
    and (says(result, self.locked) or result.exit_code == self.locked_code)
end

--- Runs the tool, again and again while somebody else holds a lock that it needs.
-- @tparam table ... lists of its arguments
-- @treturn table as from run
-- @treturn ?string what went wrong, with the tool's output
function Tool:attempt(...)
  local argv, deadline = self:argv(...), guest.clock() + LOCK_TIMEOUT
  local result = run(argv, { env = self.env })
  while self:is_locked(result) and guest.clock() < deadline do
    guest.sleep(LOCK_INTERVAL)
    result = run(argv, { env = self.env })
  end
  if self:is_fine(result) then return result end
  local text = run.describe(argv, result)
  if not self:is_locked(result) then return result, text end
  return result,
    ("%s: somebody has held its lock for %d s: %s"):format(self.name, LOCK_TIMEOUT, text)
end

--- Runs the tool; throws with its output when it fails.
-- @tparam table ... lists of its arguments
-- @treturn table as from run
function Tool:call(...)
  local result, problem = self:attempt(...)
  if problem then where.fail("%s", problem) end
  return result
end

--- Throws when the tool is not there: then there is no point in waiting for a network.
function Tool:need_tool()
  if self.known then return end
  local shown = run({ self.program, "--version" }, { env = self.env })
  if shown.exit_code == 127 then
    where.fail("%s: there is no %s in this instance", self.name, self.program)
  end
  self.known = true
  if self.found then self.found(self, shown.stdout) end
end

--- Has something done that may need a network. A repository may be a folder, or on the link: when
-- no network is there after a moment, it is tried without.
-- @tparam function work returns what went wrong
-- @tparam[opt] string tried what was done before, and in vain
function Tool:over_network(work, tried)
  self:need_tool()
  local there = guest.wait_ready("network", NETWORK_PATIENCE)
  local problem = work()
  if problem and not there then
    local came, why = guest.wait_ready("network", NETWORK_TIMEOUT - NETWORK_PATIENCE)
    if not came then where.fail("%s: %s; without it:\n%s", self.name, why, tried or problem) end
    problem = work()
  end
  if problem then where.fail("%s", problem) end
end

--- @treturn ?string what went wrong
function Tool:fetch_lists()
  local _, problem = self:attempt(self.words.update)
  return problem
end

--- Has something done that needs lists: with those that are there, and once more with new ones when
-- something in them can't be fetched, since a mirror has replaced it.
-- @tparam function work returns a result, and what went wrong
-- @treturn ?string what went wrong
function Tool:with_lists(work)
  local fresh = self.has_lists ~= nil and not self.has_lists()
  local problem = fresh and self:fetch_lists() or nil
  if problem then return problem end
  local result
  result, problem = work()
  if not problem or fresh or not says(result, self.unfetched) then return problem end
  problem = self:fetch_lists()
  if problem then return problem end
  return select(2, work())
end

--- Installs package files without lists and a network: they may need nothing that is not here.
-- @tparam table names
-- @tparam table more arguments
-- @treturn boolean whether it is done
-- @treturn ?string what was tried, and how it failed
function Tool:install_here(names, more)
  for _, name in ipairs(names) do
    if not Tool.is_file(name) then return false end
    local file <close>, why = io.open(name)
    if not file then where.fail("%s.install: %s", self.name, why) end
  end
  local lack = self.lacks and self.lacks(self, names, more)
  if lack then return false, lack end
  local _, problem = self:attempt(self.words.install_here, more, names)
  return not problem, problem
end

--- Throws unless these are installed: tools take an upgrade of what is not for nothing to
-- do, or install it.
function Tool:need_installed(names)
  for _, name in ipairs(names) do
    local bare = name:match "^[^=<>/@]+" or name
    local stem = self.stem and self.stem(bare)
    if not (Tool.is_file(name) or self.find_installed(bare)
      or stem and self.find_installed(stem)) then
      where.fail("%s.upgrade: %s is not installed", self.name, name)
    end
  end
end

return Tool
