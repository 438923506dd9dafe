-- SPDX-License-Identifier: MIT

--- os.exit of a suite that the command runs: it is thrown, so that loops are closed on
-- the way, and nothing that the suite does in between stops it.
-- @internal cleantest.leave

local leave = {}

local Exit = { __name = "os.exit" }

function Exit:__tostring()
  return ("os.exit(%s)"):format(self.code)
end

--- Leaves the suite.
-- @param code as os.exit takes it
function leave.throw(code)
  error(setmetatable({ code = code }, Exit), 0)
end

--- Was the suite left, rather than broken?
-- @param problem what was thrown
-- @treturn boolean
function leave.is_exit(problem)
  return getmetatable(problem) == Exit
end

-- Lets everything through but what leaves.
local function pass_on(ok, problem, ...)
  if not ok and leave.is_exit(problem) then error(problem, 0) end
  return ok, problem, ...
end

--- Has pcall, xpcall and coroutine.resume, which would hold it, let it through.
-- @treturn function that puts back what was there
function leave.guard()
  local saved = { pcall, xpcall, coroutine.resume }
  local pcall_before, xpcall_before, resume = table.unpack(saved)
  -- luacheck: push ignore 121 122
  function pcall(...) return pass_on(pcall_before(...)) end
  function xpcall(f, handler, ...)
    return pass_on(xpcall_before(f, function(problem)
      if leave.is_exit(problem) then return problem end
      return handler(problem)
    end, ...))
  end
  function coroutine.resume(...) return pass_on(resume(...)) end
  return function()
    pcall, xpcall, coroutine.resume = table.unpack(saved)
  end
  -- luacheck: pop
end

return leave
