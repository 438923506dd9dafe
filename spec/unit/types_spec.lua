-- SPDX-License-Identifier: MIT
--
-- What lua/types declares for editors is what there is: no name is missing, and none is too many.

local ct = require "cleantest"
local inside = require "spec.unit.support.inside"
local local_guest = require "spec.unit.support.local_guest"
local modules_inside = require("cleantest.inside").utils
local tables = require "cleantest.tables"
local types = require "spec.support.types"

local classes, modules = types.classes(), types.modules()

setup(local_guest.use)

local function keys(members)
  local list = {}
  for name in pairs(members) do
    if not name:find "^__" then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

-- "ct.x: unknown option 'no_such'; the options are: a, b"
local function listed(message)
  local list = {}
  local names = message:match "are:? ([^:]*)$" or error("no list in: " .. message, 0)
  for name in names:gmatch "[%w_]+" do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function refusal(f)
  local ok, message = pcall(f, { no_such = 1 })
  return assert(not ok and message, "nothing was refused")
end

local function check_options(messages)
  for name, message in pairs(messages) do
    assert.same(listed(message), classes[name].fields, name)
  end
end

local function nothing() end

describe("the types of", function()
  it("the facade are its names", function()
    local declared = modules.cleantest
    assert.same(keys(ct), keys(declared))
    for _, part in ipairs { "hook", "data", "pkg" } do
      assert.same(keys(ct[part]), keys(declared[part]), part)
    end
    assert.same({ "target" }, keys(declared.lxd))
    assert.same(keys(ct.lxd), keys(declared.lxd))
    assert.is_true(classes["cleantest.Provider"].callable)
    assert.equal("function", type(modules["cleantest.busted"]))
  end)

  it("objects are their methods", function()
    local call <close> = ct.lxd { image = "here" } (nothing)()
    local objects = { Call = call, Env = ct.env, Archon = ct.archon() }
    for name, object in pairs(objects) do
      assert.same(keys(getmetatable(object).__index), classes["cleantest." .. name].methods, name)
    end
    local message = refusal(function() return ct.configure("lxd"):no_such() end)
    assert.same(listed(message), classes["cleantest.Config"].methods)
  end)

  it("a result are its fields", function()
    local class = classes["cleantest.Result"]
    local one = ct.lxd { image = "here" } (function() return 1 end)():only()
    local other = ct.lxd { image = "here", skip = "no" } (nothing)():only()
    for _, result in ipairs { one, other } do
      for name in pairs(result) do
        assert.is_not_nil(class.optional[name], name .. " is not declared")
      end
    end
    for name, optional in pairs(class.optional) do
      assert.is_true(optional or one[name] ~= nil, name .. " is not there")
    end
  end)

  it("what a suite calls are its options", function()
    check_options {
      ["cleantest.LxdOptions"] = refusal(ct.lxd),
      ["cleantest.TargetOptions"] = refusal(function(given) ct.lxd.target("here", given) end),
      ["cleantest.Expected"] = refusal(function(given) ct.lxd { image = "a", expect = given } end),
      ["cleantest.Reserve"] = refusal(function(given) ct.lxd { image = "a", reserve = given } end),
      ["cleantest.Image"] = refusal(function(given) ct.lxd { image = given } end),
      ["cleantest.RunOptions"] = refusal(function(given)
        ct.run({ ct.lxd { image = "here" } (nothing) }, given)
      end),
      ["cleantest.StartHook"] = refusal(ct.hook.start_env),
      ["cleantest.StopHook"] = refusal(ct.hook.stop_env),
      ["cleantest.FileOptions"] = refusal(function(given) ct.data.file("a", "/b", given) end),
      ["cleantest.DirOptions"] = refusal(function(given) ct.data.dir("a", "/b", given) end),
    }
  end)

  it("settings are their names", function()
    check_options {
      ["cleantest.Settings"] = refusal(function(given) ct.configure("lxd", given) end),
      ["cleantest.Client"] = refusal(function(given) ct.configure("lxd", { client = given }) end),
      ["cleantest.Cache"] = refusal(function(given) ct.configure("lxd", { cache = given }) end),
      ["cleantest.Handlers"] = refusal(function() ct.report { no_such = nothing } end),
    }
  end)

  it("packages are their options", function()
    check_options {
      ["cleantest.PackageOptions"] = refusal(ct.pkg.apk),
      ["cleantest.AptOptions"] = refusal(ct.pkg.apt),
      ["cleantest.CharmlibOptions"] = refusal(ct.pkg.charmlib),
      ["cleantest.NpmOptions"] = refusal(ct.pkg.npm),
      ["cleantest.PipOptions"] = refusal(ct.pkg.pip),
      ["cleantest.RockOptions"] = refusal(ct.pkg.rock),
      ["cleantest.SnapOptions"] = refusal(ct.pkg.snap),
      ["cleantest.SystemOptions"] = refusal(ct.pkg.system),
    }
    for _, name in ipairs { "dnf", "pacman", "zypper" } do
      check_options { ["cleantest.PackageOptions"] = refusal(ct.pkg[name]) }
    end
  end)
end)

