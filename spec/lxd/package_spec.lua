-- SPDX-License-Identifier: MIT
--
-- What start hooks install: Debian packages and Python packages, from mirrors, indexes and
-- files; and that a package that can't be installed never passes for one that is.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local wheel = require "spec.support.wheel"
local where = require "cleantest.where"

local BOOKWORM = "debian-bookworm-amd64"

describe("packages", function()
  local folder <const> = new_folder()
  local all = {}

  local function add_wheel(under, name, version)
    local file, content = wheel(name, version)
    folder:write(under .. "/" .. file, content)
    return file
  end

  -- An index as PEP 503 has it, as files.
  local function make_index()
    for name, versions in pairs {
      alpha = { "1.0" }, beta = { "1.0" }, delta = { "1.0", "2.0" },
    } do
      local links = {}
      for i, version in ipairs(versions) do
        local file = add_wheel("index/" .. name, name, version)
        links[i] = ('<a href="%s">%s</a>'):format(file, file)
      end
      folder:write("index/" .. name .. "/index.html", table.concat(links, "\n"))
    end
  end

  local function make_deb()
    folder:write("deb/DEBIAN/control", "Package: spec-package\nVersion: 1:2.3-4\n"
      .. "Architecture: all\nMaintainer: nobody\nDescription: for a spec\n")
    folder:write("deb/usr/share/spec-package/data", "from a .deb\n")
    process.output { "dpkg-deb", "--root-owner-group", "--build", folder:at "deb",
      folder:at "spec-package.deb" }
  end

  -- Starts a call with these hooks only.
  local function start(hooks, testlet, image)
    local config = ct.configure "lxd"
    config:reset()
    for _, hook in ipairs(hooks) do config:register_hook(ct.hook.start_env(hook)) end
    local call = table.pack(ct.lxd { image = image or BOOKWORM, num_threads = 2 } (testlet)())
    config:reset()
    return call
  end

  local function installed_apt()
    local apt = require "cleantest.utils.apt"
    local file <close> = io.open "/usr/share/spec-package/data"
    local info = apt.fetch "spec-package"
    return {
      apt.installed "tree", apt.installed "less", apt.installed "no-such-package",
      data = file and file:read "a", epoch = info.epoch, version = info.version,
      release = info.release, state = info.state,
    }
  end

  local installed_pip = ct.script [[
    #!/usr/bin/env python3
import alpha, beta, gamma, delta
print(alpha.VERSION, beta.VERSION, gamma.VERSION, delta.VERSION)
]]

  -- The suite's folder is what its files are meant from.
  local function suite()
    folder:write("suite.lua", [[
      local ct = require "cleantest"
      return {
        deb = ct.pkg.apt { packages = { "tree", "spec-package.deb", "less" } },
        pip = ct.pkg.pip {
          packages = { "alpha", "beta" }, wheels = "wheels/gamma-3.0-py3-none-any.whl",
          requirements = "requirements.txt", constraints = { "constraints.txt" },
          index = "file:///srv/index",
        },
        index = ct.data.dir("index", "/srv/index"),
      }]])
    where.enter_suite(folder:at "suite.lua") -- as the command does
    local files = dofile(folder:at "suite.lua")
    where.enter_suite(nil)
    return files
  end

  lazy_setup(function()
    make_index()
    make_deb()
    add_wheel("wheels", "gamma", "3.0")
    folder:write("requirements.txt", "delta>=0.5\n")
    folder:write("constraints.txt", "delta<2\n")
    local files = suite()
    local calls = {
      apt = start({ { name = "apt", packages = files.deb } }, installed_apt),
      ["apt-missing"] = start({ { name = "lost",
        packages = ct.pkg.apt { packages = { "tree", "no-such-package-anywhere" } } } },
        function() print "the testlet ran" end),
      pip = start({ { name = "index", upload = files.index }, { name = "pip",
        packages = files.pip } }, installed_pip, { BOOKWORM, "debian-bullseye-amd64" }),
      ["pip-unreachable"] = start({ { name = "lost", packages = ct.pkg.pip {
        packages = "tabulate", index = "http://127.0.0.1:9/simple" } } },
        function() print "the testlet ran" end),
      ["no-apt"] = start({ { name = "lost", packages = ct.pkg.apt { packages = "tree" } } },
        function() end, results.image),
    }
    for name, call in pairs(calls) do all[name] = results.collect(table.unpack(call, 1, 4)) end
  end)

  lazy_teardown(function() folder:remove() end)

  it("of apt come from the mirror and from local files", function()
    local result = all.apt[1]
    assert.equal("pass", result.status, tostring(result))
    assert.same({ true, true, false, data = "from a .deb\n", epoch = "1", version = "2.3",
      release = "4", state = "installed" }, result.value)
  end)

  it("of pip come from an index, wheels and requirements, two of them as two", function()
    for _, result in ipairs(all.pip) do
      assert.equal("pass", result.status, tostring(result))
      assert.equal("1.0 1.0 3.0 1.0\n", result.stdout)
    end
    assert.equal(2, #all.pip)
  end)

  it("that do not exist make the result an error, and the testlet is not run", function()
    local result = all["apt-missing"][1]
    assert.equal("error", result.status)
    assert.matches("lost", result.error)
    assert.matches("Unable to locate package no%-such%-package%-anywhere", result.error)
    assert.not_matches("traceback", result.error)
    assert.equal("", result.stdout)
  end)

  it("whose index can't be reached make the result an error that says so", function()
    local result = all["pip-unreachable"][1]
    assert.equal("error", result.status)
    assert.matches("tabulate", result.error)
    assert.matches("is the index reachable from the instance", result.error)
    assert.equal("", result.stdout)
  end)

  it("for a system that has no such package manager are an error that says so", function()
    local result = all["no-apt"][1]
    assert.equal("error", result.status)
    assert.matches("apt", result.error)
  end)
end)

describe("declaring packages", function()
  it("is refused with the suite's line when it can't be meant", function()
    for _, case in ipairs {
      { "packages is missing", function() ct.pkg.apt {} end },
      { "packages must not be empty", function() ct.pkg.apt { packages = {} } end },
      { "packages%[2%] must be a string, not 7", function()
        ct.pkg.apt { packages = { "a", 7 } }
      end },
      { "unknown option 'package'", function() ct.pkg.apt { package = "a" } end },
      { "must be packages, requirements or wheels", function() ct.pkg.pip {} end },
      { "they go together, one each", function()
        ct.pkg.pip { requirements = "a", constraints = { "b", "c" } }
      end },
      { "they go together, one each", function()
        ct.pkg.pip { packages = "a", constraints = "b" }
      end },
      { "the options must be a table", function() ct.pkg.pip(7) end },
    } do
      local ok, message = pcall(case[2])
      assert.is_false(ok)
      assert.matches("package_spec%.lua:%d+: ", message)
      assert.matches(case[1], message)
    end
  end)

  it("that lie here, but do not, is an error of the result that names them", function()
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "wheels", packages = ct.pkg.pip { wheels = "no/such-1.0-py3-none-any.whl" },
    })
    local result = results.only(results.decorate(function() end, { ready = "exec" })())
    assert.equal("error", result.status)
    assert.matches("no/such%-1%.0%-py3%-none%-any%.whl", result.error)
  end)
end)
