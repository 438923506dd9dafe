-- SPDX-License-Identifier: MIT

--- While a suite is only listed, its calls start nothing: their jobs are noted, and
-- they give no results. What needs a result, or an instance, ends the listing at its line.
-- @internal cleantest.call.listing

local nothing = require "cleantest.call.nothing"
local where = require "cleantest.where"

local listing = {}

local noted -- a list of jobs; nil: calls run

--- From now on calls are noted.
function listing.begin()
  noted = {}
end

--- From now on calls run.
-- @treturn table the jobs that were noted, a list of what jobs.describe makes
function listing.stop()
  local list = noted
  noted = nil
  return list
end

--- Notes jobs, if there is a listing.
-- @tparam table jobs from jobs.describe
-- @return what a generic `for` wants; nil: there is no listing
function listing.take(jobs)
  if not noted then return nil end
  table.move(jobs, 1, #jobs, #noted + 1, noted)
  return nothing("a call that is only listed", function() where.fail "it needs a result" end)
end

--- Ends a listing at the line of what can't be done without instances.
-- @tparam string why "it directs instances by hand"
function listing.refuse(why)
  if noted then where.fail("%s", why) end
end

return listing
