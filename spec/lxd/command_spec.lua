-- SPDX-License-Identifier: MIT
--
-- The `cleantest` command: its arguments, its exit status, what it prints. Also that a suite
-- runs the same way under lua5.4 and busted.

local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local HEAD = [[
local ct = require "cleantest"
local function on(name, testlet)
  return ct.lxd { name = name, image = "busybox-amd64" } (testlet)
end
]]

local folder = new_folder {
  ["passes.lua"] = HEAD .. [[
    for name, result in ct.run { on("one", ct.command { "true" }), on("skipped", function()
      os.exit(77)
    end), num_threads = 2 } do assert(result.exit_code == 0 or result.exit_code == 77, name) end
    print("arg", #arg, arg[0]:match "[^/]*$")]],
  ["fails.lua"] = HEAD .. [[
    for _ in on("bad", function()
      io.stderr:write "\27[31mred\27[0m the reason\n"
      os.exit(4)
    end)() do end]],
  ["raises.lua"] = HEAD .. [[
    for name in on("one", function() end)() do
      assert(false, name .. " is not good enough")
    end]],
  ["raises-early.lua"] = "local t = nil\nreturn t.field\n",
  ["breaks.lua"] = HEAD .. [[
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "broken", run = ct.script "echo the reason; exit 1" })
    for _ in on("never", function() end)() do end]],
  ["syntax.lua"] = "local x = = 1\n",
  ["bytecode.lua"] = string.dump(function() end),
  ["exits.lua"] = "os.exit(3)\n",
  ["nothing.lua"] = "GLOBAL = 'leaked'\npackage.loaded['a.module'] = 1\n",
  ["looks.lua"] = "assert(GLOBAL == nil and package.loaded['a.module'] == nil)\nprint 'clean'\n",
  ["module.lua"] = "return 'next to the suite'\n",
  ["requires.lua"] = "print(require 'module')\n",
  ["same_spec.lua"] = HEAD .. [[
    describe("under busted", function()
      it("a suite runs", function()
        for _, result in on("same", function() print "same" end)() do
          assert.equal("same\n", result.stdout)
        end
      end)
    end)]],
  ["same.lua"] = HEAD .. [[
    for name, result in on("same", function() print "same" end)() do
      io.write(name, " ", result.status, " ", result.stdout)
    end]],
}

lazy_teardown(function() folder:remove() end)

local function cleantest(...)
  local words = { "cleantest" }
  for _, word in ipairs { ... } do
    words[#words + 1] = word:match "%.lua$" and folder:at(word) or word
  end
  return process.run(words)
end

local function check(status, result)
  assert.equal(status, result.status, result.stdout .. result.stderr)
end

describe("the command's exit status", function()
  it("is 0 when all passed or were skipped", function()
    local result = cleantest "passes.lua"
    check(0, result)
    assert.matches("pass   one%-busybox%-amd64  %(%d+%.%d s: [^)]*%)", result.stdout)
    assert.matches("skip   skipped%-busybox%-amd64", result.stdout)
    assert.matches("1 passed, 0 failed, 0 errors, 1 skipped in", result.stdout)
    assert.matches("arg\t0\tpasses%.lua", result.stdout)
  end)

  it("is 1 when a testlet failed, whose output is shown without what steers a terminal",
    function()
      local result = cleantest "fails.lua"
      check(1, result)
      assert.matches("fail   bad%-busybox%-amd64  .*4", result.stdout)
      assert.matches("red.*the reason", result.stdout)
      assert.is_nil((result.stdout .. result.stderr):find("\27", 1, true))
      assert.matches("0 passed, 1 failed", result.stdout)
    end)

  it("is 1 when the suite raised an error, shown with its place", function()
    local result = cleantest "raises.lua"
    check(1, result)
    assert.matches("raises%.lua:%d+: one%-busybox%-amd64 is not good enough", result.stderr)
    assert.matches("1 passed", result.stdout)
    result = cleantest "raises-early.lua"
    check(1, result)
    assert.matches("raises%-early%.lua:2: attempt to index a nil value", result.stderr)
  end)

  it("is 2 when the environment failed", function()
    local result = cleantest "breaks.lua"
    check(2, result)
    assert.matches("error  never%-busybox%-amd64  .*broken", result.stdout)
    assert.matches("the reason", result.stdout)
    assert.matches("0 passed, 0 failed, 1 error, ", result.stdout)
  end)

  it("is 2 when a suite can't be loaded", function()
    local result = cleantest "syntax.lua"
    check(2, result)
    assert.matches("syntax%.lua:1: unexpected symbol", result.stderr)
    result = cleantest "no-such-suite.lua"
    check(2, result)
    assert.matches("no%-such%-suite%.lua", result.stderr)
    check(2, cleantest "bytecode.lua")
  end)

  it("is 2 for bad usage, which is explained", function()
    for _, case in ipairs {
      { "no suite given" }, { "%-%-unknown", "--unknown" },
      { "positive integer, not '0'", "-j", "0", "passes.lua" },
      { "positive integer, not 'many'", "-j", "many", "passes.lua" },
    } do
      local result = cleantest(table.unpack(case, 2))
      check(2, result)
      assert.matches(case[1], result.stderr)
      assert.matches("Usage: cleantest", result.stderr)
      assert.equal("", result.stdout)
    end
  end)

  it("is the highest of several suites', all of which are run", function()
    local result = cleantest("fails.lua", "syntax.lua", "same.lua")
    check(2, result)
    assert.matches("same%-busybox%-amd64 pass same", result.stdout)
    assert.matches("1 passed, 1 failed", result.stdout)
  end)

  it("is 1 for a suite that exits with another", function()
    check(1, cleantest "exits.lua")
  end)
end)

describe("the command", function()
  it("keeps suites apart: no global, module or hook of one reaches the next", function()
    local result = cleantest("nothing.lua", "looks.lua", "breaks.lua", "same.lua")
    check(2, result)
    assert.matches("clean\n", result.stdout)
    assert.matches("same%-busybox%-amd64 pass same", result.stdout)
    assert.matches("1 passed, 0 failed, 1 error, ", result.stdout)
  end)

  it("finds modules that lie next to the suite", function()
    local result = cleantest "requires.lua"
    check(3, result)
    assert.matches("next to the suite", result.stdout)
  end)

  it("takes -j N in all its forms", function()
    for _, words in ipairs { { "-j", "2" }, { "-j2" }, { "--jobs", "2" }, { "--jobs=2" } } do
      words[#words + 1] = "looks.lua"
      check(3, cleantest(table.unpack(words)))
    end
  end)

  it("tells its version and its use", function()
    local version = process.output { "cleantest", "--version" }
    assert.equal("cleantest " .. require("cleantest").version, version)
    local help = process.run { "cleantest", "--help" }
    check(0, help)
    for _, wanted in ipairs { "Usage: cleantest", "%-j", "%-%-version", "clean", "Exit status" } do
      assert.matches(wanted, help.stdout)
    end
    local of_run = process.run { "cleantest", "run", "--help" }
    check(0, of_run)
    for _, wanted in ipairs { "Usage: cleantest run", "%-j N, ", "%-%-fresh", "PATH%[::GLOB%]" } do
      assert.matches(wanted, of_run.stdout)
    end
  end)

  it("prints plain lines where there is no terminal", function()
    local result = cleantest "same.lua"
    assert.is_nil(result.stdout:find("\27", 1, true))
    assert.equal("", result.stderr)
    assert.matches("^pass   same%-busybox%-amd64  %(%d+%.%d s: [^)]*%)\n"
      .. "same%-busybox%-amd64 pass same\n"
      .. "1 passed, 0 failed, 0 errors, 0 skipped in %d+%.%d s\n$", result.stdout)
  end)
end)

describe("on a terminal", function()
  local function on_terminal(suite, env)
    env.TERM = env.TERM or "xterm"
    return process.run({ "cleantest", folder:at(suite) }, { pty = true, env = env })
  end

  it("a live view shows each instance, its phase and its seconds", function()
    local result = on_terminal("same.lua", { NO_COLOR = false })
    check(0, result)
    assert.matches("same%-busybox%-amd64 +create +%d+ s", result.stdout)
    assert.matches("same%-busybox%-amd64 +%l+ +%d+ s", result.stdout)
    assert.matches("1 running, 0 waiting", result.stdout)
    assert.matches("\27%[%d+A", result.stdout) -- it is drawn over itself
    assert.matches("\27%[32mpass", result.stdout)
    assert.matches("1 passed", result.stdout)
    -- What the suite prints begins a line of its own.
    assert.matches("\n[^\n]*same%-busybox%-amd64 pass same\r\n", result.stdout)
  end)

  it("there are no colours when NO_COLOR is set", function()
    local result = on_terminal("same.lua", { NO_COLOR = "1" })
    assert.is_nil(result.stdout:find "\27%[%d*m")
    assert.matches("create", result.stdout)
  end)

  it("of the dumb kind there are plain lines", function()
    local result = on_terminal("fails.lua", { TERM = "dumb" })
    check(1, result)
    assert.is_nil(result.stdout:find("\27", 1, true))
    assert.matches("fail   bad%-busybox%-amd64", result.stdout)
  end)
end)

describe("a suite", function()
  it("runs the same way under lua5.4 and under the command", function()
    local plain = process.run { "lua5.4", folder:at "same.lua" }
    check(0, plain)
    assert.equal("same-busybox-amd64 pass same\n", plain.stdout)
    assert.equal("", plain.stderr)
  end)

  it("runs under busted", function()
    local words = 'exec lua5.4 "$(command -v busted)" --output=TAP ' .. folder:at "same_spec.lua"
    local result = process.run(words)
    check(0, result)
    assert.matches("ok 1 %- under busted a suite runs", result.stdout)
  end)

  it("that fails under lua5.4 has its own status, and leaves nothing", function()
    local result = process.run { "lua5.4", folder:at "raises.lua" }
    check(1, result)
    assert.matches("is not good enough", result.stderr)
  end)
end)

describe("suites that declare", function()
  it("keep the instances that they direct until their own pool is over", function()
    local function suite(letter)
      return ([[
        local ct = require "cleantest"
        local cluster = ct.archon()
        cluster:add("one", "busybox-amd64")
        return { ct.lxd.target("one", { archon = cluster, name = "X" })(ct.command "hostname") },
          { parallel = false }]]):gsub("X", letter)
    end
    local own <close> = new_folder { ["a_suite.lua"] = suite "a", ["b_suite.lua"] = suite "b",
      ["c_suite.lua"] = HEAD .. [[on("c", ct.command { "true" })():all()]] }
    local result = process.run({ "cleantest", "." }, { cwd = own.path })
    check(0, result)
    assert.matches("pass   c%-busybox.*pass   a%-one.*pass   b%-one.*3 passed", result.stdout)
  end)
end)

describe("a program without a suite", function()
  it("runs on the images named, with what is uploaded for it", function()
    local result = process.run({ "cleantest", "run", "--image", "busybox-amd64", "--upload",
      "module.lua", "--upload", "same.lua:/srv/same.lua", "--", "sh", "-c",
      "pwd; ls; ls /srv" }, { cwd = folder.path })
    check(0, result)
    assert.matches("pass   sh%-busybox%-amd64", result.stdout)
    assert.matches("| /root\n *| module.lua\n *| same.lua\n", result.stdout)
  end)

  it("may be a script, or a Lua file", function()
    local own <close> = new_folder { ["check.sh"] = "#!/bin/sh\nexit 4\n",
      ["check.lua"] = "print(_VERSION)" }
    local result = process.run { "cleantest", "run", "--image", "busybox-amd64",
      own:at "check.sh", own:at "check.lua" }
    check(1, result)
    assert.matches("fail   [^\n]*check%.sh@busybox%-amd64  the testlet exited with code 4",
      result.stdout)
    assert.matches("| Lua 5%.4", result.stdout)
  end)
end)
