-- SPDX-License-Identifier: MIT
--
-- listing.lua - while a suite is only listed, its calls start nothing: their jobs are noted, and
-- they give no results. What needs a result, or an instance, ends the listing at its line.

local where = require "cleantest.where"

local listing = {}

local noted -- a list of jobs; nil: calls run

local Nothing = { __name = "cleantest.call" } -- a call of which no results come
Nothing.__index = Nothing

function Nothing.__call() return nil end
function Nothing.__close() end
function Nothing.__tostring() return "a call that is only listed" end
function Nothing.all() return {} end
function Nothing.cancel() end
function Nothing:wait() return self end

--- There is no result, and who asks for it goes on with it.
function Nothing.only()
  where.fail "it needs a result"
end

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
  local self = setmetatable({}, Nothing)
  return self, nil, nil, self
end

--- Ends a listing at the line of what can't be done without instances.
-- @tparam string why "it directs instances by hand"
function listing.refuse(why)
  if noted then where.fail("%s", why) end
end

return listing
