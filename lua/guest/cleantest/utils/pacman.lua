-- SPDX-License-Identifier: MIT

--- Packages of Arch Linux and its kin, from inside a testlet: require
-- "cleantest.utils.pacman". Its functions are those of @{cleantest.utils.manager}.
-- @module cleantest.utils.pacman
local manager = require "cleantest.utils.manager"
local run = require "cleantest.utils.run"

local env = manager.env()

-- What -Qi and -Si say.
local function parse_info(text)
  local fields = manager.parse_fields(text)
  if not fields.Version then return nil end
  return { arch = fields.Architecture, full_version = fields.Version, origin = fields.Repository }
end

local function show(operation, name)
  local shown = run({ "pacman", operation, "--", name }, { env = env })
  return shown.exit_code == 0 and parse_info(shown.stdout) or nil
end

local function find_available(name)
  return show("-Si", name)
end

local function find_installed(name)
  local found = show("-Qi", name)
  local known = found and find_available(name)
  if known then found.origin = known.origin end
  return found
end

local files_words = { "-U", "--noconfirm", "--needed" }

-- Names come from repositories; files, and those that a URL names, are their own.
local function install(self, names)
  local wanted, files = {}, {}
  for _, name in ipairs(names) do
    local list = (manager.is_file(name) or name:find "^%a+://") and files or wanted
    list[#list + 1] = name
  end
  local result, problem
  if #files > 0 then result, problem = self:attempt(files_words, files) end
  if #wanted > 0 and not problem then return self:attempt(self.words.install, wanted) end
  return result, problem
end

return manager.new {
  name = "pacman",
  program = "pacman",
  env = env,
  locked = { "unable to lock database", "could not lock database" },
  unfetched = { "failed retrieving file", "failed to retrieve some files" },
  version_pattern = "Pacman v(%S+)",
  words = {
    update = { "-Sy", "--noconfirm" },
    upgrade = { "-S", "--noconfirm", "--needed" },
    upgrade_all = { "-Su", "--noconfirm" },
    install = { "-S", "--noconfirm", "--needed" },
    install_here = files_words,
    remove = { "-R", "--noconfirm" },
    purge = { "-Rn", "--noconfirm" },
  },
  has_lists = function()
    return run("ls /var/lib/pacman/sync/*.db").exit_code == 0
  end,
  find_installed = find_installed,
  find_available = find_available,
  install = install,
}
