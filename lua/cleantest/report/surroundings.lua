-- SPDX-License-Identifier: MIT

--- Where the command runs, as far as reports care: a terminal, colours, a CI.
-- @internal cleantest.report.surroundings

local core = require "cleantest.core"

local surroundings = {}

local function get(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- A variable that forces something, unless it says no.
local function is_on(name)
  local value = get(name)
  return value ~= nil and value ~= "0" and value ~= "false"
end

--- The CI it runs under.
-- @treturn ?string "github", "gitlab", "other"; nil: none
function surroundings.ci()
  if os.getenv "GITHUB_ACTIONS" == "true" then return "github" end
  if is_on "GITLAB_CI" then return "gitlab" end
  return (is_on "CI" or get "BUILD_NUMBER") and "other" or nil
end

--- Are there colours? NO_COLOR beats CLICOLOR_FORCE and FORCE_COLOR, which beat CLICOLOR=0.
-- @tparam ?string asked "always", "never" or "auto", as --color says
-- @tparam boolean able the stream is a terminal that has them
-- @treturn boolean
function surroundings.colours(asked, able)
  if asked == "always" or asked == "never" then return asked == "always" end
  if get "NO_COLOR" then return false end
  if is_on "CLICOLOR_FORCE" or is_on "FORCE_COLOR" then return true end
  return able and get "CLICOLOR" ~= "0"
end

--- Can a stream show a live view?
-- @tparam file stream
-- @treturn boolean
function surroundings.is_terminal(stream)
  local term = get "TERM"
  return core.terminal(stream) ~= nil and term ~= nil and term ~= "dumb"
end

--- The file that GitHub's summary of a step is added to.
function surroundings.step_summary()
  return get "GITHUB_STEP_SUMMARY"
end

return surroundings
