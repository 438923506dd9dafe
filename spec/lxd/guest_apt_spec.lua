-- SPDX-License-Identifier: MIT
--
-- cleantest.utils.apt, with the real apt, and a repository that is a folder here: all that a
-- testlet may ask of it, what it refuses, and what needs no network.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local BOOKWORM <const> = "debian-bookworm-amd64"
local RELEASES <const> = { BOOKWORM, "debian-bullseye-amd64" }

local function use_all()
  local apt = require "cleantest.utils.apt"
  local run = require "cleantest.utils.run"
  local got = { version = apt.version() }
  local function look()
    local shown = run "cat /usr/share/spec-package/data /etc/spec-package.conf"
    local info = apt.fetch "spec-package"
    return { apt.installed "spec-package", info.state, info.full_version, shown.stdout }
  end
  local function offer(folder)
    run({ "ln", "-sfn", "/srv/apt/" .. folder, "/srv/apt/now" }, { check = true })
    apt.update()
  end
  offer "one"
  got.absent, got.available = apt.fetch "no-such-package", apt.fetch "spec-package"
  got.too_early = select(2, pcall(apt.upgrade, "spec-package"))
  apt.install "spec-package=1:1.0-4"
  got.older, got.installed = look(), apt.fetch "spec-package"
  offer "two"
  got.kept, got.candidate = look(), apt.fetch "spec-c++"
  apt.upgrade "spec-package"
  got.newer = look()
  run "echo changed >/etc/spec-package.conf"
  apt.remove "spec-package"
  got.removed = look()
  apt.install "/srv/apt/one/spec-package.deb"
  got.from_file, got.own = look(), apt.fetch("spec-package").origin
  apt.upgrade()
  got.upgraded = look()
  apt.purge "spec-package"
  got.purged = look()
  apt.install("spec-c++", "spec-package/spec-two")
  got.named = { apt.installed "spec-c++", apt.installed "spec-package" }
  apt.remove "spec-c++"
  got.plus = apt.installed "spec-c++"
  got.failure = select(2, pcall(apt.install, "no-such-package"))
  return got
end

