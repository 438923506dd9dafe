-- SPDX-License-Identifier: MIT
--
-- What suites say, and what the command makes of it: nothing passes in silence.

local cleantest = require "spec.unit.support.command"

local function run(suite, options)
  return cleantest({ ["suite.lua"] = suite }, options)
end

describe("a suite", function()
  it("that calls nothing exits with 3, and tells what it has declared", function()
    local got = run [[
      ct.lxd { name = "forgotten", image = "here" } (function() end)]]
    assert.equal(3, got.status)
    assert.matches("suite%.lua:1: declared and never called: ct%.lxd 'forgotten' on here",
      got.stdout)
    assert.matches("nothing ran: 0 passed", got.stdout)
  end)

  it("tells of a testlet that it forgot beside one that it called", function()
    local got = run [[
      local one = ct.lxd { name = "one", image = "here" } (function() end)
      ct.lxd { name = "other", image = "here" } (function() end)
      one():all()]]
    assert.equal(0, got.status)
    assert.matches("suite%.lua:2: declared and never called: ct%.lxd 'other'", got.stdout)
    assert.is_nil(got.stdout:find "'one'")
  end)

  it("tells of options that no testlet was given to", function()
    local got = run [[
      local on = ct.lxd { name = "lone", image = "here" }
      local used = ct.lxd { name = "used", image = "here" }
      used(function() end)():all()]]
    assert.equal(0, got.status)
    assert.matches("suite%.lua:1: declared and never called: ct%.lxd 'lone' on here: it has no"
      .. " testlet", got.stdout)
    assert.is_nil(got.stdout:find "never called: ct.lxd 'used'")
  end)

  it("may return its testlets, which are run", function()
    local got = run [[
      local function on(name, testlet) return ct.lxd { name = name, image = "here" } (testlet) end
      return { on("first", function() end), second = on("x", function() os.exit(1) end) },
        { num_threads = 7 }]]
    assert.equal(1, got.status)
    assert.matches("pass   first%-here", got.stdout)
    assert.matches("fail   second%-here", got.stdout)
    assert.equal(7, got.max_live)
  end)

  it("that returns anything else is refused", function()
    local got = run "return 7"
    assert.equal(1, got.status)
    assert.matches("what the suite returns must be a table of testlets, not 7", got.stderr)
  end)

  it("finds its files from its own folder, wherever the line stands", function()
    local got = cleantest {
      ["suite.lua"] = [[
        local made = require "lib.made"
        for _, testlet in ipairs { made.tail(), made.plain() } do testlet():all() end]],
      ["hello.sh"] = "echo hello",
      ["lib/made.lua"] = [[
        local ct = require "cleantest"
        local function on(testlet) return ct.lxd { image = "here" } (testlet) end
        return {
          tail = function() return on(ct.file "hello.sh") end,
          plain = function() local testlet = on(ct.file "hello.sh") return testlet end,
        }]],
    }
    assert.equal(0, got.status, got.stderr)
    assert.matches("2 passed, 0 failed", got.stdout)
  end)
end)

describe("the command's -j", function()
  it("is a cap on what suites ask for", function()
    local suite = [[
      ct.lxd { image = "here", num_threads = 3 } (function() end)():all()]]
    assert.equal(1, run(suite, { jobs = 1 }).max_live)
    assert.equal(3, run(suite, { jobs = 8 }).max_live)
    run("", {}) -- and is gone with its run
    assert.equal(3, run(suite).max_live)
  end)
end)

