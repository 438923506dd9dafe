-- SPDX-License-Identifier: MIT

--- Image servers: what "remote:alias" and stock names mean to the daemon in use.
-- It reads what that daemon's own client is configured with, and speaks to no server.
-- @internal cleantest.call.remote

local cjson = require "cjson"
local check = require "cleantest.check"
local stock = require "cleantest.stock"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local remote = {}

-- What the daemons' clients know by themselves. No server serves both kinds.
local builtin = {
  lxd = {
    images = "https://images.lxd.canonical.com",
    ubuntu = "https://cloud-images.ubuntu.com/releases",
    ["ubuntu-daily"] = "https://cloud-images.ubuntu.com/daily",
    ["ubuntu-minimal"] = "https://cloud-images.ubuntu.com/minimal/releases",
    ["ubuntu-minimal-daily"] = "https://cloud-images.ubuntu.com/minimal/daily",
  },
  incus = { images = "https://images.linuxcontainers.org" },
}

local function check_url(what, value)
  check.string(what, value)
  if not value:find "^https?://[^/%s]+[^%s]*$" then
    check.refuse(what, "an https:// or http:// URL", value)
  end
  return (value:gsub("/+$", ""))
end

local server_fields = {}
for name in pairs(builtin.lxd) do server_fields[name] = check_url end

--- Checks the `image_servers` of ct.configure.
-- @tparam string what its name, for messages
-- @tparam table servers name of a built-in remote -> URL
-- @treturn table a copy
function remote.check_servers(what, servers)
  return check.options(what, servers, server_fields)
end

-- ---- What the client says

local function read(path)
  local file <close> = io.open(path)
  return file and file:read "a"
end

-- The certificate that the client has for a server, in PEM; nil when it has none.
local function certificate(kind, name)
  local home = os.getenv "HOME" or ""
  local folders = kind == "incus"
    and { os.getenv "INCUS_CONF" or home .. "/.config/incus", "/etc/incus" }
    or { os.getenv "LXD_CONF" or home .. "/.config/lxc", home .. "/snap/lxd/common/config",
      "/etc/lxd" }
  for _, folder in ipairs(folders) do
    local text = read(("%s/servercerts/%s.crt"):format(folder, name))
    if text then return text end
  end
end

-- The fields' case is not the same in all versions.
local function lower_keys(fields)
  local lower = {}
  for key, value in pairs(fields) do lower[key:lower()] = value end
  return lower
end

-- What an old LXD's client calls "images" has nothing for LXD any more.
local function is_stale(kind, address)
  return kind == "lxd" and address:find "^https://images%.linuxcontainers%.org/?$"
end

-- The client's remotes: name -> { addr=, protocol=, public= }; none when there is no client.
local function ask_client(kind)
  local client = kind == "incus" and "incus" or "lxc"
  local pipe <close> = io.popen(
    ("timeout 20 %s remote list --format json </dev/null 2>/dev/null"):format(client))
  local ok, list = pcall(cjson.decode, pipe and pipe:read "a")
  local remotes = {}
  for name, fields in pairs(ok and type(list) == "table" and list or {}) do
    fields = type(fields) == "table" and lower_keys(fields) or {}
    if type(fields.addr) == "string" and not is_stale(kind, fields.addr) then
      remotes[name] = fields
    end
  end
  return remotes
end

-- ---- From names to sources

local Remotes = {}
Remotes.__index = Remotes

--- The image servers that a daemon can use.
-- @tparam string server who the daemon is, as from run:server(): "lxd ..." or "incus ..."
-- @tparam[opt] table overrides from remote.check_servers
-- @treturn remotes
function remote.new(server, overrides)
  local kind = server:find "^incus" and "incus" or "lxd"
  return setmetatable({ kind = kind, overrides = overrides or {} }, Remotes)
end

local function simplestreams(url, alias)
  return {
    type = "image", mode = "pull", protocol = "simplestreams", server = url, alias = alias,
  }
end

--- What a stock image is made from.
-- @tparam string name a stock name
-- @treturn table the `source` of a create request
function Remotes:stock(name)
  local place, alias = stock.place(name, self.kind == "incus")
  return simplestreams(self.overrides[place] or builtin[self.kind][place], alias)
end

function Remotes:clients()
  self.known = self.known or ask_client(self.kind)
  return self.known
end

function Remotes:names()
  return tables.list(tables.copy({ ["local"] = true }, self.overrides, self:clients(),
    builtin[self.kind]))
end

-- A server of the client's. One that is not public gives its images to nobody but the client.
function Remotes:from_client(name, fields, alias)
  local protocol = fields.protocol
  if protocol == nil or protocol == "" then protocol = self.kind end
  local streams = protocol == "simplestreams" or protocol == "oci"
  if not streams and not (fields.public == true and fields.addr:find "^https://") then
    where.fail("image '%s:%s': the remote '%s' (%s) is no public image server; copy the image "
      .. "into the daemon in use, and name it by its alias", name, alias, name, fields.addr)
  end
  local source = simplestreams(fields.addr:gsub("/+$", ""), alias)
  source.protocol = protocol
  source.certificate = not streams and certificate(self.kind, name) or nil
  return source
end

--- What "remote:alias" is made from. A remote that nobody knows is thrown.
-- @tparam string name the remote's name; not "local"
-- @tparam string alias an alias or fingerprint there
-- @treturn table the `source` of a create request
function Remotes:source(name, alias)
  if self.overrides[name] then return simplestreams(self.overrides[name], alias) end
  local fields = self:clients()[name]
  if fields then return self:from_client(name, fields, alias) end
  local url = builtin[self.kind][name]
  if url then return simplestreams(url, alias) end
  where.fail("image '%s:%s': there is no remote '%s'; the remotes are: %s", name, alias, name,
    self:names())
end

--- Says of each job what LXD is to look for, and what to create from where it has no such image.
-- @tparam table jobs from jobs.complete; local_image and remote_source are set
function Remotes:fill(jobs)
  for _, job in ipairs(jobs) do
    local wanted = job.local_image or job.image
    local name, alias = wanted:match "^([^:/]+):(.*)$"
    local source
    if alias == "" then alias = "default" end -- as the clients have it
    if job.target or job.has_source then
      source = nil -- nothing is to be found out
    elseif name == "local" then
      job.local_image = alias
    elseif name then
      source = self:source(name, alias)
    elseif stock.has(wanted) then
      source = self:stock(wanted)
    end
    job.remote_source = source and cjson.encode(source)
  end
end

return remote
