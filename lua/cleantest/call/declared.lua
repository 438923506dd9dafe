-- SPDX-License-Identifier: MIT
--
-- declared.lua - the testlets that were declared and not called yet, so that one that was
-- forgotten is told. `ct.lxd {...} (function() ... end)` alone runs nothing.

local where = require "cleantest.where"

local declared = {}

local waiting = {} -- a list of { testlet=, position= }

--- Notes a testlet, with the line that declares it.
-- @tparam testlet testlet decorated
function declared.add(testlet)
  waiting[#waiting + 1] = { testlet = testlet, position = where.position() }
end

--- Notes that a testlet was called.
-- @tparam testlet testlet decorated
function declared.called(testlet)
  for i, entry in ipairs(waiting) do
    if entry.testlet == testlet then return table.remove(waiting, i) end
  end
end

--- Forgets the testlets that are waiting.
-- @treturn table those, in order: a list of { testlet=, position= "suite.lua:3" }
function declared.take()
  local taken = waiting
  waiting = {}
  return taken
end

return declared
