-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.npm names, for all of the instance; npm itself,
-- where it is missing, with the system's package manager.
-- @internal cleantest.packages.npm
local run = require "cleantest.utils.run"
local system = require "cleantest.utils.system"

local packages = {
  apt = "npm", dnf = "npm", zypper = "npm-default", pacman = "npm", apk = "npm",
}

--- @tparam table spec packages (names, name@version, or paths of tarballs in the instance),
--   registry (a URL)
return function(spec)
  if run({ "npm", "--version" }).exit_code ~= 0 then system.bootstrap("npm", packages) end
  local argv = { "npm", "install", "--global", "--no-audit", "--no-fund", "--loglevel=error" }
  if spec.registry then argv[#argv + 1] = "--registry=" .. spec.registry end
  table.move(spec.packages, 1, #spec.packages, #argv + 1, argv)
  io.write(run(argv, { env = { NPM_CONFIG_UPDATE_NOTIFIER = "false" }, check = true }).stdout)
end
