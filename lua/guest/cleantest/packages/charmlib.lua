-- SPDX-License-Identifier: MIT

--- Fetches what a start hook's ct.pkg.charmlib names, with charmcraft; charmcraft
-- itself, where it is missing, as a snap. The secret comes with the request and is given to
-- charmcraft alone: it is in no file, no argument and no output.
-- @internal cleantest.packages.charmlib
local run = require "cleantest.utils.run"
local where = require "cleantest.where"

local function bootstrap()
  if run({ "charmcraft", "version" }).exit_code == 0 then return end
  require "cleantest.packages.snap" { snaps = { "charmcraft" }, confinement = "classic" }
end

-- The output, with the secret taken out. What takes its place is not looked at again: a secret
-- may be in that.
local function redact(text, secret)
  local parts, begin = {}, 1
  local from, to = text:find(secret, 1, true)
  while from do
    parts[#parts + 1] = text:sub(begin, from - 1)
    begin = to + 1
    from, to = text:find(secret, begin, true)
  end
  parts[#parts + 1] = text:sub(begin)
  return table.concat(parts, "[secret]")
end

local function fetch(library, spec)
  local argv = { "charmcraft", "fetch-lib", library }
  local result = run(argv, { cwd = spec.folder, env = {
    CHARMCRAFT_AUTH = spec.auth_token, PATH = os.getenv "PATH" .. ":/snap/bin",
  } })
  result.stdout = redact(result.stdout, spec.auth_token)
  result.stderr = redact(result.stderr, spec.auth_token)
  io.write(result.stdout)
  if result.exit_code ~= 0 then where.fail("%s", run.describe(argv, result)) end
end

--- @tparam table spec auth_token (what `charmcraft login --export` wrote), charmlibs (names:
--   "charms.operator_libs_linux.v0.apt"), folder (where lib/charms is to be)
return function(spec)
  bootstrap()
  run({ "mkdir", "-p", spec.folder }, { check = true })
  for _, library in ipairs(spec.charmlibs) do fetch(library, spec) end
end
