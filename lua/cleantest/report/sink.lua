-- SPDX-License-Identifier: MIT

--- Where a report writes. A file is written beside its place, and put there when it is
-- complete: who reads it sees the one of before, or a whole one. What can't be written is
-- remembered, and said at the end.
-- @internal cleantest.report.sink

local core = require "cleantest.core"

local Sink = {}
Sink.__index = Sink

local PART <const> = ".part"

-- Opens what is to be written: a device or a pipe as it is. Returns the file, and the name it has
-- until it is complete.
local function open(path)
  local kind = core.file_type(path)
  if kind == "other" then return io.open(path, "wb") end
  if kind then
    local there, message = io.open(path, "r+b") -- a folder, or what is protected, says so now
    if not there then return nil, message end
    there:close()
  end
  local file, message = io.open(path .. PART, "wb")
  if not file then return nil, message end
  return file, path .. PART
end

--- Opens a file.
-- @tparam string path
-- @treturn sink; or nil, a message
function Sink.open(path)
  local file, part = open(path)
  if not file then return nil, part end
  return setmetatable({ file = file, path = path, part = part }, Sink)
end

--- Opens a file that is added to, and stays as it is where that fails.
-- @tparam string path
-- @treturn sink; or nil, a message
function Sink.adding(path)
  local file, message = io.open(path, "ab")
  if not file then return nil, message end
  return setmetatable({ file = file, path = path }, Sink)
end

--- A sink over a stream, which stays open. Every piece is seen at once.
-- @tparam file stream
-- @treturn sink
function Sink.over(stream)
  return setmetatable({ file = stream, live = true }, Sink)
end

--- A sink whose content is to be read again, and that nobody else sees.
-- @treturn sink
function Sink.temporary()
  local file, message = io.tmpfile()
  return setmetatable({ file = file, problem = message, live = false }, Sink)
end

function Sink:check(done, message)
  if not done and not self.problem then self.problem = message or "it can't be written" end
end

--- Writes strings; each call is one piece, which is whole or not there.
function Sink:write(...)
  if self.problem then return self end
  self:check(self.file:write(...))
  if self.live then self:flush() end
  return self
end

function Sink:flush()
  if self.file and not self.problem then self:check(self.file:flush()) end
end

--- Adds all that is in a temporary sink, which is closed.
-- @tparam sink other
function Sink:append(other)
  if not other.problem then other:check(other.file:seek "set") end
  local block = not other.problem and other.file:read(65536)
  while block do
    self:write(block)
    block = other.file:read(65536)
  end
  self:check(not other.problem, other.problem)
  if other.file then other.file:close() end
end

--- The end: a file is put into its place, or, when it could not be written, taken away.
-- @treturn boolean true; or nil, a message
function Sink:close()
  self:flush()
  if self.live then return not self.problem or nil, self.problem end
  self:check(self.file:close())
  if self.part and not self.problem then self:check(os.rename(self.part, self.path)) end
  if not self.problem then return true end
  if self.part then os.remove(self.part) end
  return nil, self.problem
end

return Sink
