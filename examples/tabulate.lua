-- SPDX-License-Identifier: MIT
--
-- Does python3-tabulate install and import on three Debian releases?
local ct = require "cleantest"
local run = require "cleantest.utils.run"

local config = ct.configure "lxd"
config:register_hook(ct.hook.start_env {
  name = "tabulate", packages = ct.pkg.apt "python3-tabulate",
})

local wanted = "tabulate"
local install_tabulate = ct.lxd {
  image = { "debian-bookworm-amd64", "debian-trixie-amd64", "debian-bullseye-amd64" },
  preserve = false, parallel = true, num_threads = 3,
} (function(greeting)
  local r = run("python3 -c 'import " .. wanted .. "'")
  if r.exit_code ~= 0 then io.stderr:write(r.stderr) os.exit(1) end
  print(greeting, wanted .. " is installed.")
  return { module = wanted }
end)

for name, result in install_tabulate("hello") do
  assert(result.exit_code == 0, name .. " failed: " .. tostring(result))
  print(name, result.value.module, result.stdout)
end
