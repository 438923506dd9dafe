-- SPDX-License-Identifier: MIT
--
-- What travels with a testlet: its values, the modules it uses, what it knows by name; and what is
-- refused, with what to do instead.

local cleantest = require "spec.unit.support.command"

-- Runs a suite with one testlet; returns its result's line, and what it printed.
local function run(testlet, files)
  local all = {
    ["suite.lua"] = testlet .. [[

      for _, r in ct.lxd { image = "here" } (testlet)() do
        result = r
        local file <close> = io.open("]] .. "@PATH@" .. [[", "w")
        file:write(r.status, "|", r.stdout, "|", r.stderr)
      end]],
  }
  for name, text in pairs(files or {}) do all[name] = text end
  local path = os.tmpname()
  all["suite.lua"] = all["suite.lua"]:gsub("@PATH@", path)
  local got = cleantest(all)
  local file <close> = assert(io.open(path))
  local status, stdout, stderr = file:read("a"):match "^(.-)|(.*)|(.*)$"
  os.remove(path)
  return { status = status, stdout = stdout, stderr = stderr, of_command = got }
end

local function prints(expected, testlet, files)
  local got = run(testlet, files)
  assert.equal("pass", got.status, (got.stderr or "") .. got.of_command.stderr)
  assert.equal(expected, got.stdout)
end

describe("a testlet", function()
  it("has what is standard under the suite's names for it", function()
    prints("b 3 2 x\n", [[
      local format, tbl, json, exit, lib = string.format, table, require "cjson", os.exit, _G
      local out = io.stdout
      function testlet()
        local list = { "a", "b" }
        out:write(format("%s %d %s ", tbl.remove(list), 3, json.encode { 1, 2 }:match "2"))
        lib.print "x"
        exit(0)
      end]])
  end)

  it("has the guest's utilities, wherever they were required", function()
    prints("hello\n", [[
      local run = require "cleantest.utils.run"
      function testlet() io.write(run("echo hello").stdout) end]])
  end)

  it("takes the suite's own modules along: classes, and modules that require others", function()
    prints("7 of Point, deep\n", [[
      local Point = require "lib.point"
      function testlet()
        local p <const> = Point.new(3, 4)
        print(p:sum() .. " of " .. p.kind .. ", " .. require("lib.deep").word)
      end]], {
      ["lib/point.lua"] = [[
        local deep = require "lib.deep"
        local Point = { kind = "Point" }
        Point.__index = Point
        setmetatable(Point, { __call = function(_, ...) return Point.new(...) end })
        function Point.new(x, y) return setmetatable({ x = x, y = y }, Point) end
        function Point:sum() return self.x + self.y end
        return Point]],
      ["lib/deep.lua"] = "return { word = 'deep' }",
    })
  end)

  it("finds modules that it requires by itself, with their own lines in errors", function()
    local got = run([[
      function testlet() require "lib.bad".go() end]], {
      ["lib/bad.lua"] = "local bad = {}\nfunction bad.go()\n  error 'no way'\nend\nreturn bad",
    })
    assert.equal("fail", got.status)
    assert.matches("lib/bad%.lua:3: no way", got.stderr)
  end)

  it("sees one table where the suite has one, cycles too", function()
    prints("true\ttrue\ttrue\n", [[
      local shared = { n = 1 }
      local one, other = { shared }, { shared }
      local loop = {}
      loop.self = loop
      function testlet()
        one[1].n = 2
        print(other[1].n == 2, one[1] == other[1], loop.self == loop)
      end]])
  end)

  it("that returns nil or false and a message has failed with it", function()
    for _, first in ipairs { "nil", "false" } do
      local got = run("function testlet() return " .. first .. ", 'no such file' end")
      assert.equal("fail", got.status)
      assert.equal("no such file\n", got.stderr)
    end
    assert.equal("pass", run("function testlet() return nil end").status)
    assert.equal("pass", run("function testlet() return 'x', 'y' end").status)
  end)

  it("may skip itself, with a reason", function()
    local got = run [[
      local skip = require "cleantest.utils.skip"
      function testlet() skip "no systemd here" end]]
    assert.equal("skip", got.status)
    assert.matches("skip   test%-here  no systemd here", got.of_command.stdout)
  end)
end)

describe("what can't travel", function()
  local function refusal(suite, files)
    local all = { ["suite.lua"] = suite }
    for name, text in pairs(files or {}) do all[name] = text end
    local got = cleantest(all)
    assert.equal(1, got.status)
    return got.stderr
  end

  it("is refused by name, with what to do instead", function()
    local said = refusal [[
      local lfs = require "lfs"
      ct.lxd { image = "here" } (function() return lfs.currentdir() end)()]]
    assert.matches("suite%.lua:2: .*the module 'lfs' can't travel", said)
    assert.matches("require it inside the testlet", said)
  end)

  it("is a global of the suite, of whatever function that is used", function()
    local said = refusal [[
      function helper() return 7 end
      limit = 3
      local function check() return limit end
      ct.lxd { image = "here" } (function() return helper() + check() end)()]]
    assert.matches("suite%.lua:4: test: the testlet uses what is global in the suite, and not in"
      .. " the instance: helper, limit; make it local", said)
  end)

  it("is what is global in a table of the suite's own", function()
    local said = refusal [[
      local _ENV = setmetatable({ limit = false }, { __index = _G })
      function helper() return limit end
      ct.lxd { image = "here" } (function() return helper() end)()]]
    assert.matches("suite%.lua:3: test: the testlet uses what is global in the suite, and not in"
      .. " the instance: helper, limit; make it local", said)
  end)

  it("is said of the instance's utilities, when the suite uses them here", function()
    local said = refusal [[
      require "cleantest.utils.run" "true"]]
    assert.matches("suite%.lua:1: cleantest%.utils%.run works inside an instance only", said)
    said = refusal [[
      require "cleantest.utils.runn"]]
    assert.matches("no module 'cleantest%.utils%.runn' inside an instance", said)
  end)
end)

describe("the stand-ins", function()
  it("are those of the modules there are", function()
    local inside = require "cleantest.inside"
    local private = {
      arguments = true, manager = true, owners = true, package_tool = true, rpm = true,
      snap_object = true, snapd = true,
    }
    local pipe <close> = io.popen "ls lua/guest/cleantest/utils"
    local count = 0
    for file in pipe:lines() do
      local name = file:match "^(.*)%.lua$"
      assert.equal(not private[name], inside.utils[name] or false, name)
      count = count + 1
    end
    assert.is_true(count > 10)
  end)
end)

describe("a function without names of its own", function()
  it("has the guest's globals all the same", function()
    prints("function 3\n", [[
      local code = string.dump(load "print(type(print) .. ' ' .. 3)", true)
      testlet = load(code, "stripped", "b")]])
  end)
end)
