-- SPDX-License-Identifier: MIT

--- What an archon has its instances do: jobs that are performed to their end, and
-- its methods execute, push, pull and address. Which instances there are is archon.lua's.
-- @submodule cleantest.archon

local call = require "cleantest.call.call"
local check = require "cleantest.check"
local data = require "cleantest.data"
local env = require "cleantest.env"
local held = require "cleantest.archon.held"
local jobs = require "cleantest.call.jobs"
local shapes = require "cleantest.shapes"
local tables = require "cleantest.tables"
local testlet = require "cleantest.testlet"
local threads = require "cleantest.call.threads"
local units = require "cleantest.units"
local where = require "cleantest.where"

local orders = {}

local Orders = {} -- the methods
orders.methods = Orders

--- The provider's name of an instance.
-- @local
-- @tparam archon archon
-- @tparam string what the method's name, for messages
-- @tparam string name the archon's; it must have such an instance
-- @treturn string
function orders.instance(archon, what, name)
  local instance = held[archon].instances[check.string(("archon:%s: the name"):format(what), name)]
  if instance then return instance end
  where.fail("archon:%s: there is no instance '%s'; there are: %s", what, name,
    tables.list(held[archon].instances))
end

--- Checks for names of instances that an archon has.
-- @local
-- @tparam archon archon
-- @tparam string what the method's name, for messages
-- @param names a name, or a list
-- @treturn table a list
function orders.known(archon, what, names)
  names = check.strings(("archon:%s: the name"):format(what), names)
  if #names == 0 then where.fail("archon:%s: name at least one instance", what) end
  local seen = {}
  for _, name in ipairs(names) do
    orders.instance(archon, what, name)
    if seen[name] then where.fail("archon:%s: '%s' is named twice", what, name) end
    seen[name] = true
  end
  return names
end

--- A testlet for jobs that are about something else.
-- @local
function orders.nothing() end

