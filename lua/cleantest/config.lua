-- SPDX-License-Identifier: MIT
--
-- config.lua - ct.configure: the settings and hooks of a provider. There is one configuration
-- for each; a call takes it as it is at that moment. It opens no connection. Its methods are the
-- suite's; what the rest of cleantest asks it is functions of this module.

local check = require "cleantest.check"
local client = require "cleantest.call.client"
local Registry = require "cleantest.registry"
local hook = require "cleantest.hook"
local remote = require "cleantest.call.remote"
local tables = require "cleantest.tables"
local units = require "cleantest.units"
local where = require "cleantest.where"

local Config = { __name = "cleantest.config" }
Config.__index = Config

-- What they hold; the objects are empty, so that each assignment to one is seen.
local held = {} -- config -> { hooks=, instances=, client=, image_servers=, limits= }

--- Says where LXD is and how to speak to it; replaces what was said before. Files are meant
-- from the suite's folder.
-- @tparam table settings endpoint: a unix socket's path or https://HOST:PORT; cert: { crt=, key= },
--   PEM files; verify: true (default), false, a CA file, or the fingerprint of the server's
--   certificate (64 hexadecimal digits); timeout: seconds one request may take; project: its name
function Config:set_client(settings)
  held[self].client = client.check(settings)
end

--- Says where the built-in image servers are; replaces what was said before.
-- @tparam table servers images, ubuntu, ubuntu-daily, ubuntu-minimal or ubuntu-minimal-daily ->
--   the URL (https:// or http://) of a server that speaks simplestreams
function Config:set_image_servers(servers)
  held[self].image_servers = remote.check_servers("ct.configure: image_servers", servers)
end

local cache_fields = {
  age = units.check_seconds,
  count = check.small_count,
  size = units.check_bytes,
}

--- Says what is kept of prepared environments; replaces what was said before.
-- @tparam table cache age: seconds, or a string like "12h" or "7d" (default "7d"); count: how
--   many (default 50); size: bytes, or a string like "20GiB" (the default), of all together
function Config:set_cache(cache)
  cache = check.options("ct.configure: cache", cache, cache_fields)
  held[self].limits = { base_age = cache.age, base_count = cache.count, base_size = cache.size }
end

local function hook_names(self)
  local names = {}
  for i, known in ipairs(held[self].hooks) do names[i] = known.name end
  return #names > 0 and table.concat(names, ", ") or "none"
end

local function find_hook(self, name)
  for i, known in ipairs(held[self].hooks) do
    if known.name == name then return i end
  end
end

--- Registers a hook, behind those registered before.
-- @tparam hook new_hook from ct.hook; its name must not be registered yet
function Config:register_hook(new_hook)
  hook.check("register_hook: the hook", new_hook)
  if find_hook(self, new_hook.name) then
    where.fail("the hook '%s' is registered already; registered are: %s", new_hook.name,
      hook_names(self))
  end
  held[self].hooks[#held[self].hooks + 1] = new_hook
end

--- Takes a hook away.
-- @param which the hook or its name; it must be registered
function Config:unregister_hook(which)
  local name = type(which) == "table" and hook.check("unregister_hook: the hook", which).name
    or check.string("unregister_hook: the hook", which)
  local at = find_hook(self, name)
  if not at then
    where.fail("no hook '%s' is registered; registered are: %s", name, hook_names(self))
  end
  table.remove(held[self].hooks, at)
end

--- Registers a description of an instance under a name, which can then be used as an image's.
-- @tparam table instance name (required) and any of source, config, devices, profiles, type,
--   architecture, description, ephemeral, instance_type: LXD's own words; or, instead of a
--   source, image: a name as for ct.lxd, by default the name. A name that is taken is an error
function Config:add_instance(instance)
  held[self].instances:add(instance)
end

--- @tparam string name of a registered instance, or of a stock image
-- @treturn table a copy of its description, to be changed and registered under another name
function Config:get_instance(name)
  return held[self].instances:get(name)
end

--- Takes a registered description away.
-- @tparam string name
function Config:remove_instance(name)
  held[self].instances:remove(name)
end

--- Forgets all hooks, registered instances, client settings, image servers and limits.
function Config:reset()
  held[self] = {
    provider = held[self].provider, hooks = {}, instances = Registry.new(), client = {},
    image_servers = {}, limits = {},
  }
end

local setters = {
  client = Config.set_client,
  image_servers = Config.set_image_servers,
  cache = Config.set_cache,
}

-- `config.client = ...` says what `ct.configure("lxd", { client = ... })` does.
function Config:__newindex(key, value)
  local set = setters[key]
  if not set then
    where.fail("config: %s can't be assigned; what can be: cache, client, image_servers",
      check.describe(key))
  end
  set(self, value)
end

function Config:__tostring()
  return ("the configuration of %s (hooks: %s)"):format(held[self].provider, hook_names(self))
end

local config = {}

local configs = {} -- provider's name -> its configuration

local function new(provider)
  local self = setmetatable({}, Config)
  held[self] = { provider = provider }
  self:reset()
  configs[provider] = self
  return self
end

--- The configuration of LXD.
config.lxd = new "lxd"

--- Resets the configurations of all providers.
function config.reset_all()
  for _, self in pairs(configs) do self:reset() end
end

--- The client settings and limits for the engine.
-- @tparam config self
-- @treturn table a copy; see the binding's lct_settings_read
function config.settings(self)
  return tables.copy(held[self].client, held[self].limits)
end

--- Where the built-in image servers are, of those that the suite has named.
-- @tparam config self
-- @treturn table name -> URL
function config.servers(self)
  return held[self].image_servers
end

--- What an image's name stands for.
-- @tparam config self
-- @tparam table image from image.check
-- @treturn table the registered description of that name, if there is one; else image
function config.resolve(self, image)
  return held[self].instances:resolve(image)
end

--- The hooks as they are now, in the engine's form.
-- @tparam config self
-- @treturn table start and stop: lists; see the binding's job.c
function config.hooks(self)
  local lists = { start = {}, stop = {} }
  for _, known in ipairs(held[self].hooks) do
    local list = lists[known.moment]
    list[#list + 1] = hook.convert(known)
  end
  return lists
end

--- What the packages of the hooks add to variables of the testlets' environment.
-- @tparam config self
-- @treturn table name -> string
function config.environment(self)
  local added = {}
  for _, known in ipairs(held[self].hooks) do
    for _, package in ipairs(known.packages or {}) do tables.update(added, package.env) end
  end
  return added
end

--- ct.configure: the configuration of a provider.
-- @tparam string provider "lxd"
-- @tparam[opt] table settings client: see config:set_client; image_servers: see
--   config:set_image_servers; cache: see config:set_cache
-- @treturn config
function config.configure(provider, settings)
  local self = type(provider) == "string" and configs[provider]
  if not self then
    check.refuse("ct.configure: the provider",
      ("'%s'"):format(table.concat(tables.keys(configs), "' or '")), provider)
  end
  local fields = {}
  for key, set in pairs(setters) do
    fields[key] = function(_, value) set(self, value) end
  end
  check.options("ct.configure", settings, fields)
  return self
end

return config
