-- SPDX-License-Identifier: MIT
--
-- The promises of cleantest.h, kept to C programs: that bad arguments are refused, and what
-- stays true when there is no memory. Against a simulated LXD: no instance is in this.

local new_simulated = require "spec.support.simulated"
local process = require "spec.support.process"

local BUILD = os.getenv "BUILD"

-- Leaks are looked for where the build can see them.
local function run(simulated, program, ...)
  local command = { BUILD .. "/test/" .. program, simulated.socket, ... }
  return process.run(command, {
    env = { ASAN_OPTIONS = "detect_leaks=1" }, deadline = 600,
  })
end

describe("a C program's bad arguments", function()
  it("are refused, with the code in the error, which is written then alone", function()
    local simulated <close> = new_simulated()
    local result = run(simulated, "bad_arguments")
    assert.equal("", result.stdout .. result.stderr)
    assert.equal(0, result.status)
  end)
end)

describe("a program of another version", function()
  it("has its structs read as far as they go, and is told of sizes that are none", function()
    local simulated <close> = new_simulated()
    local result = run(simulated, "sizes")
    assert.equal("", result.stdout .. result.stderr)
    assert.equal(0, result.status)
  end)
end)

describe("a result that is kept", function()
  it("outlives its batch and its run, which told a log what they did", function()
    local simulated <close> = new_simulated()
    local result = run(simulated, "kept_result")
    assert.equal("", result.stdout .. result.stderr)
    assert.equal(0, result.status)
  end)
end)

describe("the first program of cleantest.h", function()
  it("compiles without a warning, and does what it says", function()
    local simulated <close> = new_simulated()
    local result = process.run({ BUILD .. "/test/first_program", "simulated" },
      { env = { LXD_DIR = simulated.folder.path }, deadline = 600 })
    assert.equal("", result.stderr)
    assert.matches("^test%-simulated: pass\n", result.stdout)
    assert.equal(0, result.status)
    result = process.run({ BUILD .. "/test/first_program" },
      { env = { LXD_DIR = "/nonexistent" }, deadline = 600 })
    assert.matches("^NO_LXD: .*/nonexistent", result.stderr)
    assert.equal(1, result.status)
  end)
end)

describe("an event loop", function()
  local function poll_loop(simulated, script)
    return process.run(script:format(BUILD .. "/test/poll_loop"),
      { env = { LXD_DIR = simulated.folder.path }, deadline = 600 })
  end

  it("has events beside all else that it waits for", function()
    local simulated <close> = new_simulated { "--exec-ms", "300" }
    local result = poll_loop(simulated, "exec %s simulated simulated simulated </dev/null")
    assert.equal("", result.stderr)
    assert.equal(0, result.status)
    for job = 0, 2 do
      assert.matches(("job %d: testlet\n"):format(job), result.stdout)
      assert.matches(("job %d: teardown\n"):format(job), result.stdout)
    end
    local _, passed = result.stdout:gsub("uname%-simulated: pass\n", "")
    assert.equal(3, passed)
    assert.matches("tick\n", result.stdout)
  end)

  it("cancels", function()
    local simulated <close> = new_simulated { "--exec-ms", "600000" }
    local result = poll_loop(simulated, "echo | exec %s simulated")
    assert.matches("uname%-simulated: error\n", result.stdout)
    assert.matches("cancelled", result.stderr)
    assert.equal(1, result.status)
  end)
end)

describe("a machine with more CPUs than a set of the usual size has room for", function()
  it("has as many jobs at once as the process may use CPUs", function()
    local simulated <close> = new_simulated()
    local result = run(simulated, "many_cpus")
    assert.equal("", result.stderr)
    assert.equal(0, result.status)
  end)
end)

-- Of Lua's and libcurl's, which are many and alike, one in 17; fewer with a sanitizer, which makes
-- a run take ten times as long.
local STEPS = os.getenv "SANITIZE" and { engine = 17, lua = 97, curl = 97 }
  or { engine = 1, lua = 17, curl = 17 }

describe("an allocation that fails, be it any", function()
  for _, source in ipairs { "engine", "lua", "curl" } do
    for _, kind in ipairs { "fresh", "prepared", "warm", "build" } do
      it(("is told, and nothing is left behind: %s, %s"):format(source, kind), function()
        local simulated <close> = new_simulated()
        local result = run(simulated, "failing_allocations", kind, source, STEPS[source])
        assert.equal("", result.stderr)
        assert.matches("^%d%d+ of %d+ allocations failed\n$", result.stdout)
        assert.equal(0, result.status)
      end)
    end
  end
end)
