-- SPDX-License-Identifier: MIT
--
-- The package managers that a testlet may use, and ct.pkg of the same names. dnf, zypper and
-- pacman are the real programs, in a Debian, which has packages of them, with repositories made
-- here. apt is in guest_apt_spec and package_spec, apk in guest_apk_spec.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local BOOKWORM = "debian-bookworm-amd64"

-- A repository with two versions of one package. What Debian's rpm takes for its database is
-- not what zypper takes for it, unless told.
local make_rpms = ct.script [[
  #!/bin/sh
set -e
mkdir -p /etc/rpm
echo '%_dbpath /var/lib/rpm' >/etc/rpm/macros
cd /root
build() {
    cat >"$1.spec" <<END
Name: $1
Epoch: 1
Version: $2
Release: 4
Summary: for a spec
License: MIT
BuildArch: noarch
%description
for a spec
%install
mkdir -p %{buildroot}/usr/share/$1 %{buildroot}/etc
echo from an .rpm, $2 >%{buildroot}/usr/share/$1/data
echo $2 >%{buildroot}/etc/$1.conf
%files
/usr/share/$1/data
%config(noreplace) /etc/$1.conf
END
    rpmbuild -bb --define '_rpmdir /srv/rpm' \
        --define '_build_name_fmt %%{NAME}-%%{VERSION}.rpm' "$1.spec"
}
build spec-package 1.0
build spec-package 2.0
build spec-other 3.0
createrepo_c -q /srv/rpm
]]

-- What a manager does with spec-package, of which its repositories have two versions, and the
-- file the older. `newer` has the repositories offer the newer one.
local function drive(name, older, newest, file, newer)
  local manager = require("cleantest.utils." .. name)
  local run = require "cleantest.utils.run"
  local got = { name = name, version = manager.version() }
  local function data()
    local shown = run "cat /usr/share/spec-package/data"
    return shown.exit_code == 0 and shown.stdout:match "%S+\n" or "none"
  end
  local function configuration()
    return run("cd /etc; ls spec-package.conf*").stdout
  end
  got.too_early = select(2, pcall(manager.upgrade, "spec-package"))
  manager.update()
  got.absent = manager.fetch "no-such-package"
  got.before = { manager.installed "spec-package", data() }
  got.available = manager.fetch "spec-package"
  manager.install(older)
  got.older = { manager.installed "spec-package", data() }
  got.installed = manager.fetch "spec-package"
  newer()
  manager.update()
  manager.upgrade(newest)
  got.newer = { manager.fetch("spec-package").full_version, data() }
  run "echo changed >/etc/spec-package.conf"
  manager.remove "spec-package"
  got.removed = { manager.installed "spec-package", data(), configuration() }
  run "rm -f /etc/spec-package.conf*"
  manager.install(file)
  got.from_file = { manager.fetch("spec-package").full_version, data() }
  manager.upgrade()
  got.upgraded = data()
  run "echo changed >/etc/spec-package.conf"
  manager.purge "spec-package"
  got.purged = { manager.installed "spec-package", data(), configuration() }
  got.failure = select(2, pcall(manager.install, "no-such-package"))
  got.wrong = select(2, pcall(manager.install, "-y"))
  return got
end

-- Cuts the instance off, and installs a file that needs nothing that is not here.
local function drive_alone(name, file)
  local manager = require("cleantest.utils." .. name)
  local run = require "cleantest.utils.run"
  run("ip link set eth0 down", { check = true })
  local path = "/root/my file" .. file:match "%.%a.*$"
  run({ "cp", file, path }, { check = true })
  manager.install(path)
  local version = manager.fetch("spec-package").full_version
  manager.remove "spec-package"
  return version
end

local function install_url(name, file)
  local manager = require("cleantest.utils." .. name)
  manager.install("file://" .. file)
  local version = manager.fetch("spec-package").full_version
  manager.remove "spec-package"
  return version
end

local function managers()
  local run = require "cleantest.utils.run"
  local dnf = require "cleantest.utils.dnf"
  local function same() end
  dnf.add_repo("file:///srv/rpm", { gpgcheck = false })
  dnf.install "spec-other" -- Debian's zypper stumbles over an empty database
  run({ "zypper", "--non-interactive", "addrepo", "-G", "file:///srv/rpm", "spec" },
    { check = true })
  run "ln -s /srv/pacman/one /srv/pacman/now"
  local file <close> = assert(io.open("/srv/extra.repo", "w"))
  file:write "[extra]\nname=extra\nbaseurl=file:///srv/rpm\nenabled=0\n"
  file:close()
  dnf.add_repo "file:///srv/extra.repo"
  local rpm <const> = "/srv/rpm/spec-package-1.0.rpm"
  local pkg <const> = "/srv/pacman/one/spec-package-1:1.0-4.pkg.tar.gz"
  local got = {
    repositories = run("dnf -q repolist --all").stdout,
    dnf = drive("dnf", "spec-package-1:1.0", "spec-package-1:2.0", rpm, same),
    zypper = drive("zypper", "spec-package=1:1.0-4", "spec-package", rpm, same),
    pacman = drive("pacman", "spec-package", "spec-package", pkg,
      function() run("ln -sfn /srv/pacman/two /srv/pacman/now", { check = true }) end),
    no_url = select(2, pcall(dnf.add_repo, "srv/rpm")),
  }
  got.dnf.url, got.pacman.url = install_url("dnf", rpm), install_url("pacman", pkg)
  for name, path in pairs { dnf = rpm, zypper = rpm, pacman = pkg } do
    got[name].alone = drive_alone(name, path)
  end
  return got
