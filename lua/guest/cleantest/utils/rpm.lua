-- SPDX-License-Identifier: MIT

--- The database of installed RPM packages, for dnf.lua and zypper.lua. It installs
-- nothing.
-- @internal cleantest.utils.rpm
local run = require "cleantest.utils.run"

local rpm = {}

local env = { LC_ALL = "C.UTF-8", LANGUAGE = false }

--- The format that rpm.parse and dnf's repoquery share.
rpm.format = "%{name}|%{arch}|%{epoch}|%{version}|%{release}|"

local function parse_line(arch, epoch, version, release, origin)
  epoch = epoch:match "^%d+$" or "0"
  return {
    arch = arch, epoch = epoch, version = version, release = release,
    full_version = (epoch ~= "0" and epoch .. ":" or "") .. version .. "-" .. release,
    origin = origin ~= "" and origin or nil,
  }
end

--- Parses lines of name|arch|epoch|version|release|origin.
-- @tparam string text
-- @tparam[opt] string machine the architecture to prefer
-- @treturn ?table arch, epoch, version, release, full_version, origin; of the last line, or
--   the last one for that machine
-- @treturn table the full versions of all lines, in their order
function rpm.parse(text, machine)
  local best, fits, versions = nil, false, {}
  local line <const> = "[^|\n]+|([^|\n]*)|([^|\n]*)|([^|\n]*)|([^|\n]*)|([^\n]*)"
  for arch, epoch, version, release, origin in text:gmatch(line) do
    local found = parse_line(arch, epoch, version, release, origin)
    versions[#versions + 1] = found.full_version
    local suits = not machine or arch == machine or arch == "noarch"
    if suits or not fits then best, fits = found, suits end
  end
  return best, versions
end

--- What is installed under a name.
-- @tparam string name
-- @treturn ?table as from rpm.parse, without origin, of the last line; where
--   there are several, as of a kernel, versions has all their full versions. nil when it is not
--   installed
function rpm.find(name)
  local shown = run({ "rpm", "-q", "--qf", rpm.format .. "\n", "--", name }, { env = env })
  if shown.exit_code ~= 0 then return nil end
  local found, versions = rpm.parse(shown.stdout)
  if found and #versions > 1 then found.versions = versions end
  return found
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
