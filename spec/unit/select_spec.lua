-- SPDX-License-Identifier: MIT
--
-- Which of the testlets there are the command runs, or lists.

local cjson = require "cjson"
local cleantest = require "spec.unit.support.command"
local cli = require "cleantest.command.cli"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local HEAD <const> = [[
  local function on(name, options, testlet)
    options.name, options.image = name, options.image or { "debian-12", "debian-13" }
    return ct.lxd(options)(testlet or function() end)
  end
]]

-- Four testlets, 10 jobs.
local DECLARED <const> = HEAD .. [[
  return {
    on("install", { tags = { "package", "slow" }, matrix = { db = { "pg", "sqlite" } } }),
    on("remove", { tags = "package" }), on("serve", { tags = "net" }), on("install-docs", {}),
  }]]

-- The same name on one image, called twice; and one more.
local LOOPS <const> = HEAD .. [[
  local one, two = on("one", { image = "here" }), on("two", { image = "here" })
  for _ in one() do end
  for _ in one() do end
  two():all()]]

local function select(options, files)
  return cleantest(files or { ["suite.lua"] = DECLARED }, options)
end

local function count(text, pattern)
  local found = 0
  for _ in text:gmatch(pattern) do found = found + 1 end
  return found
end

local function listed(options)
  options.list = "ids"
  return count(select(options).stdout, "suite%.lua::")
end

