-- SPDX-License-Identifier: MIT

--- Packages of openSUSE and SLES, from inside a testlet: require "cleantest.utils.zypper". Its
-- functions are those of @{cleantest.utils.manager}. install() also takes name=version; a package
-- file need not be signed.
-- @module cleantest.utils.zypper
local manager = require "cleantest.utils.manager"
local rpm = require "cleantest.utils.rpm"
local run = require "cleantest.utils.run"

local env = manager.env()

-- What `zypper info` says: arch, full_version and origin of the newest there is.
local function parse_info(text)
  local fields = manager.parse_fields(text)
  if not fields.Version then return nil end
  local origin = fields.Repository
  if origin == "@System" or origin == "" then origin = nil end
  return { arch = fields.Arch, full_version = fields.Version, origin = origin }
end

local function find_available(name)
  local shown = run({ "zypper", "--non-interactive", "info", "--", name }, { env = env })
  return shown.exit_code == 0 and parse_info(shown.stdout) or nil
end

local function find_installed(name)
  local found = rpm.find(name)
  local known = found and find_available(name)
  if known then found.origin = known.origin end
  return found
end

local function install(self, names)
  local words = table.move(self.words.install, 1, #self.words.install, 1, {})
  for _, name in ipairs(names) do
    if manager.is_file(name) then
      words[#words + 1] = "--allow-unsigned-rpm"
      break
    end
  end
  return self:attempt(words, names)
end

return manager.new {
  name = "zypper",
  program = "zypper",
  env = env,
  version_pattern = "zypper (%S+)",
  locked_code = 7, -- ZYPPER_EXIT_ZYPP_LOCKED
  locked = { "transaction lock" }, -- of rpm's own
  unfetched = { "not found on medium", "Failed to provide Package", "Failed to retrieve" },
  fine = { [102] = true, [103] = true }, -- reboot, or restart of zypper, recommended
  words = {
    update = { "--non-interactive", "refresh" },
    upgrade = { "--non-interactive", "update", "-y" },
    upgrade_all = { "--non-interactive", "update", "-y" },
    install = { "--non-interactive", "install", "-y" },
    install_here = { "--non-interactive", "--no-refresh", "--no-remote", "install", "-y",
      "--allow-unsigned-rpm" },
    remove = { "--non-interactive", "remove", "-y" },
  },
  find_installed = find_installed,
  find_available = find_available,
  install = install,
  purge = function(self, names)
    rpm.purge(names, function() self:call(self.words.remove, names) end)
  end,
}
