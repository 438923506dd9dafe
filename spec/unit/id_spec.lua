-- SPDX-License-Identifier: MIT
--
-- What a result is called from run to run, and the variants of a testlet.

local core = require "cleantest.core"
local ct = require "cleantest"
local declared = require "cleantest.call.declared"
local ids = require "cleantest.call.ids"
local local_guest = require "spec.unit.support.local_guest"
local new_folder = require "spec.support.folder"
require "spec.unit.support.refuses"

setup(local_guest.use)

local function on(options, testlet)
  options.image = options.image or "here"
  return ct.lxd(options)(testlet or function() end)
end

local function ids_of(list)
  local found = {}
  for i, one in ipairs(list) do found[i] = one.id end
  return found
end

describe("a result's id", function()
  local HERE <const> = "spec/unit/id_spec.lua"

  it("is made of the suite's path, the testlet, the variant and the image", function()
    local all = on({ name = "install", image = { "a", "b" }, matrix = { db = "pg" } })():all()
    assert.same({ HERE .. "::install[db=pg]@a", HERE .. "::install[db=pg]@b" }, ids_of(all))
  end)

  it("has a number where it would be another's", function()
    local testlet = on { name = "twice" }
    assert.equal(HERE .. "::twice@here", testlet():only().id)
    assert.equal(HERE .. "::twice@here#2", testlet():only().id)
    assert.equal(HERE .. "::twice@here#3", ct.run({ twice = testlet }):only().id)
  end)

  it("goes with what else tells whose result it is", function()
    local seen = {}
    local skip = function(job) seen = job return "not now" end
    local options = { name = "all", matrix = { n = { 1, 2 } }, tags = { "slow", "net" } }
    for name, result in on(options)() do
      assert.equal(("all[n=%d]-here"):format(result.matrix.n), name)
      assert.equal(name, result.name)
      assert.equal("all", result.testlet)
      assert.equal("here", result.image)
      assert.same({ "slow", "net" }, result.tags)
      assert.equal(1, result.attempts)
    end
    options = { name = "left", matrix = { n = 1.0 }, tags = "slow", skip = skip }
    local result = on(options)():only()
    assert.same({ n = 1 }, result.matrix)
    assert.same({ HERE .. "::left[n=1]@here", "left", "here", 1, "slow" },
      { seen.id, seen.name, seen.image, seen.matrix.n, seen.tags[1] })
    assert.equal(seen.id, result.id)
    assert.equal("skip", result.status)
    result = on {}():only()
    assert.same({ {}, {} }, { result.matrix, result.tags })
  end)

  it("has the path from the project's root, wherever the command was started", function()
    local folder <close> = new_folder {
      [".git/HEAD"] = "", ["a/b/suite.lua"] = "", ["a/c/.cleantest.lua"] = "",
      ["a/c/suite.lua"] = "",
    }
    assert.equal("a/b/suite.lua", ids.path(folder:at "a/b/suite.lua"))
    assert.equal("a/b/suite.lua", ids.path(folder:at "a/../a//b/./suite.lua"))
    assert.equal("suite.lua", ids.path(folder:at "a/c/suite.lua"))
    local none <close> = new_folder { ["suite.lua"] = "" }
    assert.equal(core.absolute(none.path) .. "/suite.lua", ids.path(none:at "suite.lua"))
    assert.equal("-", ids.path(nil))
  end)
end)

describe("a matrix", function()
  local function variants(matrix)
    local found = {}
    for i, one in ipairs(on({ matrix = matrix })():all()) do
      found[i] = one.id:match "%[.*%]" or ""
    end
    return found
  end

  it("has a job for each combination, in the order of its names", function()
    assert.same({ "[db=pg,from=1]", "[db=pg,from=2]", "[db=sqlite,from=1]", "[db=sqlite,from=2]" },
      variants { from = { 1, 2 }, db = { "pg", "sqlite" } })
    assert.same({ "[tls=true]", "[tls=false]" }, variants { tls = { true, false } })
    assert.same({ "" }, variants {})
  end)

  it("has names and values that can stand in an id", function()
    local function refuses(message, matrix)
      assert.refuses("ct.lxd: matrix" .. message, function()
        ct.lxd { image = "x", matrix = matrix }
      end)
    end
    refuses(": 'a b' can't be a name", { ["a b"] = 1 })
    refuses(": 1 can't be a name", { "pg" })
    refuses(": db must be a number, a boolean, or a word", { db = "a b" })
    refuses(": db%[2%] must be .*, not 'a,b'", { db = { "pg", "a,b" } })
    refuses(": db must be .*, not a function", { db = print })
    refuses(": db must have at least one value", { db = {} })
    refuses(": db has 'pg' twice", { db = { "pg", "pg" } })
    refuses(": DB and db differ in case only; as variables they are CLEANTEST_MATRIX_DB",
      { db = 1, DB = 2 })
    refuses(" must be a table, not 'x'", "x")
  end)
end)