--- Runs jobs to their end.
-- @local
-- @tparam archon archon
-- @tparam table names of the instances, one for each job
-- @tparam table list jobs, as from jobs.complete
-- @tparam table options num_threads
-- @treturn table name -> result
-- @treturn table the results that are no pass, a list
function orders.perform(archon, names, list, options)
  for _, job in ipairs(list) do job.directed = true end
  local given <close> = call(list, {
    config = held[archon].config, run = held[archon].run, max_live = threads.resolve(options),
  })
  local by_name, bad = {}, {}
  for i, result in ipairs(given:all()) do
    by_name[names[i]] = result
    if result.status ~= "pass" then bad[#bad + 1] = result end
  end
  return by_name, bad
end

--- Throws what bad results say, at the suite's line; nothing, when there are none.
-- @local
-- @tparam string what the method's name
-- @tparam table bad a list of results
-- @tparam[opt] string hint what to do instead
function orders.must_pass(what, bad, hint)
  if #bad == 0 then return end
  local said = {}
  for i, result in ipairs(bad) do said[i] = tostring(result) end
  where.fail("archon:%s: %s%s", what, table.concat(said, "\n"), hint or "")
end

--- Hooks, in the engine's form, that move artifacts.
-- @local
-- @tparam string what the method's name
-- @tparam string moment "start" or "stop"
-- @tparam table artifacts a list
-- @tparam function convert data.push or data.pull
-- @treturn table as from config.hooks
function orders.hooks(what, moment, artifacts, convert)
  local hooks, steps = { start = {}, stop = {} }, {}
  for i, item in ipairs(artifacts) do steps[i] = convert(item) end
  if #steps > 0 then hooks[moment][1] = { name = "archon:" .. what, steps = steps } end
  return hooks
end

-- Performs an order: one job for each name, in the instance that is there.
local function give(archon, names, order)
  local options, list = order.options or {}, {}
  local hooks = order.hooks or { start = {}, stop = {} }
  for i, name in ipairs(names) do
    options.image = { { name = name, target = orders.instance(archon, order.what, name) } }
    options.ready = held[archon].at_once[name] and "exec" or nil
    local directed = {
      options = options, testlet = order.testlet or orders.nothing, config = held[archon].config,
    }
    list[i] = jobs.complete(jobs.describe(directed, order.what), nil, hooks)[1]
  end
  return orders.perform(archon, names, list, options)
end

local execute_fields = {
  check = check.boolean,
  timeout = units.check_timeout,
  env = env.check,
  num_threads = threads.check,
}

local function as_testlet(command)
  local plain = type(command) == "table" and not getmetatable(command)
  if plain or type(command) == "string" then return testlet.command(command) end
  return testlet.check("archon:execute: the command", command)
end

--- Runs a command in instances, in parallel.
-- @function Archon:execute
-- @tparam string|{string,...} names a name, or a list
-- @tparam string|{string,...}|function|Testlet command a string, for sh -c; a list, executed as it
--   is; or a testlet of any kind
-- @tparam[opt] table options
-- @tparam[opt=false] boolean options.check throw, with its output, when one does not pass
-- @tparam[opt=300] number|string options.timeout seconds, or a string like "5m"
-- @tparam[opt] table options.env variables, as for ct.lxd
-- @tparam[opt] int options.num_threads the most at once
-- @treturn table name -> result
function Orders:execute(names, command, options)
  names = orders.known(self, "execute", names)
  options = check.options("archon:execute", options, execute_fields)
  local order = { what = "execute", testlet = as_testlet(command), options = options }
  local by_name, bad = give(self, names, order)
  if options.check then orders.must_pass("execute", bad) end
  return by_name
end

-- Is it a path, or a text, which dest and options make an artifact of?
local function is_plain(source)
  return type(source) == "string"
    or type(source) == "table" and not getmetatable(source) and source.text ~= nil
end

-- Artifacts as they are, or one made of source, dest and options.
local function artifacts(what, source, dest, options, make)
  if is_plain(source) and (dest ~= nil or options ~= nil) then
    return make(source, dest, options)
  end
  local extra = dest ~= nil and "dest" or options ~= nil and "options"
  if extra then
    where.fail("archon:%s: %s can't be given next to artifacts, which have their own", what, extra)
  end
  return source
end

--- Puts files and folders into instances. Throws when that fails.
-- @function Archon:push
-- @tparam string|{string,...} names a name, or a list
-- @tparam string|table|Artifact|{Artifact,...} source artifacts from ct.data; or the path of a file
--   or folder here, or `{ text = "..." }`, with
-- @tparam[opt] string dest its path there, and
-- @tparam[opt] table options as for ct.data.file, or ct.data.dir
function Orders:push(names, source, dest, options)
  names = orders.known(self, "push", names)
  local list = data.check_upload("archon:push",
    artifacts("push", source, dest, options, data.from_here))
  local order = { what = "push", hooks = orders.hooks("push", "start", list, data.push) }
  orders.must_pass("push", select(2, give(self, names, order)))
end

-- What else a path could have meant; only the instance knows what is there.
local function pull_hint(source, bad)
  return type(source) == "string" and bad[1] and (bad[1].error or ""):find "not a regular file"
    and "; a folder is pulled as an artifact: archon:pull(names, ct.data.dir(source, dest))"
end

--- Gets files and folders out of instances. Throws when that fails.
-- @function Archon:pull
-- @tparam string|{string,...} names a name, or a list
-- @tparam string|Artifact|{Artifact,...} source artifacts from ct.data; or a file's path there,
--   with
-- @tparam[opt] string dest its path here, where {image} stands for the instance's name; and
-- @tparam[opt] table options as for ct.data.file
function Orders:pull(names, source, dest, options)
  names = orders.known(self, "pull", names)
  local list = data.check_download("archon:pull",
    artifacts("pull", source, dest, options, data.file))
  local order = { what = "pull", hooks = orders.hooks("pull", "stop", list, data.pull) }
  local bad = select(2, give(self, names, order))
  orders.must_pass("pull", bad, pull_hint(source, bad))
end

local address_fields = { family = check.choice { "inet", "inet6" }, timeout = units.check_timeout }

--- The address at which others reach an instance, once it has one. Throws when it gets none.
-- @function Archon:address
-- @tparam string name
-- @tparam[opt] table options
-- @tparam[opt="inet"] string options.family "inet" or "inet6"
-- @tparam[opt=60] number|string options.timeout seconds, or a string like "5m"
-- @treturn string
function Orders:address(name, options)
  local names = orders.known(self, "address", check.string("archon:address: the name", name))
  options = check.options("archon:address", options, address_fields)
  local family, seconds = options.family or "inet", options.timeout or 60
  local function wait()
    local address, message = require("cleantest.guest").address(family, seconds)
    return address or error(message, 0)
  end
  local order = { what = "address", testlet = wait, options = { timeout = seconds + 30 } }
  local by_name, bad = give(self, names, order)
  orders.must_pass("address", bad)
  return by_name[name].value
end

shapes.limit(Orders, "archon", { execute = 3, push = 4, pull = 4, address = 2 })

return orders
