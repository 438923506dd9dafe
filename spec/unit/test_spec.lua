-- SPDX-License-Identifier: MIT
--
-- Tests in a testlet, by the guest's cleantest.test: what is collected, and what reports say of it.

local cjson = require "cjson"
local cleantest = require "spec.unit.support.command"
local new_folder = require "spec.support.folder"

local SUITE <const> = [[
  local test = require "cleantest.test"
  ct.lxd { name = "web", image = "here" } (function()
    assert(test("serves /", function() assert(true) end))
    assert(not test("serves /x", function() error "no x" end))
    test("group", function()
      test("inner", function() return nil, "why not" end)
    end)
    test.skip("ipv6", "no ipv6 # here")
    return %s
  end)():all()]]

describe("tests in a testlet", function()
  local folder <const> = new_folder()
  lazy_teardown(function() folder:remove() end)
  local got

  lazy_setup(function()
    got = cleantest({ ["suite.lua"] = SUITE:format "{ 7 }" }, { report = {
      "tap:" .. folder:at "tap", "junit:" .. folder:at "junit", "json:" .. folder:at "json",
    } })
  end)

  it("go on after one that failed, and make the testlet fail", function()
    assert.equal(1, got.status)
    assert.matches("fail   web%-here  2 of 5 tests failed", got.stdout)
    assert.matches("failed: serves /x\n       | [^\n]*suite%.lua:4: no x", got.stdout)
  end)

  it("are in the result, beside its value", function()
    for line in folder:read "json":gmatch "[^\n]+" do
      local event = cjson.decode(line)
      if event.event == "result" then
        assert.same({ 7 }, event.value)
        local told = {}
        for i, test in ipairs(event.tests) do
          told[i] = test.status .. " " .. test.name
          assert.is_true(test.seconds >= 0)
        end
        assert.same({ "pass serves /", "fail serves /x", "fail group: inner", "pass group",
          "skip ipv6" }, told)
        assert.equal("why not", event.tests[3].message)
      end
    end
  end)

  it("are a subtest of TAP", function()
    local tap = folder:read "tap"
    assert.matches("^TAP version 14\n    # Subtest: %S+\n    ok 1 %- serves /\n"
      .. "    not ok 2 %- serves /x\n      %-%-%-\n      message: \"[^\n]+\"\n      %.%.%.\n", tap)
    assert.matches("\n    ok 5 %- ipv6 # SKIP no ipv6 # here\n    1%.%.5\nnot ok 1 %- ", tap)
  end)

  it("are cases of JUnit's XML", function()
    local xml = folder:read "junit"
    assert.matches('tests="6" failures="3" errors="0" skipped="1"', xml)
    assert.matches('name="web%-?@?here: group: inner"[^\n]*\n'
      .. ' +<failure type="fail" message="why not">', xml)
  end)

  it("are there, too, when the testlet then throws", function()
    local suite = [[
      local test = require "cleantest.test"
      local result = ct.lxd { image = "here" } (function()
        test("first", function() end)
        error "later"
      end)():only()
      assert(result.tests[1].name == "first" and result.value == nil)]]
    local thrown = cleantest { ["suite.lua"] = suite }
    assert.equal(1, thrown.status)
    assert.equal("", thrown.stderr)
    assert.matches("suite%.lua:4: later", thrown.stdout)
  end)

  it("are shown with -v where they passed", function()
    local shown = cleantest({ ["suite.lua"] = [[
      ct.lxd { image = "here" } (function()
        require "cleantest.test" ("only", function() end)
      end)():all()]] }, { verbose = true })
    assert.equal(0, shown.status)
    assert.matches("\n       pass  only\n", shown.stdout)
  end)

  it("are no host's", function()
    local wrong = cleantest { ["suite.lua"] = [[
      require "cleantest.test" ("x", function() end)]] }
    assert.matches("cleantest%.test works inside an instance only", wrong.stderr)
    wrong = cleantest { ["suite.lua"] = [[
      ct.lxd { image = "here" } (function() require "cleantest.test" "x" end)():all()]] }
    assert.matches("suite%.lua:1: test: what is to be run must be a function, not nil",
      wrong.stdout)
  end)
end)
