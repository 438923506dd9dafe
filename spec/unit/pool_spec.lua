-- SPDX-License-Identifier: MIT
--
-- The testlets of all declared suites run in one pool, and suites that loop by themselves before
-- them, one after the other.

local cleantest = require "spec.unit.support.command"

local HEAD <const> = [[
  local function on(name, options, testlet)
    options.name, options.image = name, options.image or "here"
    return ct.lxd(options)(testlet or function() end)
  end
]]

local function run(files, options)
  options = options or {}
  options.suites = options.suites or { "." }
  local suites = {}
  for name, text in pairs(files) do
    suites[name] = name:find "_suite%.lua$" and HEAD .. text or text
  end
  return cleantest(suites, options)
end

describe("many suites", function()
  it("loop one after the other, and then all that is declared runs", function()
    local got = run {
      ["a_suite.lua"] = [[return { on("a", {}) }, { num_threads = 3 }]],
      ["b_suite.lua"] = [[for _ in on("b", {})() do end]],
      ["c_suite.lua"] = [[return { on("c", {}), on("d", {}) }, { num_threads = 5 }]],
      ["e_suite.lua"] = [[on("e", {})():all()]],
    }
    assert.equal(0, got.status, got.stderr)
    assert.same({ "b@here", "e@here", "a@here", "c@here", "d@here" }, got.ids)
    assert.same({ 5, 3 }, { got.max_live, got.batches })
  end)

  it("have their results called by their ids where these come mixed", function()
    local files = {
      ["a_suite.lua"] = [[return { on("same", {}) }]],
      ["b_suite.lua"] = [[return { on("same", {}) }]],
      ["c_suite.lua"] = [[for _ in on("same", {})() do end]],
    }
    local got = run(files)
    assert.matches("pass   [^\n]*a_suite%.lua::same@here", got.stdout)
    assert.matches("pass   [^\n]*b_suite%.lua::same@here", got.stdout)
    assert.matches("pass   same%-here", got.stdout)
    got = run(files, { suites = { "a_suite.lua" } })
    assert.matches("pass   same%-here", got.stdout)
  end)

  it("each have their own hooks, variables, modules and globals, to the end", function()
    local function suite(letter)
      return ([[
        ct.env:add { LETTER = "X" }
        ct.configure("lxd"):register_hook(ct.hook.start_env { name = "hook-X" })
        letter = require "lib.X"
        return { on("x", {
          expect = function(result)
            return result.stdout == letter .. "\n" and letter == require "lib.X"
          end,
          skip = function() return letter ~= "X" and "not my globals" end,
        }, function() print(os.getenv "LETTER") end) }]]):gsub("X", letter)
    end
    local got = run {
      ["a_suite.lua"] = suite "a", ["b_suite.lua"] = suite "b",
      ["lib/a.lua"] = "return 'a'", ["lib/b.lua"] = "return 'b'",
    }
    assert.equal(0, got.status, got.stdout)
    assert.matches("2 passed", got.stdout)
    assert.equal(1, got.batches)
    assert.is_nil(rawget(_G, "letter"))
    assert.is_nil(package.loaded["lib.a"])
  end)

  it("go on where one can't be loaded, raises, or asks for an exit status", function()
    local got = run {
      ["a_suite.lua"] = [[return { on("a", {}) }]], ["b_suite.lua"] = "x = = 1",
      ["c_suite.lua"] = "error 'no'", ["d_suite.lua"] = [[return { on("d", {}) }]],
      ["e_suite.lua"] = "os.exit(3)",
      ["f_suite.lua"] = [[return { on("f", {}, function() return missing end) }, {}]]
    }
    assert.equal(2, got.status)
    assert.same({ "a@here", "d@here", "f@here" }, got.ids)
    assert.matches("b_suite%.lua:5: unexpected symbol", got.stderr)
    assert.matches("c_suite%.lua:5: no", got.stderr)
    assert.equal(1, run({ ["e_suite.lua"] = "os.exit(3)" }).status)
  end)

  it("are refused one by one where their testlets can't travel", function()
    local got = run {
      ["a_suite.lua"] = [[return { on("a", {}) }]],
      ["b_suite.lua"] = [[file = io.stderr return { on("b", {}, function() return file end) }]],
    }
    assert.equal(1, got.status)
    assert.same({ "a@here" }, got.ids)
    assert.matches("^error  [^\n]*b_suite%.lua:5: b: [^\n]*global in the suite[^\n]*\n$",
      got.stderr)
  end)

  it("have pools of their own where they run one at a time, or share instances", function()
    local got = run {
      ["a_suite.lua"] = [[return { on("a", {}) }, { parallel = false }]],
      ["b_suite.lua"] = [[return { on("b", {}) }, { num_threads = 7 }]],
    }
    assert.same({ "a@here", "b@here" }, got.ids)
    assert.same({ 7, 2 }, { got.max_live, got.batches })
    got = run {
      ["a_suite.lua"] = [[return { on("a", {}) }, { num_threads = 7 }]],
      ["b_suite.lua"] = [[return { on("b", {}) }, { isolation = "image", num_threads = 2 }]],
    }
    assert.equal(2, got.max_live)
  end)

  it("are selected from together", function()
    local files = {
      ["a_suite.lua"] = [[return { on("a", {}), on("b", { tags = "slow" }) }]],
      ["b_suite.lua"] = [[on("c", { tags = "slow" })():all() on("d", {})():all()]],
    }
    local got = run(files, { tag = { "slow" } })
    assert.same({ "c@here", "b@here" }, got.ids)
    assert.matches("2 of 4 selected: 2 passed", got.stdout)
    assert.same({ "a@here" }, run(files, { suites = { ".::a" } }).ids)
  end)
end)
