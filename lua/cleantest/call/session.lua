-- SPDX-License-Identifier: MIT

--- The run of this process: opened with the first call, and another one when the
-- client settings have changed. Batches keep the run they began with.
-- @internal cleantest.call.session

local core = require "cleantest.core"
local tables = require "cleantest.tables"

local session = {}

local current -- { handle=, settings= }
local retained = {} -- handles of runs that instances are kept in
local log -- how much of their work is shown; see the binding's lct_settings_read

local function same(a, b)
  for key, value in pairs(a) do
    if b[key] ~= value then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

--- Sets how much of the engine's work is shown, of runs that are opened from now on.
-- @tparam ?string level "info", "debug"; nil: nothing
function session.set_log(level)
  log = level
end

--- The run for these settings.
-- @tparam table settings as from config:settings()
-- @treturn run the binding's; or nil, message, NAME. It stays the session's
function session.open(settings)
  settings = tables.copy(settings, { log = log })
  if current and same(current.settings, settings) then return current.handle end
  local handle, message, name = core.run_open(settings)
  if not handle then return nil, message, name end
  if current and not retained[current.handle] then current.handle:close() end
  current = { handle = handle, settings = settings }
  return handle
end

--- Keeps a run for as long as the session, whatever becomes of the settings: it has instances
-- that are to stay.
-- @tparam run handle
function session.retain(handle)
  retained[handle] = true
end

--- Ends the runs, and with them the instances they have kept; open batches keep a run until
-- they are closed.
function session.close()
  if current then current.handle:close() end
  for handle in pairs(retained) do handle:close() end
  current, retained = nil, {}
end

return session
