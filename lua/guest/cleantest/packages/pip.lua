-- SPDX-License-Identifier: MIT

--- Installs what a start hook's ct.pkg.pip names; pip itself, where it is missing,
-- with the system's package manager.
-- @internal cleantest.packages.pip
local run = require "cleantest.utils.run"
local system = require "cleantest.utils.system"

local packages = {
  apt = "python3-pip", dnf = "python3-pip", zypper = "python3-pip", pacman = "python-pip",
  apk = "py3-pip",
}
local pip = { "python3", "-m", "pip" }

local function has_pip()
  return run({ pip[1], pip[2], pip[3], "--version" }).exit_code == 0
end

local function bootstrap()
  if not has_pip() then system.bootstrap("pip for python3", packages) end
end

-- PEP 668: the system's Python may say that it is managed. This instance is ours to break.
local function knows_option(option)
  local help = run { pip[1], pip[2], pip[3], "install", "--help" }
  return help.stdout:find(option, 1, true) ~= nil
end

local function base_command(spec)
  local argv = { pip[1], pip[2], pip[3], "install", "--no-input", "--disable-pip-version-check" }
  if knows_option "--break-system-packages" then argv[#argv + 1] = "--break-system-packages" end
  if spec.index then table.move({ "--index-url", spec.index }, 1, 2, #argv + 1, argv) end
  return argv
end

-- An index is the only one: what the image is configured to ask besides gives way to it.
local function environment(spec)
  return { PIP_ROOT_USER_ACTION = "ignore", PIP_EXTRA_INDEX_URL = spec.index }
end

local function explain(result)
  local hint = ""
  if (result.stderr .. result.stdout):find "Could not find a version"
    or result.stderr:find "Failed to establish a new connection" then
    hint = "\npip could not download this: is the index reachable from the instance? Local"
      .. " wheels (wheels = { \"file.whl\" }) or a mirror (index = \"https://...\") need no"
      .. " connection to the default index."
  end
  return hint
end

local function install(spec, words)
  local argv = base_command(spec)
  table.move(words, 1, #words, #argv + 1, argv)
  local result = run(argv, { env = environment(spec) })
  io.write(result.stdout)
  if result.exit_code ~= 0 then error(run.describe(argv, result) .. explain(result), 0) end
end

--- @tparam table spec packages (requirement specifiers), requirements and constraints (paths
--   in the instance, paired one to one), wheels (paths in the instance), index (a URL)
return function(spec)
  bootstrap()
  local words = {}
  for _, wheel in ipairs(spec.wheels or {}) do words[#words + 1] = wheel end
  for _, package in ipairs(spec.packages or {}) do words[#words + 1] = package end
  if #words > 0 then install(spec, words) end
  for i, requirements in ipairs(spec.requirements or {}) do
    local constraints = spec.constraints and spec.constraints[i]
    install(spec, constraints and { "-r", requirements, "-c", constraints }
      or { "-r", requirements })
  end
end
