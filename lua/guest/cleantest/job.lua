-- SPDX-License-Identifier: MIT

--- What a testlet knows of its own job: require "cleantest.job". Scripts and commands have
-- the same as variables, CLEANTEST_ID and the like. Where there are none, in hooks and in what an
-- archon has done, the fields are nil.
-- @module cleantest.job
local cjson = require "cjson"
local skip = require "cleantest.utils.skip"

--- What `require "cleantest.job"` returns.
-- @table job
-- @tfield ?string id the result's: "suites/web.lua::install[db=pg]@debian-12"
-- @tfield ?string testlet the testlet's name: "install"
-- @tfield ?string image the image, as the suite names it
-- @tfield table matrix the variant, name -> value; empty without a matrix
-- @tfield ?int attempt which attempt at this job it is: 1 for the first
-- @tfield ?string artifacts a folder for what the testlet wants to leave: it is there, and empty.
--   Where the command was told to collect artifacts, it is brought to the host
-- @tfield function skip ends the testlet as skipped, with a reason: job.skip "no systemd"
return {
  id = os.getenv "CLEANTEST_ID",
  testlet = os.getenv "CLEANTEST_TESTLET",
  image = os.getenv "CLEANTEST_IMAGE",
  matrix = cjson.decode(os.getenv "CLEANTEST_MATRIX" or "{}"),
  attempt = math.tointeger(tonumber(os.getenv "CLEANTEST_ATTEMPT")),
  artifacts = os.getenv "CLEANTEST_ARTIFACTS",
  skip = skip,
}
