-- SPDX-License-Identifier: MIT
--
-- Python wheels made by hand, so that no spec needs an index or a Python on this machine: a zip
-- file, stored without compression, with one module and its metadata.

local function crc32(bytes)
  local crc = 0xffffffff
  for i = 1, #bytes do
    crc = crc ~ bytes:byte(i)
    for _ = 1, 8 do crc = (crc >> 1) ~ (0xedb88320 & -(crc & 1)) end
  end
  return ~crc & 0xffffffff
end

-- A zip file of { name, content } pairs.
local function zip(files)
  local parts, directory, offset = {}, {}, 0
  for _, file in ipairs(files) do
    local name, content = file[1], file[2]
    -- version, flags, method, time, date (1980-01-01), crc, sizes, lengths of name and extra
    local common = ("<I2I2I2I2I2I4I4I4I2I2"):pack(
      20, 0, 0, 0, 33, crc32(content), #content, #content, #name, 0)
    local part = "PK\3\4" .. common .. name .. content
    parts[#parts + 1] = part
    directory[#directory + 1] = "PK\1\2" .. ("<I2"):pack(20) .. common
      .. ("<I2I2I2I4I4"):pack(0, 0, 0, 0x81a40000, offset) .. name
    offset = offset + #part
  end
  local listing = table.concat(directory)
  return table.concat(parts) .. listing .. "PK\5\6"
    .. ("<I2I2I2I2I4I4I2"):pack(0, 0, #files, #files, #listing, offset, 0)
end

--- A wheel with one module of its name, which has VERSION in it.
-- @tparam string name
-- @tparam string version
-- @treturn string the file's name
-- @treturn string its content
return function(name, version)
  local info = ("%s-%s.dist-info/"):format(name, version)
  local files = {
    { name .. ".py", ("VERSION = %q\n"):format(version) },
    { info .. "METADATA",
      ("Metadata-Version: 2.1\nName: %s\nVersion: %s\n"):format(name, version) },
    { info .. "WHEEL", "Wheel-Version: 1.0\nGenerator: spec\nRoot-Is-Purelib: true\n"
      .. "Tag: py3-none-any\n" },
  }
  local record = {}
  for i, file in ipairs(files) do record[i] = file[1] .. ",,\n" end
  files[#files + 1] = { info .. "RECORD", table.concat(record) .. info .. "RECORD,,\n" }
  return ("%s-%s-py3-none-any.whl"):format(name, version), zip(files)
end
