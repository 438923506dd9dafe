-- SPDX-License-Identifier: MIT

--- Which jobs of the calls to come are started: all, or those that the command has
-- selected. Ids are given to all of them, so that an id does not depend on what else is selected.
-- @internal cleantest.call.chosen

local ids = require "cleantest.call.ids"
local listing = require "cleantest.call.listing"
local nothing = require "cleantest.call.nothing"
local where = require "cleantest.where"

local chosen = {}

local is_chosen -- function(job) -> boolean; nil: all are
local known, selected = 0, 0

-- What ends a suite, without an error, where it needs a result that is not selected.
local Unselected = { __name = "cleantest.unselected" }

function Unselected:__tostring()
  return self.message
end

--- Says which jobs are started from now on.
-- @tparam ?function f job (with its id) -> boolean; nil: all
function chosen.set(f)
  is_chosen, known, selected = f, 0, 0
end

--- How many jobs there were since then, and how many of them were chosen.
-- @treturn int known
-- @treturn int chosen
function chosen.counts()
  return known, selected
end

--- Those of some jobs that are to be started.
-- @tparam table jobs from jobs.describe; they get their ids
-- @treturn table a list, which may be empty
function chosen.of(jobs)
  ids.assign(jobs)
  local list = {}
  for _, job in ipairs(jobs) do
    if not is_chosen or is_chosen(job) then list[#list + 1] = job end
  end
  known, selected = known + #jobs, selected + #list
  return list
end

local function refuse()
  local message = ("%s: it needs a result that is not selected; nothing after this line is run")
    :format(where.position() or "?")
  error(setmetatable({ message = message }, Unselected), 0)
end

--- Starts what is chosen of a call.
-- @tparam table jobs from jobs.describe
-- @tparam function start gets the chosen ones, at least one, and starts them
-- @return what a generic `for` wants: what start returns; or a call without results, when nothing
--   is chosen, or when it is only listed
function chosen.start(jobs, start)
  local listed = listing.take(jobs)
  if listed then return listed, nil, nil, listed end
  local list = chosen.of(jobs)
  if #list == 0 and #jobs > 0 then
    return nothing("a call of which nothing is selected", refuse)
  end
  return start(list)
end

--- Is it what ended a suite that needed a result which is not selected?
-- @param problem what was thrown
-- @treturn boolean
function chosen.is_end(problem)
  return getmetatable(problem) == Unselected
end

return chosen
