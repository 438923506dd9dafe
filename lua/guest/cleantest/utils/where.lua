-- SPDX-License-Identifier: MIT
--
-- where.lua - the testlet's side of the stack: what the guest's library throws, it throws at
-- the line of the testlet that called it, however deep in the library it noticed.

local where = {}

-- All our chunks are called so; see library.c.
local OWN = "=cleantest."

-- Not a level of error()'s: a tail call takes its caller's frame away.
local function position()
  local level = 2
  local info = debug.getinfo(level, "Sl")
  while info do
    if info.what ~= "C" and info.source:sub(1, #OWN) ~= OWN then
      return ("%s:%d: "):format(info.short_src, info.currentline)
    end
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  return ""
end

--- Throws, at the innermost line that is not the library's.
-- @tparam string message a format when more arguments follow
-- @param ... for the format
function where.fail(message, ...)
  if select("#", ...) > 0 then message = message:format(...) end
  error(position() .. message, 0)
end

return where