end

local function installed()
  local list = {}
  for name, path in pairs { dnf = "package", zypper = "other", pacman = "pacman", deb = "deb" } do
    local file <close> = io.open("/usr/share/spec-" .. path .. "/data")
    list[name] = file and file:read "l" or "none"
  end
  list.tree = require("cleantest.utils.apt").installed "tree"
  return list
end

local PREREQUISITES = { "createrepo-c", "curl", "dnf", "pacman-package-manager", "rpm", "zypper" }

describe("package managers", function()
  local folder <const> = new_folder()
  local seen, all = nil, {}

  -- A repository of pacman's with one version of one package, as its packages and databases
  -- are: archives of a few text files.
  local function make_pacman(at, name, version, time)
    local function tar(files, archive)
      process.output(("cd %s && tar -czf %s *[!z] $(ls -d .PKGINFO 2>/dev/null)"):format(
        process.quote(folder:at(files)), process.quote(folder:at(archive))))
    end
    local file = ("%s-%s.pkg.tar.gz"):format(name, version)
    local info = ("pkgname = %s\npkgver = %s\npkgdesc = for a spec\narch = any\nsize = 1\n"
      .. "backup = etc/%s.conf\n"):format(name, version, name)
    folder:write("p" .. version .. "/.PKGINFO", info)
    folder:write(("p%s/usr/share/%s/data"):format(version, name),
      ("from pacman, %s\n"):format(version:match ":(.-)%-"))
    folder:write(("p%s/etc/%s.conf"):format(version, name), "of the package\n")
    folder:write(at .. "/.keep", "")
    tar("p" .. version, at .. "/" .. file)
    folder:write(("d%s/%s-%s/desc"):format(version, name, version), (
      "%%FILENAME%%\n%s\n\n%%NAME%%\n%s\n\n%%VERSION%%\n%s\n\n%%ARCH%%\nany\n\n"
      .. "%%CSIZE%%\n%d\n\n%%ISIZE%%\n1\n"):format(file, name, version,
      #folder:read(at .. "/" .. file)))
    tar("d" .. version, at .. "/spec.db")
    process.output { "touch", "-d", time, folder:at(at .. "/spec.db") }
    return at .. "/" .. file
  end

  local function make_deb()
    folder:write("deb/DEBIAN/control", "Package: spec-deb\nVersion: 1\nArchitecture: all\n"
      .. "Maintainer: nobody\nDescription: for a spec\n")
    folder:write("deb/usr/share/spec-deb/data", "from a .deb\n")
    process.output { "dpkg-deb", "--root-owner-group", "--build", folder:at "deb",
      folder:at "spec.deb" }
  end

  local PACMAN_CONF = "[options]\nArchitecture = auto\nSigLevel = Never\n[spec]\n"
    .. "Server = file:///srv/pacman/now\n"

  local function start(hooks, testlet, image)
    local config = ct.configure "lxd"
    config:reset()
    for i, hook in ipairs(hooks) do
      hook.name = hook.name or "hook-" .. i
      config:register_hook((hook.download and ct.hook.stop_env or ct.hook.start_env)(hook))
    end
    local call = table.pack(ct.lxd { image = image or BOOKWORM, num_threads = 2 } (testlet)())
    config:reset()
    return call
  end

  local function finish(call)
    return results.only(table.unpack(call, 1, 4))
  end

  local function start_installing(packages)
    local hooks = {
      { packages = ct.pkg.apt { packages = { "dnf", "pacman-package-manager", "zypper" },
        recommends = false },
        upload = { ct.data.dir(folder:at "rpm", "/srv/rpm"),
          ct.data.dir(folder:at "pacman/two", "/srv/pacman/now"),
          ct.data.file({ text = "%_dbpath /var/lib/rpm\n" }, "/etc/rpm/macros"),
          ct.data.file({ text = PACMAN_CONF }, "/etc/pacman.conf", { overwrite = true }) },
        run = ct.command { "zypper", "--non-interactive", "addrepo", "-G", "file:///srv/rpm",
          "spec" } },
    }
    for i, package in ipairs(packages) do
      hooks[#hooks + 1] = { name = "package-" .. i, packages = package }
    end
    return start(hooks, installed)
  end

  lazy_setup(function()
    make_pacman("pacman/one", "spec-package", "1:1.0-4", "2020-01-01")
    make_pacman("pacman/two", "spec-package", "1:2.0-4", "2021-01-01")
    local pacman_file = make_pacman("files", "spec-pacman", "1:3.0-4", "2021-01-01")
    make_deb()
    local result = finish(start({
      -- Debian recommends a check for zypper that asks for a glibc of that name
      { packages = ct.pkg.apt { packages = PREREQUISITES, recommends = false },
        upload = { ct.data.dir(folder:at "pacman", "/srv/pacman"),
          ct.data.file({ text = PACMAN_CONF }, "/etc/pacman.conf", { overwrite = true }) },
        run = make_rpms },
      { name = "rpms", download = ct.data.dir("/srv/rpm", folder:at "rpm") },
    }, managers))
    assert(result.status == "pass", tostring(result))
    seen = result.value
    local calls = {
      installed = start_installing {
        ct.pkg.dnf { packages = folder:at "rpm/spec-package-2.0.rpm" },
        ct.pkg.zypper { packages = { "spec-other" }, update = true },
        ct.pkg.pacman { packages = folder:at(pacman_file) },
        ct.pkg.system { "tree", folder:at "spec.deb" },
      },
      lost = start_installing { ct.pkg.zypper { packages = { "spec-other", "no-such-package" } } },
    }
    for _, kind in ipairs { "dnf", "zypper", "pacman", "apk" } do
      calls[kind] = start({ { packages = ct.pkg[kind] { packages = "tree" } } },
        function() print "the testlet ran" end, results.image)
    end
    calls.system = start({ { packages = ct.pkg.system { "tree" } } }, function() end,
      results.image)
    for name, call in pairs(calls) do all[name] = finish(call) end
  end)

  lazy_teardown(function() folder:remove() end)

  for _, name in ipairs { "dnf", "zypper", "pacman" } do
    local machine = name == "pacman" and "any" or "noarch"
    local function info(version, state, origin)
      return {
        name = "spec-package", arch = machine, epoch = "1", version = version, release = "4",
        full_version = ("1:%s-4"):format(version), origin = origin, state = state,
      }
    end

    it(name .. " tells what is there and what is not", function()
      local got = seen[name]
      assert.matches("^%d+%.%d", got.version)
      assert.same({ name = "no-such-package", state = "absent" }, got.absent)
      assert.same({ false, "none" }, got.before)
      local newest = name == "pacman" and "1.0" or "2.0"
      local origin = name == "dnf" and "srv_rpm" or "spec"
      assert.same(info(newest, "available", origin), got.available)
      assert.same(info("1.0", "installed", origin), got.installed)
    end)

    it(name .. " installs names and files, upgrades, removes and purges", function()
      local got = seen[name]
      assert.same({ true, "1.0\n" }, got.older)
      assert.same({ "1:2.0-4", "2.0\n" }, got.newer)
      assert.same({ false, "none" }, { got.removed[1], got.removed[2] })
      assert.matches("^spec%-package%.conf%.%a+save\n$", got.removed[3])
      assert.same({ "1:1.0-4", "1.0\n" }, got.from_file)
      assert.equal("2.0\n", got.upgraded)
      assert.same({ false, "none", "" }, got.purged)
    end)

    it(name .. " installs files without a network, whatever they are called", function()
      assert.equal("1:1.0-4", seen[name].alone)
    end)

    it(name .. " throws at the testlet's line, with its own words", function()
      assert.matches("^[^\n]*guest_manager_spec%.lua:%d+: " .. name, seen[name].failure)
      assert.matches("no%-such%-package", seen[name].failure)
      assert.matches(name .. "%.install: invalid package name '%-y'", seen[name].wrong)
      assert.matches("guest_manager_spec%.lua:%d+: " .. name
        .. "%.upgrade: spec%-package is not installed", seen[name].too_early)
    end)
  end

  it("dnf and pacman install what a URL names", function()
    assert.same({ "1:1.0-4", "1:1.0-4" }, { seen.dnf.url, seen.pacman.url })
  end)

  it("dnf adds repositories by URL, and what .repo files say", function()
    assert.matches("srv_rpm%s+srv_rpm%s+enabled", seen.repositories)
    assert.matches("extra%s+extra%s+disabled", seen.repositories)
    assert.equal("srv_rpm", seen.dnf.available.origin)
    assert.matches("dnf%.add_repo: invalid URL 'srv/rpm'", seen.no_url)
  end)

  it("install what start hooks name, local .rpm, .deb and .pkg.tar files too", function()
    assert.equal("pass", all.installed.status, tostring(all.installed))
    assert.same({ dnf = "from an .rpm, 2.0", zypper = "from an .rpm, 3.0",
      pacman = "from pacman, 3.0", deb = "from a .deb", tree = true }, all.installed.value)
  end)

  it("that fail in a start hook make the result an error with their output", function()
    assert.equal("error", all.lost.status)
    assert.matches("'no%-such%-package' not found in package names", all.lost.error)
  end)

  it("that an instance does not have are an error that says so, at once", function()
    for _, kind in ipairs { "dnf", "zypper", "pacman", "apk" } do
      assert.equal("error", all[kind].status)
      assert.matches(("%s: there is no %s in this instance"):format(kind, kind), all[kind].error)
      assert.equal("", all[kind].stdout)
    end
    assert.matches("none of the package managers apt, dnf", all.system.error)
  end)
end)
