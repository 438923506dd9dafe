-- SPDX-License-Identifier: MIT

--- Packages of Fedora and its kin, from inside a testlet: require "cleantest.utils.dnf". Its
-- functions are those of @{cleantest.utils.manager}, and add_repo. install() also takes what dnf
-- does: name-version, a URL.
-- @module cleantest.utils.dnf
local check = require "cleantest.check"
local guest = require "cleantest.guest"
local manager = require "cleantest.utils.manager"
local rpm = require "cleantest.utils.rpm"
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local REPOSITORIES = "/etc/yum.repos.d"
local env = manager.env()

local function query(...)
  -- dnf 4 ends each line by itself, dnf 5 does not
  return run({ "dnf", "-q", "repoquery", ... }, { env = env })
end

local function find_installed(name)
  local found = rpm.find(name)
  if found then
    local origin = query("--installed", "--qf", "%{from_repo}\\n", "--", name)
    found.origin = origin.stdout:match "[^%s]+"
  end
  return found
end

local function find_available(name)
  local shown = query("--latest-limit=1", "--qf", rpm.format .. "%{repoid}\\n", "--", name)
  return shown.exit_code == 0 and rpm.parse(shown.stdout, guest.machine()) or nil
end

-- Of name-version and name-version-release, which upgrade() takes, too.
local function stem(name)
  return name:match "^(.+)%-%d[^-]*%-[^-]*$" or name:match "^(.+)%-%d[^-]*$"
end

local dnf = manager.new {
  name = "dnf",
  program = "dnf",
  env = env,
  -- dnf 4 would wait without an end
  found = function(self, version)
    if version:find "^4%." then self.leading = { "--setopt=exit_on_lock=True" } end
  end,
  locked_code = 200,
  locked = { "transaction lock" },
  unfetched = { "Status code: 40%d", "Error downloading packages", "Cannot download" },
  version_pattern = "(%d+%.[%d.]+)", -- not of the name "dnf5"
  words = {
    update = { "-y", "makecache", "--refresh" },
    upgrade = { "-y", "upgrade" },
    upgrade_all = { "-y", "upgrade" },
    install = { "-y", "install" },
    install_here = { "-y", "--disablerepo=*", "install" },
    remove = { "-y", "remove" },
  },
  find_installed = find_installed,
  find_available = find_available,
  stem = stem,
  purge = function(self, names)
    rpm.purge(names, function() self:call(self.words.remove, names) end)
  end,
}

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
end

local function entry(name, url, options)
  local lines = { ("[%s]\nname=%s\nbaseurl=%s\nenabled=1\n"):format(name, name, url) }
  if options.gpgcheck ~= nil then
    lines[#lines + 1] = ("gpgcheck=%d\n"):format(options.gpgcheck and 1 or 0)
  end
  if options.gpgkey then lines[#lines + 1] = ("gpgkey=%s\n"):format(options.gpgkey) end
  return table.concat(lines)
end

--- Adds a repository, as `dnf config-manager` would, which is not everywhere.
-- @tparam string url of a .repo file, or of a repository's top
-- @tparam[opt] table options for a repository's top
-- @tparam[opt] boolean options.gpgcheck default: as dnf.conf has it
-- @tparam[opt] string options.gpgkey a URL
function dnf.add_repo(url, options)
  if type(url) ~= "string" or not url:find "^%w+://[^%s]+$" then
    where.fail("dnf.add_repo: invalid URL %s", check.describe(url))
  end
  options = check.options("dnf.add_repo", options,
    { gpgcheck = check.boolean, gpgkey = check.string })
  local name = url:gsub("^%w+:/+", ""):gsub("[^%w_.-]+", "_"):gsub("_$", "")
  run({ "mkdir", "-p", REPOSITORIES }, { check = true })
  if url:find "%.repo$" then
    local path = REPOSITORIES .. "/" .. url:match "[^/]+$"
    run({ "curl", "-fsSL", "--retry", "3", "-o", path, url }, { check = true })
  else
    write(("%s/%s.repo"):format(REPOSITORIES, name), entry(name, url, options))
  end
end

return dnf
