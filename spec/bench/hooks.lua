-- SPDX-License-Identifier: MIT
--
-- A testlet whose hook installs a Debian package, and the same one without a hook, for the
-- benchmark:
--     lua5.4 hooks.lua ROUNDS IMAGE PACKAGE
-- prints the seconds to the result of the first run with the hook, of later ones, and of those
-- without it; the latter two are medians. The hook's base must not be there yet.
local ct = require "cleantest"
local measure = require "spec.bench.measure"

local rounds, image, wanted = math.tointeger(arg[1]), arg[2], arg[3]
local config = measure.configure()
local hook = ct.hook.start_env {
  name = "install", packages = { ct.pkg.apt { packages = { wanted } } },
}
local function is_there()
  return os.execute("dpkg-query -W " .. wanted .. " >/dev/null 2>&1") == true
end
local testlet = ct.lxd { image = image } (is_there)

-- The package is there where the hook is, and nowhere else.
local function once(hooked)
  if hooked then config:register_hook(hook) end
  local seconds, _, result = measure.run { testlet }
  if hooked then config:unregister_hook(hook) end
  assert(result.value == hooked, "the package is where it should not be, or is not")
  return seconds, result
end

once(false)
local first, result = once(true)
assert(result.base_built, "the hook's base was there already")
local later, without = {}, {}
for round = 1, rounds do
  later[round], without[round] = once(true), once(false)
end
print(("%.3f %.3f %.3f"):format(first, measure.median(later), measure.median(without)))
