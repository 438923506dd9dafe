-- SPDX-License-Identifier: MIT

--- What a testlet is told of its own job, as variables: scripts and commands read
-- them, and `require "cleantest.job"` inside a function. Hooks don't get them, so that all variants
-- of a testlet can be cloned from one base.
-- @internal cleantest.call.testlet_env

local cjson = require "cjson"
local tables = require "cleantest.tables"

--- The variables of a job's testlet.
-- @tparam table job from jobs.describe, with its id
-- @treturn table a list of "KEY=value": CLEANTEST ("1"), CLEANTEST_ID, _TESTLET, _IMAGE, _ATTEMPT,
--   _ARTIFACTS (a folder), _MATRIX (a JSON object), and one more for each name in the matrix:
--   _MATRIX_DB
return function(job)
  local list = {
    "CLEANTEST=1",
    "CLEANTEST_ID=" .. job.id,
    "CLEANTEST_TESTLET=" .. job.testlet_name,
    "CLEANTEST_IMAGE=" .. job.image,
    "CLEANTEST_ATTEMPT=1",
    "CLEANTEST_MATRIX=" .. cjson.encode(job.matrix),
  }
  if job.artifacts_source then
    list[#list + 1] = "CLEANTEST_ARTIFACTS=" .. job.artifacts_source
  end
  for _, name in ipairs(tables.keys(job.matrix)) do
    list[#list + 1] = ("CLEANTEST_MATRIX_%s=%s"):format(name:upper(), tostring(job.matrix[name]))
  end
  return list
end
