-- SPDX-License-Identifier: MIT

--- ct.configure: the settings and hooks of a provider. There is one configuration
-- for each; a call takes it as it is at that moment. It opens no connection. Its methods are the
-- suite's; what the rest of cleantest asks it is functions of this module.
-- @module cleantest.config

local check = require "cleantest.check"
local client = require "cleantest.call.client"
local hook = require "cleantest.hook"
local Registry = require "cleantest.registry"
local hooks = require "cleantest.call.hooks"
local images = require "cleantest.image"
local remote = require "cleantest.call.remote"
local shapes = require "cleantest.shapes"
local tables = require "cleantest.tables"
local units = require "cleantest.units"
local where = require "cleantest.where"

local Config = { __name = "cleantest.config" }

--- What ct.configure returns. Its settings can be assigned, too: `config.client = { ... }`.
-- @type Config
local methods = {} -- Config's, by name

-- What they hold; the objects are empty, so that each assignment to one is seen.
local held = {} -- config -> { hooks=, instances=, client=, image_servers=, cache= }

local cache_fields = {
  age = units.check_seconds,
  count = check.count_to(100000),
  size = units.check_bytes,
}

-- The settings: checkers that take (what, value) and return what is held of it.
local settings = {
  client = client.check,
  image_servers = remote.check_servers,
  cache = function(what, value)
    local cache = check.options(what, value, cache_fields)
    return { base_age = cache.age, base_count = cache.count, base_size = cache.size }
  end,
}

--- Registers hooks, behind those registered before: all of them or, when one is wrong, none.
-- @function Config:register_hook
-- @tparam Hook|{Hook,...} ... hooks, from ct.hook, one by one or in lists; no two may have one
--   name, nor one that is registered already
function methods:register_hook(...)
  held[self].hooks = hooks.added(held[self].hooks,
    shapes.each("config:register_hook: the hook", hook.check, ...))
end

--- Takes hooks away: all of them or, when one is wrong, none.
-- @function Config:unregister_hook
-- @tparam string|Hook|table ... the hooks or their names, one by one or in lists; they must be
--   registered
function methods:unregister_hook(...)
  held[self].hooks = hooks.removed(held[self].hooks,
    shapes.each("config:unregister_hook: the hook", hooks.check_name, ...))
end

--- Registers descriptions of instances under names, which can then be used as an image's: all of
-- them or, when one is wrong, none.
-- @function Config:add_instance
-- @tparam Image|{Image,...} ... one by one or in lists; without a source and an image, the image is
--   the name. A name that is taken is an error
function methods:add_instance(...)
  local added = held[self].instances:copy()
  local list = shapes.each("config:add_instance: the instance", images.check_table, ...)
  for _, given in ipairs(list) do added:add(given) end
  held[self].instances = added
end

--- The description that a name stands for.
-- @function Config:get_instance
-- @tparam string name of a registered instance, or of a stock image
-- @treturn table a copy of its description, to be changed and registered under another name
function methods:get_instance(name)
  return held[self].instances:get(name)
end

--- Takes registered descriptions away: all of them or, when one is wrong, none.
-- @function Config:remove_instance
-- @tparam string ... names, one by one or in lists
function methods:remove_instance(...)
  local left = held[self].instances:copy()
  for _, name in ipairs(shapes.each("config:remove_instance: the name", check.string, ...)) do
    left:remove(name)
  end
  held[self].instances = left
end

--- Forgets all hooks, registered instances, client settings, image servers and limits.
-- @function Config:reset
function methods:reset()
  held[self] = {
    provider = held[self].provider, hooks = {}, instances = Registry.new(), client = {},
    image_servers = {}, cache = {},
  }
end

shapes.limit(methods, "config", { get_instance = 1, reset = 0 })

function Config:__index(key) -- luacheck: no self
  if methods[key] then return methods[key] end
  where.fail(settings[key] and "config.%s can be assigned, and not read"
    or "config:%s: there is no such method; there are %s", tostring(key), tables.list(methods))
end

