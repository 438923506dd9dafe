-- SPDX-License-Identifier: MIT
--
-- job.lua - what a testlet knows of its own job: require "cleantest.job". Scripts and commands have
-- the same as variables, CLEANTEST_ID and the like. Where there are none, in hooks and in what an
-- archon has done, the fields are nil.
local cjson = require "cjson"
local skip = require "cleantest.utils.skip"

return {
  --- The result's id: "suites/web.lua::install[db=pg]@debian-12".
  id = os.getenv "CLEANTEST_ID",
  --- The testlet's name: "install".
  testlet = os.getenv "CLEANTEST_TESTLET",
  --- The image, as the suite names it.
  image = os.getenv "CLEANTEST_IMAGE",
  --- The variant, name -> value; empty without a matrix.
  matrix = cjson.decode(os.getenv "CLEANTEST_MATRIX" or "{}"),
  --- Which attempt at this job it is: 1 for the first.
  attempt = math.tointeger(tonumber(os.getenv "CLEANTEST_ATTEMPT")),
  --- A folder for what the testlet wants to leave: it is there, and empty. Where the command was
  -- told to collect artifacts, it is brought to the host.
  artifacts = os.getenv "CLEANTEST_ARTIFACTS",
  --- Ends the testlet as skipped, with a reason: job.skip "no systemd".
  skip = skip,
}