-- After which everything that was installed is to be as it was.
local function misuse()
  local apt = require "cleantest.utils.apt"
  local run = require "cleantest.utils.run"
  local function state()
    return run({ "dpkg-query", "-W" }, { check = true }).stdout
  end
  local got, before = {}, state()
  for _, name in ipairs { "tar-", "t*", "t?r", "[t]ar", "~ntar", "^tar", "tar$", "-y", "a b",
    "" } do
    for _, what in ipairs { "install", "remove", "purge", "upgrade", "installed", "fetch" } do
      got[#got + 1] = { select(2, pcall(apt[what], name)), what, name }
    end
  end
  got.plus = { pcall(apt.remove, "spec-package+") }
  got.regex = { pcall(apt.remove, "t.r") }
  got.no_file = { pcall(apt.install, "./no such.deb") }
  got.same = state() == before
  return got
end

local function update_broken()
  local apt = require "cleantest.utils.apt"
  local file <close> = assert(io.open("/etc/apt/sources.list.d/broken.list", "w"))
  file:write "deb [trusted=yes] http://127.0.0.1:9/ ./\n"
  file:close()
  return { pcall(apt.update) }
end

-- An apt before 2.1.16, which knows no --error-on, is in no image here: a script refuses what it
-- does not know as that does.
local function use_old()
  local run = require "cleantest.utils.run"
  local file <close> = assert(io.open("/bin/apt-get", "w"))
  file:write('#!/bin/sh\nfor word; do case $word in --error-on*)\n'
    .. 'echo "E: Command line option $word is not understood in combination with the other'
    .. ' options"\nexit 100;; esac; done\n')
  file:close()
  run("chmod 755 /bin/apt-get", { check = true })
  require("cleantest.utils.apt").update()
end

local function install_here()
  local apt = require "cleantest.utils.apt"
  local guest = require "cleantest.guest"
  local run = require "cleantest.utils.run"
  local lists = run "ls /var/lib/apt/lists | grep Packages; ip -o addr show scope global"
  apt.install("/srv/apt/one/spec-package.deb", "/srv/apt/two/spec c.deb")
  -- nobody is to wait a minute for what never comes
  local waited = 0
  guest.wait_ready = function(level)
    waited = waited + 1
    return nil, "no " .. level
  end
  return {
    lists = lists.stdout, by_hook = apt.installed "spec-hook",
    here = { apt.installed "spec-package", apt.installed "spec-c++" },
    failure = select(2, pcall(apt.install, "/srv/apt/two/spec-needy.deb")), waited = waited,
  }
end

describe("cleantest.utils.apt", function()
  local folder <const> = new_folder()
  local seen = {}

  local function sum(path)
    return process.output { "sha256sum", folder:at(path) }:match "^%x+"
  end

  -- A package; returns what a repository's index says of it.
  local function make_deb(path, name, version, depends)
    local files = ("files-%s-%s"):format(name, version:gsub(":", "."))
    local control = ("Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: nobody\n"
      .. "%sDescription: for a spec\n"):format(name, version,
      depends and ("Depends: %s\n"):format(depends) or "")
    folder:write(files .. "/DEBIAN/control", control)
    folder:write(files .. "/DEBIAN/conffiles", ("/etc/%s.conf\n"):format(name))
    folder:write(("%s/usr/share/%s/data"):format(files, name), version .. "\n")
    folder:write(("%s/etc/%s.conf"):format(files, name), "of the package\n")
    folder:write(path:match "^(.*)/" .. "/.keep", "")
    process.output { "dpkg-deb", "--root-owner-group", "--build", folder:at(files),
      folder:at(path) }
    return ("%sFilename: ./%s\nSize: %d\nSHA256: %s\n"):format(control, path:match "[^/]*$",
      #folder:read(path), sum(path))
  end

  local function make_index(at, packages)
    folder:write(at .. "/Packages", packages)
    folder:write(at .. "/Release", ("Suite: spec-%s\nSHA256:\n %s %d Packages\n"):format(
      at:match "[^/]*$", sum(at .. "/Packages"), #packages))
  end

  local function start(testlet, options, hook)
    local config = ct.configure "lxd"
    config:reset()
    hook = hook or {}
    hook.name = "repository"
    hook.upload = hook.upload or { ct.data.dir(folder:at "apt", "/srv/apt"),
      ct.data.file({ text = "deb [trusted=yes] file:/srv/apt/now ./\n" },
        "/etc/apt/sources.list", { overwrite = true }) }
    config:register_hook(ct.hook.start_env(hook))
    options.num_threads = 2
    local call = table.pack(ct.lxd(options)(testlet)())
    config:reset()
    return call
  end

  lazy_setup(function()
    local one = make_deb("apt/one/spec-package.deb", "spec-package", "1:1.0-4")
    local two = make_deb("apt/two/spec-package.deb", "spec-package", "1:2.0-4", "tar")
    local plus = make_deb("apt/two/spec-c++.deb", "spec-c++", "3~rc1", "spec-package")
    folder:write("apt/two/spec c.deb", folder:read "apt/two/spec-c++.deb")
    make_deb("files/spec hook.deb", "spec-hook", "1")
    make_deb("apt/two/spec-needy.deb", "spec-needy", "1", "no-such-package")
    make_index("apt/one", one)
    make_index("apt/two", two .. "\n" .. plus)
    local bare = {
      image = { name = "bare", source = { type = "image", alias = BOOKWORM },
        devices = { eth0 = { type = "none" } } },
      ready = "system",
    }
    local calls = {
      all = start(use_all, { image = BOOKWORM }),
      misused = start(misuse, { image = BOOKWORM }),
      broken = start(update_broken, { image = RELEASES, ready = "network" }),
      old = table.pack(results.decorate(use_old)()),
      here = start(install_here, bare,
        { packages = ct.pkg.apt { packages = folder:at "files/spec hook.deb" },
          upload = ct.data.dir(folder:at "apt", "/srv/apt") }),
    }
    for name, call in pairs(calls) do
      seen[name] = results.collect(table.unpack(call, 1, 4))
    end
  end)

  lazy_teardown(function() folder:remove() end)

  local function value(name, number)
    local result = seen[name][number or 1]
    assert.equal("pass", result.status, tostring(result))
    return result.value
  end

  local function info(version, state)
    return {
      name = "spec-package", arch = "all", epoch = "1", version = version, release = "4",
      full_version = ("1:%s-4"):format(version), origin = "file:/srv/apt/now ./", state = state,
    }
  end

  it("tells what is there and what is not, and where it is from", function()
    local got = value "all"
    assert.matches("^%d+%.%d", got.version)
    assert.same({ name = "no-such-package", state = "absent" }, got.absent)
    assert.same(info("1.0", "available"), got.available)
    assert.same(info("1.0", "installed"), got.installed)
    assert.equal("file:/srv/apt/now ./", got.candidate.origin)
    assert.same({ "0", "3~rc1", "" }, { got.candidate.epoch, got.candidate.version,
      got.candidate.release })
  end)

  it("installs names, versions and files, upgrades, removes and purges", function()
    local got = value "all"
    local function installed(version, configuration)
      return { true, "installed", version, ("%s\n%s\n"):format(version, configuration) }
    end
    assert.same(installed("1:1.0-4", "of the package"), got.older)
    assert.same(got.older, got.kept)
    assert.same(installed("1:2.0-4", "of the package"), got.newer)
    assert.same({ false, "available", "1:2.0-4", "changed\n" }, got.removed)
    assert.same(installed("1:1.0-4", "changed"), got.from_file)
    assert.is_nil(got.own)
    assert.same(installed("1:2.0-4", "changed"), got.upgraded)
    assert.same({ false, "available", "1:2.0-4", "" }, got.purged)
    assert.same({ true, true }, got.named)
    assert.is_false(got.plus)
  end)

  it("throws at the testlet's line, with apt's own words", function()
    local got = value "all"
    assert.matches("^[^\n]*guest_apt_spec%.lua:%d+: apt%.upgrade: spec%-package is not installed$",
      got.too_early)
    assert.matches("^[^\n]*guest_apt_spec%.lua:%d+: apt%-get .*Unable to locate package "
      .. "no%-such%-package", got.failure)
  end)

  it("takes no patterns, and no orders that look like names", function()
    local got = value "misused"
    for _, case in ipairs(got) do
      local message, what, name = table.unpack(case)
      assert.is_string(message)
      local refusal = ("apt.%s: invalid package name '%s'"):format(what, name)
      assert.is_truthy(message:find(refusal, 1, true))
      assert.matches("guest_apt_spec%.lua:%d+: ", message)
    end
    assert.equal(60, #got)
    assert.matches("apt%.remove: spec%-package%+ is not installed", got.plus[2])
    assert.is_false(got.regex[1])
    assert.matches("apt%.install: %./no such%.deb: No such file", got.no_file[2])
    assert.is_true(got.same)
  end)

  it("throws when a list can't be fetched, in old releases and in older ones", function()
    assert.equal(2, #seen.broken)
    for i = 1, 2 do
      local ok, message = table.unpack(value("broken", i))
      assert.is_false(ok)
      assert.matches("guest_apt_spec%.lua:%d+: apt%-get", message)
      assert.matches("127%.0%.0%.1", message)
    end
    value "old"
  end)

  it("installs files that need nothing else without a network, by hooks too", function()
    local got = value "here"
    assert.equal("", got.lists)
    assert.is_true(got.by_hook)
    assert.same({ true, true }, got.here)
  end)

  it("says what files need more than is here, where there is no network", function()
    local got = value "here"
    assert.equal(2, got.waited) -- a moment; then, when that was in vain, longer
    assert.matches("guest_apt_spec%.lua:%d+: apt: no network; without it:\napt%-get", got.failure)
    assert.matches("spec%-needy : Depends: no%-such%-package", got.failure)
  end)
end)