describe("names", function()
  it("and tags are told in one line", function()
    assert.refuses("ct.lxd: name must not have control characters in it", function()
      ct.lxd { image = "x", name = "a\nb" }
    end)
    assert.refuses("ct.lxd: tags%[2%] must not have blanks or commas in it: 'a b'", function()
      ct.lxd { image = "x", tags = { "slow", "a b" } }
    end)
  end)
end)

describe("a suite that is listed", function()
  local function list(suite, files)
    local folder <close> = new_folder(files)
    folder:write(".git/HEAD", "")
    folder:write("suite.lua", 'local ct = require "cleantest" ' .. suite)
    local_guest.jobs = {}
    local jobs, message = declared.list(folder:at "suite.lua")
    assert.equal(0, #local_guest.jobs)
    return jobs, message
  end

  it("says what it has declared, and starts nothing", function()
    local jobs, message = list [[
      local function on(name, options)
        options.name, options.image = name, options.image or "here"
        options.hooks = {}
        local testlet = ct.lxd(options)(function() end)
        return testlet
      end
      return {
        on("first", { image = { "a", "b" }, tags = "slow" }),
        second = on("x", { matrix = { db = { "pg", "sqlite" } }, skip = "no" }),
      }]]
    assert.is_nil(message)
    assert.same({
      "suite.lua::first@a", "suite.lua::first@b", "suite.lua::second[db=pg]@here",
      "suite.lua::second[db=sqlite]@here",
    }, ids_of(jobs))
    assert.same({ "slow" }, jobs[1].tags)
    assert.same({ "b", "first" }, { jobs[2].image, jobs[2].testlet_name })
    assert.same({ { db = "sqlite" }, "no" }, { jobs[4].matrix, jobs[4].verdict.skip })
    assert.matches("suite%.lua:4$", jobs[1].position)
  end)

  it("says what its own loops would run", function()
    local jobs, message = list [[
      local t = ct.lxd { image = "here" } (function() end)
      for name, result in t() do error(name) end
      local call = ct.run { t, other = t }
      call:wait():all()
      t():cancel()]]
    assert.is_nil(message)
    assert.same({ "suite.lua::test@here", "suite.lua::test@here#2", "suite.lua::other@here",
      "suite.lua::test@here#3" }, ids_of(jobs))
  end)

  it("says up to where it could be listed", function()
    local jobs, message = list [[
      local t = ct.lxd { image = "here" } (function() end)
      t()
      print(t():only().status)]]
    assert.equal(2, #jobs)
    assert.matches("suite%.lua:3: it needs a result", message)
    jobs, message = list [[ct.archon():add("a", "here")]]
    assert.same({}, jobs)
    assert.matches("suite%.lua:1: it directs instances by hand", message)
    jobs, message = list "return 7"
    assert.same({}, jobs)
    assert.matches("what the suite returns must be a table of testlets, not 7", message)
  end)

  it("leaves nothing behind: not its numbers, hooks or globals", function()
    local suite = [[
      ct.configure("lxd"):register_hook(ct.hook.start_env { name = "x" })
      ct.env:add { A = 1 }
      left = require "lib"
      os.exit(3)]]
    for _ = 1, 2 do
      local jobs, message = list("ct.lxd { image = 'here' } (function() end)() " .. suite,
        { ["lib.lua"] = "return 7" })
      assert.is_nil(message)
      assert.same({ "suite.lua::test@here" }, ids_of(jobs))
    end
    assert.same({ {}, false }, { ct.env:dump(), package.loaded.lib or false })
    assert.is_nil(rawget(_G, "left"))
  end)
end)

describe("a suite that is loaded", function()
  it("can be run in part", function()
    local folder <close> = new_folder {
      [".git/HEAD"] = "",
      ["suite.lua"] = [[
        local ct = require "cleantest"
        local function on(image) return ct.lxd { image = image } end
        return {
          one = on { "a", "b" } (function(word) print(word) end), two = on "c" (function() end),
        }, { args = { "hello" }, num_threads = 3 }]],
    }
    local suite <close> = declared.open(folder:at "suite.lua")
    assert.is_true(suite:load())
    local all = suite:start({ suite.jobs[2], suite.jobs[3] }):all()
    assert.same({ "suite.lua::one@b", "suite.lua::two@c" }, ids_of(all))
    assert.equal("hello\n", all[1].stdout)
    assert.equal(3, local_guest.max_live)
  end)

  it("says what is wrong with its file", function()
    local folder <close> = new_folder { ["suite.lua"] = "return +", ["bad.lua"] = "error 'no'" }
    local suite <close> = declared.open(folder:at "suite.lua")
    local ok, message, unloadable = suite:load()
    assert.same({ false, true }, { ok, unloadable })
    assert.matches("unexpected symbol", message)
    suite:close()
    local bad <close> = declared.open(folder:at "bad.lua")
    ok, message, unloadable = bad:load()
    assert.is_false(ok)
    assert.is_nil(unloadable)
    assert.matches("bad%.lua:1: no", message)
  end)
end)
