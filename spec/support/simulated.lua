-- SPDX-License-Identifier: MIT
--
-- The simulated LXD (spec/simulated_lxd), running: it answers at once and has no instances, so
-- that there can be many. Nothing that is true of it says anything about LXD.

local cjson = require "cjson"
local new_folder = require "spec.support.folder"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"

local Simulated = {}
Simulated.__index = Simulated

--- What it answers to a GET, asked by LXD's own client.
-- @tparam string path
-- @return the answer's metadata
function Simulated:get(path)
  local result = lxd.client_in(self.folder.path, { "query", path })
  if result.status ~= 0 then error(path .. ": " .. result.stderr, 2) end
  return result.stdout == "" and {} or cjson.decode(result.stdout) -- "" is how it prints {}
end

--- Ends it. May be called again.
-- @treturn ?string what it printed; nil when it had ended already
function Simulated:close()
  if not self.process then return end
  self.process:kill "TERM"
  local said = self.process:close().stdout
  self.process = nil
  self.folder:remove()
  return said
end

Simulated.__close = Simulated.close

--- A new one.
-- @tparam[opt] table options words for its command line, as { "--exec-ms", 20 }
-- @treturn simulated
return function(options)
  local folder = new_folder()
  local self = setmetatable({ folder = folder, socket = folder:at "unix.socket" }, Simulated)
  local command = { os.getenv "BUILD" .. "/test/simulated_lxd", self.socket }
  self.process = process.start(table.move(options or {}, 1, #(options or {}), 3, command),
    { deadline = 900 })
  self.process:await "ready"
  return self
end
