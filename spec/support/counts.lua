-- SPDX-License-Identifier: MIT
--
-- A busted output handler: a line for each test as it ends, what failed in full, and a count
-- of what ran. A pending test is a failure here: nothing may be skipped.
local handlers = require "busted.outputHandlers.base"

local marks = { success = "ok", failure = "FAILED", error = "FAILED", pending = "PENDING" }

return function()
  local busted = require "busted"
  local handler = handlers()
  local passed, failed = 0, 0

  handler.testEnd = function(element, _, status)
    local seconds = element.duration or 0
    io.write(("%-8s %s (%.1f s)\n"):format(marks[status], handler.getFullName(element), seconds))
    io.flush()
    if status == "success" then passed = passed + 1 else failed = failed + 1 end
    return nil, true
  end

  local function show(element, _, message, debug)
    io.write("  ", handler.getFullName(element) or element.name or "?", "\n")
    local text = type(message) == "table" and (message.message or tostring(message)) or message
    io.write("    ", (tostring(text):gsub("\n", "\n    ")), "\n")
    if debug and debug.traceback then
      io.write("    ", (debug.traceback:gsub("\n", "\n    ")), "\n")
    end
    return nil, true
  end

  local function outside(element, parent, message, debug)
    if element.descriptor ~= "it" then failed = failed + 1 end
    return show(element, parent, message, debug)
  end

  handler.suiteEnd = function()
    io.write(("%d passed, %d failed\n"):format(passed, failed))
    return nil, true
  end

  busted.subscribe({ "test", "end" }, handler.testEnd, { predicate = handler.cancelOnPending })
  busted.subscribe({ "failure" }, outside)
  busted.subscribe({ "error" }, outside)
  busted.subscribe({ "suite", "end" }, handler.suiteEnd)
  return handler
end
