-- SPDX-License-Identifier: MIT
--
-- assert.refuses(pattern, f): f throws, at a line of the spec's own file, a message in which the
-- Lua pattern is found. That it blames the line that is wrong is half of a refusal.

local assert = require "luassert"
local say = require "say"

local function refuses(state, arguments)
  local pattern, f = arguments[1], arguments[2]
  local info = debug.getinfo(f, "S")
  local ok, message = pcall(f)
  local file, line = tostring(message):match "^(.-):(%d+): "
  local at = tonumber(line)
  local there = file == info.short_src and at >= info.linedefined and at <= info.lastlinedefined
  arguments[1], arguments[2], arguments.n = pattern, ok and "(nothing was refused)" or message, 2
  state.failure_message = not ok and not there
    and ("not at a line of the function given (%s:%d to %d): %s"):format(info.short_src,
      info.linedefined, info.lastlinedefined, tostring(message)) or nil
  return not ok and there and tostring(message):find(pattern) ~= nil
end

say:set("assertion.refuses.positive", "Expected a refusal that matches:\n%s\nbut it was:\n%s")
assert:register("assertion", "refuses", refuses, "assertion.refuses.positive")
