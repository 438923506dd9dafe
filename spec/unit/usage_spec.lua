-- SPDX-License-Identifier: MIT
--
-- What the command takes, and what its variables may say.

local cleantest = require "spec.unit.support.command"
local cli = require "cleantest.command.cli"
local process = require "spec.support.process"

local function refused(...)
  local parsed, message = cli.parse { ... }
  assert.is_nil(parsed)
  return message
end

describe("the command", function()
  it("takes options before and behind the name of what it is to do", function()
    for _, words in ipairs {
      { "a.lua", "-j", "2" }, { "-j", "2", "a.lua" }, { "run", "-j", "2", "a.lua" },
    } do
      local parsed = assert(cli.parse(words))
      assert.same({ "run", 2, { "a.lua" } },
        { parsed.command.name, parsed.options.jobs, parsed.options.suites })
    end
    assert.equal("clean", cli.parse({ "clean", "--project", "x" }).command.name)
    assert.matches("unknown option '%-j'", refused("clean", "-j", "2"))
  end)

  it("has its help in groups, and within 80 columns", function()
    for _, words in ipairs { { "--help" }, { "run", "--help" } } do
      for line in cli.parse(words).text:gmatch "[^\n]+" do
        assert.is_true(utf8.len(line) <= 80, line)
      end
    end
    local text = cli.parse({ "run", "--help" }).text
    for _, group in ipairs { "What is run:", "How it is run:", "What is told:", "A program" } do
      assert.matches("\n" .. group, text)
    end
  end)

  it("refuses what is no number, and an age without its unit", function()
    for _, count in ipairs { "0", "-1", "x", "2.5", "200000" } do
      assert.matches("%-j must be a positive integer", refused("-j" .. count, "a.lua"))
    end
    assert.matches("%-%-age must be a time with its unit, like '12h' or '7d', not '7'",
      refused("cache", "prune", "--age", "7"))
    assert.equal(7 * 86400, cli.parse({ "cache", "prune", "--age", "7d" }).options.base_age)
    assert.equal(2 << 30, cli.parse({ "cache", "prune", "--size", "2GiB" }).options.base_size)
  end)
end)

describe("a variable", function()
  local function run(name, value)
    local path = os.tmpname()
    local ran = process.run({ "cleantest", path }, { env = { [name] = value }, deadline = 60 })
    os.remove(path)
    return ran
  end

  it("that says nothing sensible is bad usage", function()
    for _, value in ipairs { "many", "0", "-1", "1.5" } do
      local ran = run("CLEANTEST_NUM_THREADS", value)
      assert.equal(2, ran.status)
      assert.matches("CLEANTEST_NUM_THREADS must be a positive integer, not '" .. value, ran.stderr,
        1, true)
    end
    local ran = run("CLEANTEST_FRESH", "maybe")
    assert.equal(2, ran.status)
    assert.matches("CLEANTEST_FRESH must be 1 or 0, not 'maybe'", ran.stderr)
  end)

  it("may be empty, and a suite that does nothing has run nothing", function()
    assert.equal(3, run("CLEANTEST_NUM_THREADS", "").status)
    assert.equal(3, run("CLEANTEST_FRESH", "").status)
  end)

  it("turns fresh on or off", function()
    local function is_fresh(value, options)
      local suite = [[
        local fresh = require "cleantest.call.fresh"
        local getenv = os.getenv
        os.getenv = function(name)
          if name == "CLEANTEST_FRESH" then return "]] .. value .. [[" end
          return getenv(name)
        end
        local ok, message = pcall(function() ct.lxd { image = "here" } (function() end)():all() end)
        os.getenv = getenv
        assert(ok, message)]]
      return cleantest({ ["suite.lua"] = suite }, options).jobs[1].fresh
    end
    for _, word in ipairs { "0", "false", "No", "off", "" } do assert.is_false(is_fresh(word)) end
    for _, word in ipairs { "1", "true", "YES", "on" } do assert.is_true(is_fresh(word)) end
    assert.is_true(is_fresh("0", { fresh = true }))
  end)
end)
