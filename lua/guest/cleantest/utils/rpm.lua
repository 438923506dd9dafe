-- SPDX-License-Identifier: MIT
--
-- rpm.lua - the database of installed RPM packages, for dnf.lua and zypper.lua. It installs
-- nothing.
local run = require "cleantest.utils.run"

local rpm = {}

--- The format that rpm.parse and dnf's repoquery share.
rpm.format = "%{name}|%{arch}|%{epoch}|%{version}|%{release}|"

--- Parses lines of name|arch|epoch|version|release|origin.
-- @tparam string text
-- @tparam[opt] string machine the architecture to prefer
-- @treturn ?table arch, epoch, version, release, full_version, origin; of the last line, or
--   the last one for that machine
function rpm.parse(text, machine)
  local best, fits
  local line <const> = "[^|\n]+|([^|\n]*)|([^|\n]*)|([^|\n]*)|([^|\n]*)|([^\n]*)"
  for arch, epoch, version, release, origin in text:gmatch(line) do
    local suits = not machine or arch == machine or arch == "noarch"
    if suits or not fits then
      epoch = epoch:match "^%d+$" or "0"
      best, fits = { arch = arch, epoch = epoch, version = version, release = release }, suits
      best.full_version = (epoch ~= "0" and epoch .. ":" or "") .. version .. "-" .. release
      best.origin = origin ~= "" and origin or nil
    end
  end
  return best
end

--- What is installed under a name.
-- @tparam string name
-- @treturn ?table as from rpm.parse, without origin; nil when it is not installed
function rpm.find(name)
  local shown = run({ "rpm", "-q", "--qf", rpm.format .. "\n", "--", name },
    { env = { LC_ALL = "C.UTF-8" } })
  return shown.exit_code == 0 and rpm.parse(shown.stdout) or nil
end

--- Removes packages by remove(), and then the configuration that they leave behind.
-- @tparam table names
-- @tparam function remove
function rpm.purge(names, remove)
  local files = {}
  for _, name in ipairs(names) do
    local shown = run { "rpm", "-q", "-c", "--", name }
    if shown.exit_code == 0 then
      for path in shown.stdout:gmatch "/[^\n]+" do files[#files + 1] = path end
    end
  end
  remove()
  for _, path in ipairs(files) do
    os.remove(path)
    os.remove(path .. ".rpmsave")
  end
end

return rpm
