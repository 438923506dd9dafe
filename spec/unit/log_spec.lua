-- SPDX-License-Identifier: MIT
--
-- What the engine says of its work: -vv shows it, down to each request to LXD. Against a simulated
-- LXD.

local new_folder = require "spec.support.folder"
local new_simulated = require "spec.support.simulated"
local process = require "spec.support.process"

local SUITE = [[
  local ct = require "cleantest"
  for _, result in ct.lxd { name = "job", image = { "one", "two" } } (ct.command { "true" })() do
    assert(result.status == "pass", tostring(result))
  end
]]

describe("the engine's log", function()
  local simulated, folder

  before_each(function()
    simulated = new_simulated()
    folder = new_folder { ["suite.lua"] = SUITE }
  end)

  after_each(function()
    simulated:close()
    folder:remove()
  end)

  local function cleantest(...)
    local command = { "cleantest", ... }
    return process.run(command, { env = { LXD_DIR = simulated.folder.path }, deadline = 120 })
  end

  it("is not shown unasked, nor with -v, which is the report's", function()
    for _, options in ipairs { {}, { "-v" } } do
      local result = cleantest(folder:at "suite.lua", table.unpack(options))
      assert.equal(0, result.status, result.stdout .. result.stderr)
      assert.equal("", result.stderr)
    end
  end)

  it("has the large steps with -v of commands without a report, and nothing else", function()
    local result = cleantest("clean", "-v")
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.matches("^info: found lxd %S+ at /%S+\n$", result.stderr)
  end)

  it("has each request with its status and seconds with -vv, and no secret", function()
    local result = cleantest("run", "-vv", folder:at "suite.lua")
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.matches("info: run %w+: opened\n", result.stderr)
    assert.matches("info: run %w+: 2 jobs begin, at most %d+ at a time", result.stderr)
    assert.matches("info: run %w+: closed\n$", result.stderr)
    assert.is_nil(result.stdout:find("info: ", 1, true))
    for _, wanted in ipairs {
      "debug: GET /1%.0: 200, %d+%.%d%d%d s\n",
      "debug: POST /1%.0/instances: 202, %d+%.%d%d%d s\n",
      "debug: POST /1%.0/instances/job%-one%S+/exec: 202, %d+%.%d%d%d s\n",
      "debug: websocket /1%.0/operations/%S+/websocket: open, %d+%.%d%d%d s\n",
      "info: found lxd ",
    } do
      assert.matches(wanted, result.stderr)
    end
    for line in result.stderr:gmatch "[^\n]+" do assert.matches("^%l+: %S", line) end
    assert.is_nil(result.stderr:find("secret", 1, true))
  end)

  it("says what a request that got no answer came to", function()
    local result = process.run({ "cleantest", "clean", "-vv", "--endpoint", simulated.socket },
      { deadline = 120 })
    assert.equal(0, result.status, result.stderr)
    assert.matches("debug: GET /1%.0/instances%S*: 200, ", result.stderr)
    simulated:close()
    result = process.run({ "cleantest", "cache", "list", "-vv", "--endpoint",
      "https://127.0.0.1:1" }, { deadline = 120 })
    assert.equal(2, result.status, result.stderr)
    assert.matches("^debug: GET /1%.0: CONNECT, %d+%.%d%d%d s\ncleantest: ", result.stderr)
  end)
end)
