-- SPDX-License-Identifier: MIT

--- `cleantest clean`: deletes what dead runs left behind, and says what that was.
-- @internal cleantest.command.clean

local core = require "cleantest.core"
local options = require "cleantest.command.options"
local text = require "cleantest.text"

local clean = {
  name = "clean",
  description = "Delete the instances that dead runs left behind, and nothing else.",
  add_options = options.add_connection,
}

--- Says what was deleted.
-- @tparam ?table list of { instance=, error= }, as the binding's clean and bases_prune return
-- @tparam ?string message why there is no list
-- @tparam file out where it says what was deleted
-- @tparam file err where it says what was not
-- @treturn int exit status: 0, or 2 when something could not be deleted
function clean.tell(list, message, out, err)
  if not list then
    err:write("cleantest: ", text.printable(message), "\n")
    return 2
  end
  local deleted, status = 0, 0
  for _, entry in ipairs(list) do
    if entry.error then
      status = 2
      err:write(("failed   %s: %s\n"):format(entry.instance, text.printable(entry.error)))
    else
      deleted = deleted + 1
      out:write(("deleted  %s\n"):format(entry.instance))
    end
  end
  out:write(("%d deleted\n"):format(deleted))
  return status
end

--- Cleans.
-- @tparam table settings see the binding's lct_settings_read
-- @tparam file out see clean.tell
-- @tparam file err see clean.tell
-- @treturn int exit status: see clean.tell
function clean.run(settings, out, err)
  local list, message = core.clean(settings)
  return clean.tell(list, message, out, err)
end

return clean
