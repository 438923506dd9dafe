-- SPDX-License-Identifier: MIT

--- The testlets that were declared and not called yet, so that one that was
-- forgotten is told. `ct.lxd {...} (function() ... end)` alone runs nothing.
-- @internal cleantest.call.uncalled

local where = require "cleantest.where"

local uncalled = {}

local waiting = {} -- a list of { testlet=, position= }

--- Notes a testlet, with the line that declares it.
-- @tparam testlet testlet decorated
function uncalled.add(testlet)
  waiting[#waiting + 1] = { testlet = testlet, position = where.position() }
end

--- Notes that a testlet was called.
-- @tparam testlet testlet decorated
function uncalled.called(testlet)
  for i, entry in ipairs(waiting) do
    if entry.testlet == testlet then return table.remove(waiting, i) end
  end
end

--- Forgets the testlets that are waiting.
-- @treturn table those, in order: a list of { testlet=, position= "suite.lua:3" }
function uncalled.take()
  local taken = waiting
  waiting = {}
  return taken
end

return uncalled
