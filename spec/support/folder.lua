-- SPDX-License-Identifier: MIT
--
-- Folders for one test: made under the system's temporary folder, filled with files, and gone
-- when their variable is (`local folder <close> = new_folder { ["suite.lua"] = text }`).

local Folder = {}
Folder.__index = Folder

local function quote(s)
  return "'" .. s:gsub("'", [['\'']]) .. "'"
end

local function sh(format, ...)
  local words = { ... }
  for i, word in ipairs(words) do words[i] = quote(word) end
  local command = format:format(table.unpack(words))
  assert(os.execute(command), "failed: " .. command)
end

--- The path of a file in it.
function Folder:at(name)
  return self.path .. "/" .. name
end

--- Writes a file; folders on the way are made.
-- @tparam string name relative to the folder
-- @tparam string content
-- @tparam[opt] string mode as for chmod
-- @treturn string its path
function Folder:write(name, content, mode)
  local path = self:at(name)
  if name:find "/" then sh("mkdir -p %s", path:match "^(.*)/") end
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(content))
  file:close()
  if mode then sh("chmod %s %s", mode, path) end
  return path
end

--- A file's content; nil when there is none.
function Folder:read(name)
  local file <close> = io.open(self:at(name), "rb")
  return file and file:read "a"
end

--- A file's mode, as "755"; nil when there is none.
function Folder:mode(name)
  local pipe <close> = io.popen(("stat -c %%a %s 2>/dev/null"):format(quote(self:at(name))))
  return pipe:read "l"
end

--- Where a symbolic link leads; nil for what is none.
function Folder:link(name)
  local pipe <close> = io.popen(("readlink %s"):format(quote(self:at(name))))
  return pipe:read "l"
end

function Folder:remove()
  if not self.path then return end
  sh("rm -rf --one-file-system %s", self.path)
  self.path = nil
end

Folder.__close = Folder.remove
Folder.__gc = Folder.remove

--- A new folder, which anybody may read.
-- @tparam[opt] table files name -> content
return function(files)
  local pipe <close> = io.popen "mktemp -d /tmp/cleantest-spec.XXXXXX"
  local self = setmetatable({ path = assert(pipe:read "l", "mktemp failed") }, Folder)
  sh("chmod 755 %s", self.path)
  for name, content in pairs(files or {}) do self:write(name, content) end
  return self
end