describe("the types of the guest's", function()
  -- module -> its names, sorted; and "()" where it can be called, itself or by its metatable
  local function exports(names)
    local all = {}
    for _, name in ipairs(names) do
      local module = require(name)
      local list, meta = {}, getmetatable(module)
      for key in pairs(type(module) == "table" and module or {}) do list[#list + 1] = key end
      if type(module) == "function" or meta and meta.__call then list[#list + 1] = "()" end
      table.sort(list)
      all[name] = list
    end
    return all
  end

  it("modules are their names", function()
    local names = { "cleantest.job", "cleantest.test" }
    for name in pairs(modules_inside) do names[#names + 1] = "cleantest.utils." .. name end
    for name, real in pairs(inside(exports, nil, names)) do
      local module = assert(modules[name], name .. " is not declared")
      local list = type(module) == "table" and keys(module) or { "()" }
      if type(module) == "table" and classes[name].callable then table.insert(list, "()") end
      local parent = classes[name] and classes[classes[name].parent]
      for _, method in ipairs(parent and parent.methods or {}) do list[#list + 1] = method end
      if name == "cleantest.job" then
        list = tables.keys(classes[name].optional)
        table.insert(real, "artifacts") -- where there is an instance
        table.sort(real)
      end
      table.sort(list)
      assert.same(real, list, name)
    end
  end)

  it("objects are their methods", function()
    local objects = inside(function()
      local file, passwd = require "cleantest.utils.file", require "cleantest.utils.passwd"
      local snap = require "cleantest.utils.snap"
      local all = {}
      for name, object in pairs { File = file "/", User = passwd.user "a",
        Group = passwd.group "a", Snap = snap.get "a" } do
        all[name] = {}
        for method in pairs(getmetatable(object).__index) do
          if not method:find "^__" and method ~= "new" then table.insert(all[name], method) end
        end
        table.sort(all[name])
      end
      return all
    end)
    for name, methods in pairs(objects) do
      assert.same(methods, classes["cleantest.utils." .. name].methods, name)
    end
  end)

  it("functions are their options", function()
    local messages = inside(function()
      local run, wait = require "cleantest.utils.run", require "cleantest.utils.wait"
      local passwd, snap = require "cleantest.utils.passwd", require "cleantest.utils.snap"
      local socket, process = require "cleantest.utils.socket", require "cleantest.utils.process"
      local dnf = require "cleantest.utils.dnf"
      local given, all = { no_such = 1 }, {}
      local calls = {
        RunOptions = function() run("true", given) end,
        TryOptions = function() wait.try(print, given) end,
        PortOptions = function() wait.port(1, given) end,
        WaitFileOptions = function() wait.file("/", given) end,
        UnitOptions = function() wait.unit("a", given) end,
        UserOptions = function() passwd.user("a"):add(given) end,
        GroupOptions = function() passwd.group("a"):add(given) end,
        SnapInstall = function() snap.install("a", given) end,
        SnapFile = function() snap.install_local("a", given) end,
        ListeningOptions = function() socket.listening(1, given) end,
        ProcessFilter = function() process.find(given) end,
        RepoOptions = function() dnf.add_repo("https://a/b", given) end,
      }
      for name, call in pairs(calls) do all["cleantest.utils." .. name] = select(2, pcall(call)) end
      return all
    end)
    check_options(messages)
  end)
end)