-- `config.client = ...` does what `ct.configure("lxd", { client = ... })` does.
function Config:__newindex(key, value)
  if not settings[key] then
    where.fail("config: %s can't be assigned; what can be: %s", check.describe(key),
      tables.list(settings))
  end
  held[self][key] = settings[key]("ct.configure: " .. key, value)
end

function Config:__tostring()
  return ("the configuration of %s (hooks: %s)"):format(held[self].provider,
    hooks.names(held[self].hooks))
end

--- @section end

local config = {}

local configs = {} -- provider's name -> its configuration

local function new(provider)
  local self = setmetatable({}, Config)
  held[self] = { provider = provider }
  methods.reset(self)
  configs[provider] = self
  return self
end

--- The configuration of LXD.
-- @local
config.lxd = new "lxd"

--- Resets the configurations of all providers.
-- @local
function config.reset_all()
  for _, self in pairs(configs) do self:reset() end
end

--- What the configurations of all providers hold, to be put back.
-- @local
-- @treturn table for config.restore
function config.save()
  local saved = {}
  for provider, self in pairs(configs) do
    saved[provider] = tables.copy(held[self], { instances = held[self].instances:copy() })
  end
  return saved
end

--- Gives the configurations what they held when it was saved.
-- @local
-- @tparam table saved from config.save; it can be used once
function config.restore(saved)
  for provider, values in pairs(saved) do held[configs[provider]] = values end
end

--- The client settings and limits for the engine.
-- @local
-- @tparam config self
-- @treturn table a copy; see the binding's lct_settings_read
function config.settings(self)
  return tables.copy(held[self].client, held[self].cache)
end

--- Where the built-in image servers are, of those that the suite has named.
-- @local
-- @tparam config self
-- @treturn table name -> URL
function config.servers(self)
  return held[self].image_servers
end

--- What an image's name stands for.
-- @local
-- @tparam config self
-- @tparam table image from image.check
-- @treturn table the registered description of that name, if there is one; else image
function config.resolve(self, image)
  return held[self].instances:resolve(image)
end

--- The hooks as they are now.
-- @local
-- @tparam config self
-- @tparam string what whose testlet, for messages
-- @tparam[opt] table own hooks of one testlet, which come behind the registered ones
-- @treturn table a list of hooks
function config.hooks(self, what, own)
  return hooks.joined(what, held[self].hooks, own)
end

--- The configuration of a provider. Settings that are given replace what was said before; when one
-- is wrong, none is changed. Files are meant from the suite's folder.
-- @function ct.configure
-- @tparam string provider "lxd"
-- @tparam[opt] table given
-- @tparam[opt] table given.client where the provider is and how to speak to it
-- @tparam[opt] string given.client.endpoint a unix socket's path or https://HOST:PORT; default:
--   where the provider's own client finds it
-- @tparam[opt] table given.client.cert `{ crt=, key= }` or `{ crt, key }`, PEM files
-- @tparam[opt=true] boolean|string given.client.verify true; false; a CA file; or the fingerprint
--   of the server's certificate, 64 hexadecimal digits
-- @tparam[opt] number|string given.client.timeout what one request may take: seconds, or a string
--   like "5m"
-- @tparam[opt] string given.client.project its name
-- @tparam[opt] table given.image_servers images, ubuntu, ubuntu-daily, ubuntu-minimal or
--   ubuntu-minimal-daily -> the URL of a server that speaks simplestreams
-- @tparam[opt] table given.cache what is kept of prepared environments, of all together
-- @tparam[opt="7d"] string given.cache.age how long: a string like "12h"
-- @tparam[opt=50] int given.cache.count how many
-- @tparam[opt="20GiB"] int|string given.cache.size bytes, or a string
-- @treturn Config
function config.configure(provider, given)
  local self = type(provider) == "string" and configs[provider]
  if not self then
    check.refuse("ct.configure: the provider",
      ("'%s'"):format(table.concat(tables.keys(configs), "' or '")), provider)
  end
  tables.update(held[self], check.options("ct.configure", given, settings))
  return self
end

return config
