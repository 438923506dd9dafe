-- SPDX-License-Identifier: MIT
--
-- report - picks the report that fits where it is shown.

local core = require "cleantest.core"
local paint = require "cleantest.report.paint"
local plain = require "cleantest.report.plain"
local terminal = require "cleantest.report.terminal"

local function getenv(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- The live view on a terminal, else lines. Only `out` counts: where it is a pipe, what comes
-- out of that (`| tee log`) may be on the same terminal, and would get into the view.
-- @tparam file out, err where it goes
-- @treturn table handlers for events.subscribe
return function(out, err)
  local term = getenv "TERM"
  local able = core.terminal(out) and term and term ~= "dumb"
  local brush = paint(able and not getenv "NO_COLOR")
  local lines = plain.new(out, err, brush)
  return able and terminal.new(out, lines, brush) or lines
end
