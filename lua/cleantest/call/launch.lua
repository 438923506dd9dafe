-- SPDX-License-Identifier: MIT

--- Hands jobs to the engine and starts them. What only the suite can put right is
-- thrown; what the world did is returned.
-- @internal cleantest.call.launch

local config = require "cleantest.config"
local core = require "cleantest.core"
local nearest = require "cleantest.nearest"
local remote = require "cleantest.call.remote"
local session = require "cleantest.call.session"
local stock = require "cleantest.stock"
local where = require "cleantest.where"

-- What only the suite can put right is thrown; the rest becomes results.
local mistakes = { ARGUMENT = true, UNKNOWN_IMAGE = true, UNKNOWN_INSTANCE = true }

local HINT = ' It is no stock name either, like "debian-12-amd64"; what another server has is named'
  .. ' "REMOTE:ALIAS".'

local function stock_names()
  local set = {}
  for _, name in ipairs(stock.names()) do set[name] = true end
  return set
end

-- "unknown image "x": ...; it has a, b": the nearest of these, else of the stock names.
local function with_hint(message)
  local wanted, aliases = message:match '^unknown image "(.-)":.*; it has (.*)$'
  local known = {}
  for alias in (aliases or ""):gmatch "[^, ]+" do known[alias] = true end
  local near = wanted and (nearest.find(wanted, known) or nearest.find(wanted, stock_names()))
  return ("%s.%s%s"):format(message, HINT, near and (" Did you mean %q?"):format(near) or "")
end

local function throw(message, name)
  where.fail("%s", name == "UNKNOWN_IMAGE" and with_hint(message) or message)
end

local function fill(handle, jobs)
  for _, job in ipairs(jobs) do
    local number, message, name = handle:add(job)
    if not number then return nil, message, name end
  end
  return handle:start()
end

-- Closes the engine's batch, should what ends before it has started be an error: a signal may
-- come at any time.
local function closing(handle)
  return setmetatable({ handle = handle }, {
    __close = function(self)
      if self.handle then self.handle:close() end
    end,
  })
end

-- What a run is opened with. What is to go in a given order, goes so whatever durations are known.
local function settings_of(options)
  local settings = config.settings(options.config)
  if options.in_order then settings.state = "" end
  return settings
end

--- Starts jobs.
-- @tparam table jobs from jobs.complete
-- @tparam table options as for Batch.start; in_order: start them in their order, the longest first
--   or not
-- @treturn batch the engine's; or nil, message
return function(jobs, options)
  local run, message, name = options.run, nil, nil
  if not run then run, message, name = session.open(settings_of(options)) end
  local handle
  if run then
    remote.new(run:server(), config.servers(options.config)):fill(jobs)
    handle, message, name = core.batch_new(run, options.max_live, options.reserve)
  end
  if not handle then
    if mistakes[name] then throw(message, name) end
    return nil, message
  end
  local started
  local pending <close> = closing(handle)
  started, message, name = fill(handle, jobs)
  if started then
    pending.handle = nil
    return handle
  end
  if mistakes[name] then throw(message, name) end
  return nil, message
end
