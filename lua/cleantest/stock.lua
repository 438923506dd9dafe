-- SPDX-License-Identifier: MIT

--- The names of images that any LXD or Incus can get: which they are, and what they
-- are called on the image servers. Names stay when a server drops the release: it then says so.
-- @internal cleantest.stock

local tables = require "cleantest.tables"

local stock = {}

local ARCHITECTURES = { "amd64", "arm64" }

-- Each a list of releases; a release that has several names is a list of those, the first being
-- the one it has always.
local releases = {
  almalinux = { "8", "9", "10" },
  archlinux = { "current" },
  centos = { "8-stream", "9-stream", "10-stream" },
  debian = { { "10", "buster" }, { "11", "bullseye" }, { "12", "bookworm" }, { "13", "trixie" },
    { "14", "forky" } },
  fedora = { "35", "36", "37", "38", "39", "40", "41", "42", "43", "44" },
  rockylinux = { "8", "9", "10" },
  ubuntu = { { "18.04", "bionic" }, { "20.04", "focal" }, { "22.04", "jammy" },
    { "24.04", "noble" }, { "26.04", "resolute" } },
}

local entries = {} -- name -> { distribution=, release=, arch= }

local function add(prefix, entry)
  for _, arch in ipairs(ARCHITECTURES) do
    entries[prefix .. "-" .. arch] = {
      distribution = entry.distribution, release = entry.release, arch = arch,
    }
  end
end

for distribution, list in pairs(releases) do
  for _, names in ipairs(list) do
    if type(names) == "string" then names = { names } end
    for _, name in ipairs(names) do
      local entry = { distribution = distribution, release = name:gsub("stream", "Stream") }
      add(name == "current" and distribution or distribution .. "-" .. name, entry)
      if name:find "^%a+$" and name ~= "current" then add(name, entry) end
    end
  end
end

--- Is this a stock name?
-- @tparam string name "debian-12-amd64"; codenames may stand alone: "bookworm-amd64"
-- @treturn boolean
function stock.has(name)
  return entries[name] ~= nil
end

--- All stock names.
-- @treturn table a sorted list
function stock.names()
  return tables.keys(entries)
end

--- Where a stock image is. Ubuntu's own server has nothing that Incus understands.
-- @tparam string name a stock name
-- @tparam boolean incus the daemon is Incus, else LXD
-- @treturn string the remote: "images", or "ubuntu"
-- @treturn string the alias there: "debian/12/amd64", "jammy/amd64"
function stock.place(name, incus)
  local entry = entries[name]
  local alias = entry.release .. "/" .. entry.arch
  if entry.distribution == "ubuntu" and not incus then return "ubuntu", alias end
  return "images", entry.distribution .. "/" .. alias
end

return stock
