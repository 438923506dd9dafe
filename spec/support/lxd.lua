-- SPDX-License-Identifier: MIT
--
-- The LXD in use, seen by its own client: the witness that tells what instances there really
-- are. It uses nothing of cleantest's.

local cjson = require "cjson"
local process = require "spec.support.process"

local lxd = {}

local function find_folder()
  local said = process.output { "spec/lab/lxd", "status" }
  return assert(said:match "^LXD in (%S+)", said)
end

--- The folder of the daemon in use; its socket is in there.
lxd.folder = os.getenv "LXD_DIR" or find_folder()

--- The client's command line, to speak to a daemon in a folder.
-- @tparam string folder
-- @tparam table words arguments
-- @treturn table words
-- @treturn table env, as for process.run
function lxd.command(folder, words)
  local incus = folder:match "/incus$"
  return { incus and "incus" or "lxc", table.unpack(words) },
    { [incus and "INCUS_DIR" or "LXD_DIR"] = folder }
end

--- Runs the client, speaking to a daemon in a folder.
-- @tparam string folder
-- @tparam table words arguments
-- @treturn table as from process.run
function lxd.client_in(folder, words)
  local command, env = lxd.command(folder, words)
  return process.run(command, { env = env })
end

--- The client, speaking to the daemon in use; it must succeed.
-- @tparam string ... arguments
-- @treturn string what it printed
function lxd.client(...)
  local result = lxd.client_in(lxd.folder, { ... })
  if result.status ~= 0 then error(process.quote { ... } .. ": " .. result.stderr, 2) end
  return result.stdout
end

--- All instances, as LXD describes them (name, status, config ...).
-- @tparam[opt] string folder of another daemon
function lxd.instances(folder)
  local result = lxd.client_in(folder or lxd.folder, { "query", "/1.0/instances?recursion=1" })
  assert(result.status == 0, result.stderr)
  local list = cjson.decode(result.stdout)
  return type(list) == "table" and list or {}
end

--- An instance, or nil.
function lxd.instance(name, folder)
  for _, instance in ipairs(lxd.instances(folder)) do
    if instance.name == name then return instance end
  end
end

--- The instances that a process answers for.
-- @tparam int pid
-- @tparam[opt] string folder of another daemon
-- @treturn table a list
function lxd.of_process(pid, folder)
  local list = {}
  for _, instance in ipairs(lxd.instances(folder)) do
    if instance.config["user.cleantest.pid"] == tostring(pid) then list[#list + 1] = instance end
  end
  return list
end

--- Deletes an instance, running or not.
function lxd.delete(name)
  lxd.client("delete", "--force", name)
end

--- This process' id.
function lxd.own_pid()
  local file <close> = assert(io.open("/proc/self/stat"))
  return file:read "n"
end

return lxd
