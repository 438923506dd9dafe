-- SPDX-License-Identifier: MIT

--- Several tests in one testlet: `test("serves /", f)`. Each has a result
-- of its own, in the result's `tests`; one that fails does not stop the others, and makes the
-- testlet fail in the end.
-- @module cleantest.test

local check = require "cleantest.check"
local guest = require "cleantest.guest"

local LONGEST <const> = 4096 -- bytes of a message that travels

local collected, above, failed = {}, {}, 0
local seen = {} -- name -> how often it came

local test = {}

-- The testlet's lines only: how it got here is nobody's business.
local function explain(problem)
  local message = type(problem) == "string" and problem or tostring(problem)
  local trace = debug.traceback("", 2):gsub("\n%s+%[C%]: in function 'xpcall'.*$", "")
  return message .. trace
end

local function note(name, status, message, began)
  local full = table.concat(above, ": ")
  full = full ~= "" and full .. ": " .. name or name
  seen[full] = (seen[full] or 0) + 1
  if seen[full] > 1 then full = ("%s (%d)"):format(full, seen[full]) end
  collected[#collected + 1] = {
    name = full, status = status, message = message and message:sub(1, LONGEST) or nil,
    seconds = guest.clock() - began,
  }
  if status == "fail" then
    failed = failed + 1
    io.stderr:write("failed: ", full, "\n", message, "\n")
  end
end

local function run(name, f)
  local began = guest.clock()
  above[#above + 1] = name
  local returned = table.pack(xpcall(f, explain))
  above[#above] = nil
  local fine, message = returned[1], returned[2]
  if fine and returned.n > 2 and not returned[2] and type(returned[3]) == "string" then
    fine, message = false, returned[3]
  end
  note(name, fine and "pass" or "fail", not fine and message or nil, began)
  return fine
end

--- Notes a test that is not run.
-- @function test.skip
-- @tparam string name
-- @tparam string reason why
function test.skip(name, reason)
  note(check.string("test.skip: the name", name), "skip",
    check.string("test.skip: the reason", reason), guest.clock())
end

-- What the guest asks for in the end: what goes home, and whether a test has failed.
local function collect(value)
  if #collected == 0 then return value, false end
  if failed > 0 then
    io.stderr:write(("%d of %d tests failed\n"):format(failed, #collected))
  end
  return { ["cleantest.tests"] = collected, value = value }, failed > 0
end

--- Runs a test.
-- @function test
-- @tparam string name
-- @tparam function f fails by throwing, or by returning nil or false and a message; may have
--   tests in it, whose names follow its own: "web: serves /"
-- @treturn boolean whether it passed
return setmetatable(test, {
  __name = "cleantest.test",
  collect = collect,
  __call = function(_, name, f)
    check.string("test: the name", name)
    if type(f) ~= "function" then check.refuse("test: what is to be run", "a function", f) end
    return run(name, f)
  end,
})
