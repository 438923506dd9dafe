-- SPDX-License-Identifier: MIT
--
-- `cleantest run` in this process, with the guest on this machine in the engine's place.

local events = require "cleantest.call.events"
local local_guest = require "spec.unit.support.local_guest"
local new_folder = require "spec.support.folder"
local run = require "cleantest.command.run"

local HEAD <const> = 'local ct = require "cleantest"\n'

--- Runs suites.
-- @tparam table files name -> text of files that lie together; the head that gets `ct` is put
--   before each suite, on its first line
-- @tparam[opt] table options of the command; suites: names (default: "suite.lua")
-- @treturn table status, stdout, stderr; jobs: what the engine got
return function(files, options)
  local folder <close> = new_folder(files)
  local_guest.use()
  local given = { suites = {} }
  for key, value in pairs(options or {}) do given[key] = value end
  for i, name in ipairs(given.suites[1] and given.suites or { "suite.lua" }) do
    folder:write(name, HEAD:gsub("\n", " ") .. files[name])
    given.suites[i] = folder:at(name)
  end
  local out <close> = assert(io.open(folder:at "out", "w"))
  local err <close> = assert(io.open(folder:at "err", "w"))
  local status = run.run(given, out, err)
  out:close()
  err:close()
  events.reset()
  return {
    status = status, stdout = folder:read "out", stderr = folder:read "err",
    jobs = local_guest.jobs, max_live = local_guest.max_live,
  }
end
