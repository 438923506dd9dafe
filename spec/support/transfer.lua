-- SPDX-License-Identifier: MIT
--
-- Uploads and downloads for specs: calls with these and no other hooks, and what a listing of
-- owners looks like on either side.

local ct = require "cleantest"
local results = require "spec.support.results"

local transfer = {}

--- Starts a call.
-- @tparam table options upload, download (artifacts), name
-- @param[opt] testlet
-- @return the four values of a generic `for`
function transfer.start(options, testlet)
  local config = ct.configure "lxd"
  config:reset()
  if options.upload then
    config:register_hook(ct.hook.start_env { name = "up", upload = options.upload })
  end
  if options.download then
    config:register_hook(ct.hook.stop_env { name = "down", download = options.download })
  end
  local call = table.pack(ct.lxd {
    name = options.name, image = results.image,
  } (testlet or function() end)())
  config:reset()
  return table.unpack(call, 1, 4)
end

--- Starts many calls, then waits for them.
-- @tparam table calls name -> { upload, download, name, testlet = function }
-- @treturn table the results by the calls' names
function transfer.run(calls)
  local started, all = {}, {}
  for name, options in pairs(calls) do
    started[name] = table.pack(transfer.start(options, options.testlet))
  end
  for name, call in pairs(started) do all[name] = results.only(table.unpack(call, 1, 4)) end
  return all
end

--- The command that lists all in the current folder, "MODE UID:GID PATH" on each line; links
-- are not followed.
transfer.listing = "find . | sort | while read -r f; do stat -c '%a %u:%g %n' \"$f\"; done"

return transfer