describe("expected failures", function()
  local got = run [[
    local function on(name, options, testlet)
      options.name, options.image = name, "here"
      return ct.lxd(options)(testlet)
    end
    local function exit(code) return function() io.write "out" os.exit(code) end end
    ct.run({
      on("fails", { expect = "fail" }, exit(3)),
      on("three", { expect = { exit_code = 3, stdout = "^o" } }, exit(3)),
      on("asked", { expect = function(r) return r.exit_code == 3 end }, exit(3)),
      on("value", { expect = { value = { 1, { a = 2 } } } }, function()
        return { 1, { a = 2 } }
      end),
      on("passes", { expect = "fail" }, exit(0)),
      on("four", { expect = { exit_code = 3 } }, exit(4)),
      on("unlike", { expect = { stdout = "x" } }, exit(0)),
      on("known", { xfail = "bug 7" }, exit(1)),
      on("mended", { xfail = "bug 8" }, exit(0)),
      on("skipped", { skip = "no time" }, exit(1)),
      on("chosen", { skip = function(job) return job.image == "here" and "not " .. job.image end },
        exit(1)),
      on("left", { skip = function() return false end }, exit(0)),
    }):all()]]

  local function line(name)
    return got.stdout:match("[^\n]*%f[%w]" .. name .. "%-here[^\n]*")
  end

  it("are passes", function()
    for _, name in ipairs { "fails", "three", "asked", "value" } do
      assert.matches("^pass", line(name))
    end
  end)

  it("are failures when they don't come, which says why", function()
    assert.matches("^fail .*not as expected: it was expected to fail, and passed", line "passes")
    assert.matches("^fail .*not as expected: exit_code is 4, not 3", line "four")
    assert.matches("^fail .*not as expected: stdout has no match for 'x'", line "unlike")
  end)

  it("that are known are xfail, and failures once they pass", function()
    assert.matches("^xfail .*bug 7", line "known")
    assert.matches("^fail .*it passed, and was expected to fail: bug 8", line "mended")
  end)

  it("may be skipped with a reason, without an instance", function()
    assert.matches("^skip .*no time", line "skipped")
    assert.matches("^skip .*not here", line "chosen")
    assert.matches("^pass", line "left")
    assert.equal(10, #got.jobs)
  end)

  it("are counted, and decide the exit status", function()
    assert.matches("5 passed, 4 failed, 0 errors, 2 skipped, 1 failed as expected", got.stdout)
    assert.equal(1, got.status)
  end)
end)

describe("os.exit", function()
  local function goes(suite)
    local got = cleantest { ["suite.lua"] = suite .. '\nerror "went on"' }
    return got.status, got.stdout, got.stderr
  end

  it("leaves the suite, whatever stands around it", function()
    for _, suite in ipairs {
      "os.exit(5)", "pcall(os.exit, 5)", "pcall(pcall, os.exit, 5)",
      "xpcall(function() os.exit(5) end, function() return 'mine' end)",
      "coroutine.wrap(function() os.exit(5) end)()",
      "coroutine.resume(coroutine.create(function() pcall(os.exit, 5) end))",
    } do
      local status, stdout, stderr = goes(suite)
      assert.equal(1, status, suite)
      assert.not_matches("went on", stdout .. stderr, suite)
    end
  end)

  it("changes nothing else of what it stands in", function()
    local got = cleantest { ["suite.lua"] = [[
      local function f(...) return select("#", ...), ... end
      assert(select("#", pcall(f, 1, nil)) == 4)
      local ok, why = xpcall(error, function(e) return "caught " .. e end, "x", 0)
      assert(not ok and why == "caught x")
      local co = coroutine.create(function(a) local b = pcall(coroutine.yield, a) return b end)
      assert(select(2, coroutine.resume(co, 7)) == 7 and select(2, coroutine.resume(co)) == true)
      local mine, resume = pcall, coroutine.resume
      local passed
      for _, r in ct.lxd { image = "here" } (function()
        assert(mine(error) == false and resume(coroutine.create(error)) == false)
      end)() do passed = r.status == "pass" end
      assert(passed)]] }
    assert.equal(0, got.status, got.stderr)
  end)
end)

describe("what is thrown", function()
  local thrown <const> = [[{ code = 7, why = "a\nb", list = { 1, { 2, { 3, { 4 } } } },
    [print and 1.5] = setmetatable({}, { __tostring = function() return "me" end }) }]]
  local shown <const> =
    [[{code = 7, list = {1, {2, {..}}}, why = "a\nb", [1.5] = me}]]

  it("is shown by its fields, in a suite and in a testlet", function()
    local got = cleantest { ["suite.lua"] = [[
      ct.lxd { image = "here" } (function() error(]] .. thrown .. [[) end)():all()
      error(]] .. thrown .. ")" }
    assert.is_truthy(got.stdout:find("| " .. shown, 1, true), got.stdout)
    local said = got.stdout .. got.stderr
    assert.is_truthy(said:find("suite.lua: " .. shown .. "\n", 1, true), said)
  end)
end)
