-- SPDX-License-Identifier: MIT
--
-- `cleantest run` in this process, with the guest on this machine in the engine's place.

local events = require "cleantest.call.events"
local local_guest = require "spec.unit.support.local_guest"
local new_folder = require "spec.support.folder"
local run = require "cleantest.command.run"

local HEAD <const> = 'local ct = require "cleantest" '

-- Is it a suite, named, or found in a folder?
local function is_suite(name, suites)
  for _, path in ipairs(suites or { "suite.lua" }) do
    path = path:match "^(.-)::" or path
    if name == path and name:find "suite%.lua$" then return true end
  end
  return name:find "_suite%.lua$" or name:find "suites/[^/]*%.lua$"
end

--- Runs suites.
-- @tparam table files name -> text of files that lie together; the head that gets `ct` is put
--   before each suite, on its first line
-- @tparam[opt] table options of the command; suites: paths in that folder, "." for itself
--   (default: "suite.lua"); keep: a folder, from spec.support.folder, that the files are put into
-- @treturn table status, stdout, stderr; jobs: what the engine got; ids: those of the jobs;
--   batches: how many calls they were
return function(files, options)
  local own <close> = new_folder()
  options = options or {}
  local folder = options.keep or own
  local_guest.use()
  local given = { suites = {} }
  for key, value in pairs(options) do given[key] = value end
  for name, text in pairs(files) do
    folder:write(name, (is_suite(name, options.suites) and HEAD or "") .. text)
  end
  for i, name in ipairs(options.suites or { "suite.lua" }) do given.suites[i] = folder:at(name) end
  local out <close> = assert(io.open(own:at "out", "w"))
  local err <close> = assert(io.open(own:at "err", "w"))
  local status = run.run(given, out, err)
  out:close()
  err:close()
  events.reset()
  local ids = {}
  for i, job in ipairs(local_guest.jobs) do ids[i] = job.id:match "^.-::(.*)$" end
  return {
    status = status, stdout = own:read "out", stderr = own:read "err",
    jobs = local_guest.jobs, ids = ids, batches = local_guest.batches,
    max_live = local_guest.max_live,
  }
end
