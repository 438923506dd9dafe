-- SPDX-License-Identifier: MIT
--
-- The main job: the suite of the README, word for word, on three Debian releases.

local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local SUITE = [[
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
]]

local LINES = ""
for _, release in ipairs { "bookworm", "trixie", "bullseye" } do
  LINES = LINES .. ("test-debian-%s-amd64\ttabulate\thello\ttabulate is installed.\n\n"):format(
    release)
end

describe("the example of a cluster", function()
  it("builds it, tests it and leaves nothing", function()
    local one = process.start({ "cleantest", "examples/cluster.lua" }, { deadline = 600 })
    local result = one:close()
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.matches("the server has seen both clients\n2 passed, 0 failed", result.stdout)
    assert.same({}, lxd.of_process(one.pid))
  end)
end)

describe("the example", function()
  it("prints three lines and leaves nothing", function()
    local folder <close> = new_folder { ["suite.lua"] = SUITE }
    local one = process.start({ "lua5.4", folder:at "suite.lua" }, { deadline = 300 })
    local result = one:close()
    assert.equal(0, result.status, result.stderr)
    assert.equal(LINES, result.stdout)
    assert.equal("", result.stderr)
    assert.same({}, lxd.of_process(one.pid))
  end)

  it("is what examples/ has, but for its comments", function()
    local file <close> = assert(io.open "examples/tabulate.lua")
    local text = file:read("a"):gsub("^%-%-[^\n]*\n", ""):gsub("\n%-%-[^\n]*", "")
    assert.equal((SUITE:gsub("\n+", "\n")), (text:gsub("^%-%-[^\n]*\n", ""):gsub("\n+", "\n")))
  end)
end)
