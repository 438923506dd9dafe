-- SPDX-License-Identifier: MIT
--
-- Testlets as busted's tests. Each file here is run by a busted of its own.

local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local HEAD <const> = [[
local on = require "cleantest.busted"
local ct = require "cleantest"
local local_guest = require "spec.unit.support.local_guest"
local_guest.use()
]]

-- Runs busted over files, each with the head before it. Returns what it printed: TAP, where the
-- options say nothing else.
local function busted(files, ...)
  local all = {}
  for name, text in pairs(files) do all[name] = HEAD .. text end
  local folder <close> = new_folder(all)
  local command = ([[lua5.4 "$(command -v busted)" --pattern=_spec -o TAP %s %s 2>&1]])
    :format(table.concat({ ... }, " "), folder.path)
  return process.run(command, { deadline = 60 }).stdout
end

describe("on", function()
  it("makes a test of each image and variant, which has the result's verdict", function()
    local said = busted { ["a_spec.lua"] = [[
      on({ image = { "x", "y" }, matrix = { db = "pg" } }, "installs", function() end)
      on({ image = "x" }, "fails", function() io.stderr:write "oh\n" os.exit(3) end)
      describe("inside", function()
        on({ image = "x", skip = "no time" }, "skipped", function() end)
        on({ image = "x" }, "skips", function() require("cleantest.job").skip "not here" end)
        on({ image = "x", xfail = "bug 7" }, "known", function() os.exit(1) end)
        it("is a test like others", function() end)
      end)]] }
    assert.matches("^ok 1 %- installs%[db=pg%] on x\nok 2 %- installs%[db=pg%] on y\n", said)
    assert.matches("not ok 3 %- fails on x\n# %S*a_spec.lua @ 6\n"
      .. "# Failure message: %S*a_spec.lua:6: fails%-x: fail: exit code 3\n#   | oh\n", said)
    assert.matches("ok 4 %- # SKIP %S*a_spec.lua:8: no time\n", said)
    assert.matches("ok 5 %- # SKIP %S*a_spec.lua:9: not here\n", said)
    assert.matches("ok 6 %- # SKIP %S*a_spec.lua:10: known to fail: bug 7\n", said)
    assert.matches("ok 7 %- inside is a test like others\n1..7\n", said)
  end)

  it("starts all of a file together, and nothing that is filtered out", function()
    local files = { ["a_spec.lua"] = [[
      on({ image = { "x", "y" }, num_threads = 7 }, "one", function() end)
      describe("inside", function()
        on({ image = "x" }, "two", function() end)
        on({ image = "x" }, "three", function() end)
      end)
      on({ image = "x" }, "four", function() end)
      after_each(function() print("# started:", #local_guest.jobs, local_guest.max_live) end)]] }
    local function started(...)
      local counts = {}
      for count in busted(files, ...):gmatch "# started:\t(%d+)" do
        counts[#counts + 1] = tonumber(count)
      end
      return counts
    end
    assert.same({ 3, 3, 5, 5, 5 }, started())
    assert.same({ 3, 3, 4, 4 }, started "--filter-out=two")
    assert.same({ 1 }, started "--filter=three")
  end)

  it("is an error where the environment broke, for each test of it", function()
    local said = busted({ ["a_spec.lua"] = [[
      require("cleantest.core").run_open = function() return nil, "nobody answers", "CONNECT" end
      on({ image = { "x", "y" } }, "one", function() end)]] }, "-o", "plainTerminal")
    assert.matches("0 successes / 0 failures / 2 errors / 0 pending", said)
    for _, image in ipairs { "x", "y" } do
      assert.matches(("a_spec.lua:6: one%%-%s: error: nobody answers"):format(image), said)
    end
    said = busted { ["a_spec.lua"] = [[
      on({ image = { "x", "y" } }, "one", function() end)
      local shared = io.tmpfile()
      on({ image = "x" }, "two", function() return shared end)]] }
    assert.equal(3, select(2, said:gsub("the function can't travel", "")))
  end)

  it("has nothing of another file's hooks, variables and settings", function()
    local files = {
      ["a_spec.lua"] = [[
        ct.configure("lxd", { client = { project = "x" } })
          :register_hook(ct.hook.start_env { name = "of-a" })
        ct.configure("lxd"):add_instance { name = "mine", image = "x" }
        ct.env:add { OF_A = 1 }
        on({ image = "mine" }, "a", function() assert(os.getenv "OF_A") end)]],
      ["b_spec.lua"] = [[
        ct.configure("lxd"):register_hook(ct.hook.start_env { name = "of-a" })
        ct.configure("lxd"):add_instance { name = "mine", image = "x" }
        on({ image = "x" }, "b", function() assert(not os.getenv "OF_A") end)
        it("is alone", function()
          assert.same({}, require("cleantest.config").settings(ct.configure "lxd"))
        end)]],
    }
    assert.matches("ok 1 %- a on mine\nok 2 %- b on x\nok 3 %- is alone\n1..3", busted(files))
    assert.matches("ok 1 %- a on mine\nok 2 %- b on x\nok 3 %- is alone\n1..3",
      busted(files, "--no-auto-insulate"))
  end)

  it("refuses what is wrong, at its line", function()
    for text, message in pairs {
      ['on("x", "y", print)'] = "on: the options must be a table",
      ['on({ image = "x" }, function() end)'] = "on: the name must be a string",
      ['on({ image = "x", name = "y" }, "z", function() end)'] =
        "on: the name stands behind the options",
      ['on({ image = "x" }, "y")'] = "on: the testlet must be a function",
      ['on({ imag = "x" }, "y", function() end)'] = "on: unknown option 'imag'",
    } do
      assert.matches("a_spec.lua:5: " .. message, busted { ["a_spec.lua"] = text })
    end
  end)
end)

describe("another Lua than 5.4", function()
  it("is told what is needed by the first line", function()
    local folder <close> = new_folder { ["a_spec.lua"] = 'require "cleantest.busted"' }
    local command = "lua5.1 $(command -v busted) --pattern=_spec -o TAP " .. folder.path
    assert.matches("cleantest needs Lua 5%.4, and this is Lua 5%.1; run busted as: lua5%.4",
      process.run(command, { deadline = 60 }).stdout)
    local said = process.run("lua5.1 -e 'require \"cleantest\"' 2>&1", { deadline = 60 }).stdout
    assert.matches("^lua5.1: cleantest needs Lua 5%.4, and this is Lua 5%.1; run it with lua5%.4\n",
      said)
  end)
end)
