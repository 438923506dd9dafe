-- SPDX-License-Identifier: MIT
--
-- Prepared environments, for specs: an LXD project of the spec's own, so that nobody else's
-- bases are found in it, and hooks that leave marks by which to tell one base from another.

local cjson = require "cjson"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"
local results = require "spec.support.results"

local bases = {}

--- The project's name.
bases.project = "cleantest-spec-" .. lxd.own_pid()

--- Makes the project, with the images and profiles of the default one.
function bases.open()
  lxd.client("project", "create", bases.project, "-c", "features.images=false",
    "-c", "features.profiles=false")
end

--- LXD's client in the project.
function bases.client(...)
  return lxd.client("--project", bases.project, ...)
end

--- The project's instances, as LXD describes them.
-- @treturn table a list, and by name
function bases.instances()
  local list = cjson.decode(lxd.client("query",
    "/1.0/instances?recursion=1&project=" .. bases.project))
  local all = {}
  for i, instance in ipairs(type(list) == "table" and list or {}) do
    all[i] = instance
    all[instance.name] = instance
  end
  return all
end

--- Deletes the project and all that is in it.
function bases.close()
  for _, instance in ipairs(bases.instances()) do
    pcall(bases.client, "delete", "--force", instance.name)
  end
  lxd.client("project", "delete", bases.project)
end

--- What is there besides bases that can be used.
-- @treturn table a list of names
function bases.leftovers()
  local list = {}
  for _, instance in ipairs(bases.instances()) do
    local usable = instance.name:find "^ct%-base%-" and instance.status == "Stopped"
      and instance.config["user.cleantest.complete"] == "true"
    if not usable then list[#list + 1] = instance.name .. " " .. instance.status end
  end
  return list
end

--- Configures cleantest anew: the project, and these hooks.
-- @tparam table hooks a list, from ct.hook
function bases.configure(hooks)
  local config = ct.configure "lxd"
  config:reset()
  config.client = { project = bases.project }
  for _, hook in ipairs(hooks or {}) do config:register_hook(hook) end
end

--- A script that adds a line to /NAME, which is another one each time.
function bases.marking(name)
  return ct.script("cat /proc/sys/kernel/random/uuid >>/" .. name)
end

--- A start hook that leaves such a mark.
-- @tparam string name
-- @tparam[opt] table options more of ct.hook.start_env
function bases.mark(name, options)
  local all = { name = name, run = bases.marking(name) }
  for key, value in pairs(options or {}) do all[key] = value end
  return ct.hook.start_env(all)
end

--- A testlet that returns the marks: name -> content.
function bases.marks()
  local found = {}
  for _, name in ipairs { "a", "b", "c", "tmp/a" } do
    local file = io.open("/" .. name)
    found[name] = file and file:read "a"
    if file then file:close() end
  end
  return found
end

--- Starts a testlet on the smallest image in an environment of these hooks.
-- @tparam table hooks
-- @param[opt] testlet default: bases.marks
-- @tparam[opt] table options of ct.lxd
-- @treturn function waits, and returns the only result
function bases.start(hooks, testlet, options)
  bases.configure(hooks)
  local call = results.decorate(testlet or bases.marks, options)()
  bases.configure()
  return function() return call:only() end
end

--- The same to its end; it must pass.
function bases.run(...)
  local result = bases.start(...)()
  if result.status ~= "pass" then error(tostring(result), 2) end
  return result
end

--- A suite's first lines, for another process: `ct`, and `mark` as above.
-- @treturn string
function bases.prelude()
  return ([[
    local ct = require "cleantest"
    local config = ct.configure("lxd", { client = { project = %q } })
    local function mark(name, more)
      config:register_hook(ct.hook.start_env {
        name = name, run = ct.script((more or "") .. "cat /proc/sys/kernel/random/uuid >>/" .. name)
      })
    end
    local function show(name)
      return ct.lxd { name = name, image = %q } (ct.script("cat /" .. name))
    end
    local function tell(result)
      print(result.testlet, result.status, result.base, result.base_built,
        (result.stdout:gsub("\n", ",")), result.error)
      io.stdout:flush()
    end
    local _, _ = show, tell
  ]]):format(bases.project, results.image)
end

--- Waits until only usable bases are left.
-- @tparam number seconds
-- @treturn table what is left all the same
function bases.settled(seconds)
  process.within(seconds, function() return #bases.leftovers() == 0 end)
  return bases.leftovers()
end

return bases
