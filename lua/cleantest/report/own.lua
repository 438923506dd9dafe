-- SPDX-License-Identifier: MIT

--- Reports of users: ct.report in a suite, and files that the command is told of by
-- `--report ./mine.lua`.
-- @module cleantest.report.own

local events = require "cleantest.call.events"
local nearest = require "cleantest.nearest"
local tables = require "cleantest.tables"
local where = require "cleantest.where"

local own = {}

local known = {}
for _, name in ipairs(events.NAMES) do known[name] = true end

-- What is wrong with a table of handlers; nil: nothing. An object may have other methods.
local function wrong_with(handlers)
  if type(handlers) ~= "table" then
    return "the handlers must be a table, not a " .. type(handlers)
  end
  local plain, any = getmetatable(handlers) == nil, false
  for name, value in pairs(handlers) do
    if plain and type(value) == "function" and not known[name] then
      return ("there is no event '%s'%s; the events are: %s"):format(tostring(name),
        nearest.hint(tostring(name), known), tables.list(known))
    end
  end
  for name in pairs(known) do any = any or type(handlers[name]) == "function" end
  if not any then return "no handler is in it; the events are: " .. tables.list(known) end
end

--- Subscribes handlers to what happens from now on, to the end of the run. A handler that throws
-- is told of, and its report hears no more.
-- @function ct.report
-- @tparam table handlers event -> function(self, ...); the events are those of
--   @{cleantest.call.events}
-- @treturn table handlers
function own.report(handlers)
  local wrong = wrong_with(handlers)
  if wrong then where.fail("ct.report: %s", wrong) end
  events.subscribe(handlers, "ct.report at " .. (where.position() or "?"))
  return handlers
end

local function checked(path, handlers)
  local wrong = wrong_with(handlers)
  if wrong then return nil, ("the report %s: %s"):format(path, wrong) end
  return handlers
end

--- Loads a user's report.
-- @local
-- @tparam string path a Lua file; it returns handlers, or a table with `new(out, place)`, or such a
--   function: out has write(...), place has verbose, colours and ci
-- @treturn table with new, as our own have it; or nil, what is wrong
function own.load(path)
  local chunk, message = loadfile(path, "t")
  if not chunk then return nil, "the report can't be loaded: " .. message end
  local ok, made = pcall(chunk)
  if not ok then return nil, ("the report %s: %s"):format(path, tostring(made)) end
  local new = type(made) == "function" and made or type(made) == "table" and made.new
  return {
    new = function(out, place)
      if not new then return checked(path, made) end
      local fine, handlers = pcall(new, out, place)
      if not fine then return nil, ("the report %s: %s"):format(path, tostring(handlers)) end
      return checked(path, handlers)
    end,
  }
end

return own
