-- SPDX-License-Identifier: MIT

--- What system this is: require "cleantest.utils.release".
-- @module cleantest.utils.release
local guest = require "cleantest.guest"
local where = require "cleantest.where"

local release = {}

--- What release() returns.
-- @table Release
-- @tfield string id "debian"
-- @tfield ?string version_id "12"
-- @tfield {string,...} like ids
-- @tfield string name "Debian GNU/Linux 12 (bookworm)"

-- A value as a shell would read it (os-release(5)): quotes off, backslashes undone.
local function unquote(text)
  local quote, inner = text:match "^(['\"])(.*)%1$"
  if quote == "'" then return inner end
  return ((inner or text):gsub("\\(.)", "%1"))
end

local function read_fields()
  for _, path in ipairs { "/etc/os-release", "/usr/lib/os-release" } do
    local file <close> = io.open(path)
    if file then
      local fields = {}
      for line in file:lines() do
        local key, value = line:match "^%s*([%w_]+)=(.-)%s*$"
        if key then fields[key] = unquote(value) end
      end
      return fields
    end
  end
  where.fail "release: there is no /etc/os-release"
end

--- What os-release(5) says.
-- @function release
-- @treturn Release
local function read()
  local fields, like = read_fields(), {}
  for id in (fields.ID_LIKE or ""):gmatch "%S+" do like[#like + 1] = id end
  return {
    id = fields.ID or "linux",
    version_id = fields.VERSION_ID,
    like = like,
    name = fields.PRETTY_NAME or fields.NAME or "Linux",
  }
end

--- The architecture.
-- @function release.arch
-- @treturn string the kernel's name of the architecture: "x86_64"
function release.arch()
  return guest.machine()
end

return setmetatable(release, { __call = read })