describe("a selection", function()
  it("is by words in ids and tags, with and, or, not and parentheses", function()
    for expression, ids in pairs {
      ["serve"] = { "serve@debian-12", "serve@debian-13" },
      ["INSTALL and not slow and 12"] = { "install-docs@debian-12" },
      ["db=pg and debian-13"] = { "install[db=pg]@debian-13" },
      ["(net or remove) and not (debian-13)"] = { "remove@debian-12", "serve@debian-12" },
      ["not package and not net and not 12"] = { "install-docs@debian-13" },
    } do
      local got = select { keyword = expression }
      assert.same(ids, got.ids)
      assert.equal(0, got.status, got.stderr)
      assert.matches(("%d of 10 selected: %d passed"):format(#ids, #ids), got.stdout)
    end
  end)

  it("is by tags", function()
    assert.equal(6, listed({ tag = { "package" } }))
    assert.equal(8, listed({ tag = { "slow,net", "package" } }))
    assert.equal(4, listed({ tag = { "slow,net", "package" }, exclude_tag = { "slow" } }))
    assert.equal(4, listed({ exclude_tag = { "package" } }))
  end)

  it("is by images", function()
    assert.equal(5, listed({ image = { "debian-12" } }))
    assert.equal(10, listed({ image = { "debian-12,*-13" } }))
    assert.equal(10, listed({ image = { "debian-1?" } }))
  end)

  it("is by a path and what an id looks like, and plain words just work", function()
    for glob, wanted in pairs {
      install = 4, ["install*"] = 6, ["install[db=pg]"] = 2, ["install@debian-12"] = 2,
      ["install[db=pg]@debian-12"] = 1, ["*@debian-12"] = 5, ["*"] = 10,
    } do
      assert.equal(wanted, listed({ suites = { "suite.lua::" .. glob } }), glob)
    end
    assert.equal(6, listed({ suites = { "suite.lua::install", "suite.lua::serve" } }))
    assert.equal(10, listed({ suites = { "suite.lua::install", "suite.lua" } }))
  end)

  it("of all is not spoken of", function()
    assert.is_nil(select({ keyword = "debian" }).stdout:find "selected")
    assert.is_nil(select({}).stdout:find "selected")
  end)

  it("holds for the calls of a suite that loops by itself, whose ids stay the same", function()
    local files = { ["suite.lua"] = LOOPS }
    assert.same({ "one@here", "one@here#2", "two@here" }, select({}, files).ids)
    local got = select({ suites = { "suite.lua::one@here#2" } }, files)
    assert.same({ "one@here#2" }, got.ids)
    assert.matches("1 of 3 selected: 1 passed", got.stdout)
    assert.same({ "two@here" }, select({ keyword = "two" }, files).ids)
  end)

  it("ends a suite where it needs what is not selected, without blame", function()
    local got = select({ keyword = "one" }, { ["suite.lua"] = HEAD .. [[
      local one, two = on("one", { image = "here" }), on("two", { image = "here" })
      one():all()
      print(two():only().stdout)
      one():all()]] })
    assert.same({ "one@here" }, got.ids)
    assert.equal(0, got.status, got.stderr)
    assert.matches("suite%.lua:%d+: it needs a result that is not selected; nothing after",
      got.stdout)
  end)
end)

describe("what is selected, and is not there,", function()
  local function refused(pattern, options, files)
    local got = select(options, files)
    assert.equal(2, got.status, got.stdout)
    assert.matches(pattern, got.stderr)
    assert.equal("", got.stdout)
    assert.equal(0, #got.jobs)
  end

  it("is refused before anything starts, with the nearest word", function()
    refused("%-t: no testlet has the tag 'pakage' %(did you mean 'package'%?%)",
      { tag = { "net,pakage" } })
    refused("%-%-exclude%-tag: no testlet has the tag 'slwo' %(did you mean 'slow'%?%)",
      { exclude_tag = { "slwo" } })
    refused("%-%-image: no testlet is for the image 'debian%-11' %(did you mean 'debian%-12'%?%)",
      { image = { "debian-11" } })
    refused("there is no testlet 'sreve' %(did you mean 'serve'%?%)",
      { suites = { "suite.lua::sreve" } })
    refused("siute%.lua: No such file or directory %(did you mean 'suite%.lua'%?%)",
      { suites = { "siute.lua" } })
    refused("nothing is behind the '::'", { suites = { "suite.lua::" } })
    refused("%-t: no testlet has the tag 'x'", { tag = { "x" } }, { ["suite.lua"] = LOOPS })
  end)

  it("may be in a suite that can't be listed to its end", function()
    local got = select({ tag = { "late" } }, { ["suite.lua"] = HEAD .. [[
      if on("one", { image = "here" })():all()[1].status then return end
      on("late", { image = "here", tags = "late" })()]] })
    assert.equal(1, got.status)
    assert.matches("attempt to index a nil value", got.stderr)
  end)

  it("is nothing when a pattern matches nothing, and the exit status is --no-tests' to say",
    function()
      assert.equal(3, select({ image = { "x*" } }).status)
      local got = select { keyword = "nobody" }
      assert.equal(3, got.status)
      assert.matches("nothing ran: 0 of 10 selected", got.stdout)
      assert.equal(3, select({ keyword = "nobody", no_tests = "fail" }).status)
      got = select { keyword = "nobody", no_tests = "warn" }
      assert.equal(0, got.status)
      assert.matches("note   nothing was run", got.stdout)
      assert.equal(0, select({ keyword = "nobody", no_tests = "pass" }).status)
    end)

  it("is told of an expression that can't be read", function()
    for expression, wrong in pairs {
      ["a b"] = "'and' or 'or' is wanted before 'b'", ["a and"] = "a word is wanted at its end",
      ["(a"] = "a '%)' is wanted at its end", ["or a"] = "a word is wanted before 'or'",
      ["a)"] = "'and' or 'or' is wanted before '%)'",
    } do refused("%-k '.-': " .. wrong, { keyword = expression }) end
  end)
end)

describe("a folder", function()
  local files = {
    ["web_suite.lua"] = HEAD .. 'return { on("web", { image = "here" }) }',
    ["other.lua"] = "error 'not a suite'",
    ["suites/a.lua"] = HEAD .. 'return { on("a", { image = "here" }) }',
    ["suites/lib/b.lua"] = "error 'not a suite'",
    ["deep/er/c_suite.lua"] = HEAD .. 'return { on("c", { image = "here" }) }',
    [".hidden/d_suite.lua"] = "error 'hidden'",
  }

  it("stands for its *_suite.lua and suites/*.lua, in order", function()
    assert.same({ "c@here", "a@here", "web@here" }, select({ suites = { "." } }, files).ids)
    assert.same({ "a@here" }, select({ suites = { "suites" } }, files).ids)
    assert.same({ "a@here" }, select({ suites = { "suites/" } }, files).ids)
    assert.same({ "web@here" }, select({ suites = { ".::w*" } }, files).ids)
  end)

  it("is not left by a link", function()
    local suite = 'local ct = require "cleantest" ' .. files["web_suite.lua"]
    local folder <close> = new_folder { ["a/x_suite.lua"] = suite }
    process.output { "ln", "-s", "..", folder:at "a/up" }
    local got = select({ suites = { "." }, keep = folder, list = "ids" }, {})
    assert.equal(1, count(got.stdout, "::"))
  end)

  it("without any is nothing to run", function()
    assert.equal(3, select({ suites = { ".hidden/empty" } },
      { [".hidden/empty/x.txt"] = "" }).status)
  end)
end)

describe("--list", function()
  it("shows ids, and runs nothing", function()
    local got = select { list = "ids" }
    assert.equal(0, #got.jobs)
    assert.equal(10, count(got.stdout, "suite%.lua::[^\n]*\n"))
    assert.equal("", got.stderr)
    got = select { list = "ids", keyword = "serve" }
    assert.matches("^[^\n]*suite%.lua::serve@debian%-12\n[^\n]*suite%.lua::serve@debian%-13\n$",
      got.stdout)
    assert.matches("2 of 10 selected", got.stderr)
    assert.equal(3, select({ list = "ids", keyword = "nobody" }).status)
  end)

  it("shows JSON, for tools", function()
    local got = select { list = "json", keyword = "db=pg and 12 or serve and 13" }
    local list = cjson.decode(got.stdout)
    assert.equal(2, #list)
    assert.same({ "install", "debian-12", "pg", "package", 1 }, { list[1].testlet, list[1].image,
      list[1].matrix.db, list[1].tags[1], list[2].line and 1 })
    assert.matches("suite%.lua$", list[1].file)
    assert.matches('"tags":%[%]', select({ list = "json", keyword = "docs" }).stdout)
  end)

  it("says up to where a suite could be listed, and is silent otherwise", function()
    local got = select({ list = "ids" }, { ["suite.lua"] = HEAD .. [[
      print "loud"
      io.write "loud"
      on("one", { image = "here" })():only()]] })
    assert.equal(0, got.status)
    assert.matches("^[^\n]*suite%.lua::one@here\n$", got.stdout)
    assert.matches("it could not be listed to its end: .*suite%.lua:%d+: it needs a result",
      got.stderr)
    assert.equal(2, select({ list = "ids" }, { ["suite.lua"] = "x = = 1" }).status)
  end)

  it("needs no daemon, and may be said without how", function()
    assert.equal("ids", cli.parse({ "--list", "a.lua" }).options.list)
    assert.equal("json", cli.parse({ "--list=json", "a.lua" }).options.list)
    local _, message = cli.parse { "--list=xml", "a.lua" }
    assert.matches("%-%-list must be ids or json, not 'xml'", message)
    local folder <close> = new_folder { ["many_suite.lua"] = [[
      local ct, list = require "cleantest", {}
      for i = 1, 500 do
        list[i] = ct.lxd { name = "t" .. i, image = { "a", "b" }, tags = "x" } (function() end)
      end
      return list]] }
    local ran = process.run({ "cleantest", "--list", "." },
      { cwd = folder.path, env = { LXD_DIR = "/nonexistent" } })
    assert.equal(0, ran.status, ran.stderr)
    assert.equal(1000, count(ran.stdout, "many_suite%.lua::[^\n]*\n"))
  end)
end)
