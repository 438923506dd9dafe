-- SPDX-License-Identifier: MIT

--- Packages of Alpine Linux, from inside a testlet: require "cleantest.utils.apk". Its functions
-- are those of @{cleantest.utils.manager}; and the parsers, for their spec. install() also takes
-- name=version; a package file need not be signed.
-- @module cleantest.utils.apk
local manager = require "cleantest.utils.manager"
local run = require "cleantest.utils.run"

local env = manager.env()

-- Of a line of `apk list`, "name-version arch {origin} (licences) [state]".
local function parse_line(line, name)
  if line:sub(1, #name + 1) ~= name .. "-" then return nil end
  local version, arch, rest = line:sub(#name + 2):match "^(%d%S*) (%S+) {.-} %(.-%)%s*(.*)$"
  if not version then return nil end
  local older = rest:match "%[upgradable from: (.-)%]"
  if older then return { arch = arch, full_version = older:sub(#name + 2) }, true end
  return { arch = arch, full_version = version }, rest:find "%[installed%]" ~= nil
end

--- Parses what `apk list NAME` prints.
-- @function parse_list
-- @tparam string text
-- @tparam string name
-- @treturn ?table arch and full_version, of what is installed, else of the first line
-- @treturn boolean whether it is installed
local function parse_list(text, name)
  local first
  for line in text:gmatch "[^\n]+" do
    local found, installed = parse_line(line, name)
    if installed then return found, true end
    first = first or found
  end
  return first, false
end

--- Parses what `apk policy NAME` prints.
-- @function parse_policy
-- @tparam string text
-- @tparam string version
-- @treturn ?string the repository that has this version
--
local function parse_policy(text, version)
  local here = false
  for line in text:gmatch "[^\n]+" do
    local heading = line:match "^  (%S+):$"
    if heading then
      here = heading == version
    elseif here and line:find "://" or here and line:find "^%s+/" then
      return line:match "%S+$"
    end
  end
end

local function find(name)
  local shown = run({ "apk", "list", "--", name }, { env = env })
  local found, installed = parse_list(shown.stdout, name)
  if not found then return nil end
  local policy = run({ "apk", "policy", "--", name }, { env = env })
  found.origin = parse_policy(policy.stdout, found.full_version)
  return found, installed
end

local function find_installed(name)
  local found, installed = find(name)
  return installed and found or nil
end

local function has_lists()
  return run("ls /var/cache/apk/APKINDEX.* /etc/apk/cache/APKINDEX.* 2>/dev/null").stdout ~= ""
end

local function install(self, names)
  local words = table.move(self.words.install, 1, #self.words.install, 1, {})
  for _, name in ipairs(names) do
    if manager.is_file(name) then
      words[#words + 1] = "--allow-untrusted"
      break
    end
  end
  return self:attempt(words, names)
end

local apk = manager.new {
  name = "apk",
  program = "apk",
  env = env,
  locked = { "Unable to lock database" },
  unfetched = { "package mentioned in index not found" },
  version_pattern = "apk%-tools ([^%s,]+)",
  words = {
    update = { "update" },
    upgrade = { "add", "--upgrade" },
    upgrade_all = { "upgrade" },
    install = { "add" },
    install_here = { "add", "--allow-untrusted", "--no-network" },
    remove = { "del" },
    purge = { "del", "--purge" },
  },
  has_lists = has_lists,
  find_installed = find_installed,
  find_available = function(name) return (find(name)) end,
  install = install,
}

apk.parse_list, apk.parse_policy = parse_list, parse_policy

return apk
