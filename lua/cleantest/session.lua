-- SPDX-License-Identifier: MIT
--
-- session.lua - the run of this process: opened with the first call, and another one when the
-- client settings have changed. Batches keep the run they began with.

local core = require "cleantest.core"

local session = {}

local current -- { handle=, settings= }

local function same(a, b)
  for key, value in pairs(a) do
    if b[key] ~= value then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

--- The run for these settings.
-- @tparam table settings as from config:settings()
-- @treturn run the binding's; or nil, message, NAME. It stays the session's
function session.open(settings)
  if current and same(current.settings, settings) then return current.handle end
  local handle, message, name = core.run_open(settings)
  if not handle then return nil, message, name end
  session.close()
  current = { handle = handle, settings = settings }
  return handle
end

--- Ends the run; open batches keep it until they are closed.
function session.close()
  if current then current.handle:close() end
  current = nil
end

return session
