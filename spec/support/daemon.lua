-- SPDX-License-Identifier: MIT
--
-- An LXD of a spec's own, which may be killed: beside the one in use, without a network, with
-- the smallest image in it.

local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local Daemon = {}
Daemon.__index = Daemon

--- Its client; it must succeed.
function Daemon:client(...)
  local result = lxd.client_in(self.dir, { ... })
  if result.status ~= 0 then error(process.quote { ... } .. ": " .. result.stderr, 2) end
  return result.stdout
end

--- Starts it, and waits until it is ready.
function Daemon:start()
  local env = { LXD_DIR = self.dir }
  for name, value in pairs(self.env) do env[name] = value end
  self.process = process.start("exec lxd --group lxd >/dev/null", { env = env, deadline = 400 })
  process.output({ "lxd", "waitready", "--timeout", "60" }, { env = env })
end

--- Ends it at once; its instances go on running.
function Daemon:kill()
  self.process:kill "KILL"
  self.process:close()
end

--- Ends it in an orderly way, with its instances.
function Daemon:shut_down()
  process.output({ "lxd", "shutdown", "--force" }, {
    env = { LXD_DIR = self.dir }, deadline = 90 })
  self.process:close()
end

--- Shuts it down and removes all of it.
function Daemon:remove()
  pcall(self.shut_down, self)
  local mounts = "awk -v d=%s 'index($2, d) == 1 { print $2 }' /proc/mounts | sort -r"
  process.run((mounts .. " | xargs -r umount -l"):format(process.quote(self.folder.path)))
  self.folder:remove()
end

local function copy_image(self, name)
  lxd.client("image", "export", name, self.folder:at "image/")
  local files = process.output(("ls -d %s/* | sort -r"):format(self.folder:at "image"))
  local words = { "image", "import" }
  for path in files:gmatch "%S+" do words[#words + 1] = path end
  self:client(table.unpack(words))
  local fingerprint = self:client("image", "list", "-cF", "-fcsv"):match "%x+"
  self:client("image", "alias", "create", name, fingerprint)
end

--- A new one, running.
-- @tparam string image to be copied from the LXD in use
-- @tparam[opt] table options env: its environment's variables, name -> value; driver: of its
--   storage pool (default "dir")
function Daemon.new(image, options)
  local folder = new_folder { ["image/.keep"] = "" }
  local self = setmetatable({ folder = folder, dir = folder:at "lxd" }, Daemon)
  self.env = options and options.env or {}
  self.socket = self.dir .. "/unix.socket"
  process.output { "mkdir", "-m", "711", self.dir }
  self:start()
  self:client("storage", "create", "default", options and options.driver or "dir")
  self:client("profile", "device", "add", "default", "root", "disk", "path=/", "pool=default")
  copy_image(self, image)
  return self
end

return Daemon
