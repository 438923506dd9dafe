-- SPDX-License-Identifier: MIT
--
-- What all package managers have in common: locks, lists that are out of date, networks, languages,
-- names. The tools are scripts, which note how they are called and say what the real ones say;
-- guest_apt_spec and guest_manager_spec are about those. Nothing is installed here.

local inside = require "spec.unit.support.inside"
local new_folder = require "spec.support.folder"

-- Each case is a line of shell for a call that the tool's arguments match, the first that does.
local function script(version, cases)
  return ([[
#!/bin/sh
cd "$CT_SPEC" || exit 1
case $1 in --version) echo '%s'; exit 0 ;; esac
echo "$*" >>calls
count() { grep -c -- "$1" calls; }
case "$*" in
%s
esac
]]):format(version, cases)
end

local tools = {
  apt = {
    program = "apt-get", version = "apt 2.6.1 (amd64)",
    lock = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)",
    code = 100,
    lost = "E: Failed to fetch http://x/y.deb  404  Not Found",
    update = [[*" update"]], install = "*install*",
  },
  dnf = {
    program = "dnf", version = "4.14.0", lock = "Failed to obtain the lock", code = 200,
    lost = "Status code: 404 for http://x/y.rpm", update = "*makecache*", install = "*install*",
  },
  zypper = {
    program = "zypper", version = "zypper 1.14.59",
    lock = "System management is locked by the application with pid 7 (zypper).", code = 7,
    lost = "File './y.rpm' not found on medium 'http://x'", update = "*refresh*",
    install = "*install*",
  },
  pacman = {
    program = "pacman", version = "Pacman v6.0.2",
    lock = "error: failed to init transaction (unable to lock database)", code = 1,
    lost = "error: failed retrieving file 'y.pkg.tar.zst' from x", update = "-Sy*",
    install = [["-S --"*]],
  },
  apk = {
    program = "apk", version = "apk-tools 2.14.10, compiled for x86_64.",
    lock = "ERROR: Unable to lock database: Resource temporarily unavailable", code = 99,
    lost = "ERROR: y-1-r0: package mentioned in index not found (try 'apk update')",
    update = "update*", install = "add*",
  },
}
local names <const> = { "apk", "apt", "dnf", "pacman", "zypper" }

describe("package managers", function()
  local folder

  before_each(function() folder = new_folder { calls = "" } end)
  after_each(function() folder:remove() end)

  -- What the testlet returns, with tools of these scripts first in its PATH, and a network that
  -- is said to be there, or not; then how the tools were called.
  local function with(scripts, testlet, ...)
    for program, text in pairs(scripts) do
      folder:write("bin/" .. program, text)
      assert(os.execute(("chmod 755 '%s'"):format(folder:at("bin/" .. program))))
    end
    local value = inside(testlet, { env = {
      PATH = folder:at "bin" .. ":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
      CT_SPEC = folder.path, LANGUAGE = "de", LC_ALL = "de_DE.UTF-8",
    } }, ...)
    return value, folder:read "calls"
  end

  local function one(name, cases)
    local tool = tools[name]
    return { [tool.program] = script(tool.version, cases) }
  end

  local function count(text, pattern)
    return select(2, text:gsub(pattern, ""))
  end

  for _, name in ipairs(names) do
    local tool = tools[name]

    it(name .. " waits for a lock that somebody else holds", function()
      local got, calls = with(one(name,
        ("%s) [ $(count 'one two') -gt 2 ] || { echo \"%s\" >&2; exit %d; } ;;"):format(
          tool.install, tool.lock, tool.code)), function(which)
        local guest = require "cleantest.guest"
        local manager = require("cleantest.utils." .. which)
        local slept = 0
        guest.wait_ready = function() return true end
        guest.sleep = function(seconds) slept = slept + seconds end
        manager.install("one", { "two" })
        return slept
      end, name)
      assert.equal(1, got)
      assert.equal(3, count(calls, "one two\n"))
    end)

    it(name .. " says that a lock was held all the time", function()
      local got = with(one(name, ("*) echo \"%s\" >&2; exit %d ;;"):format(tool.lock, tool.code)),
        function(which)
          local guest = require "cleantest.guest"
          local manager = require("cleantest.utils." .. which)
          local now = 0
          guest.wait_ready = function() return true end
          guest.clock = function() return now end
          guest.sleep = function(seconds) now = now + seconds end
          return { now, select(2, pcall(manager.update)), now }
        end, name)
      assert.matches(("unit/managers_spec.lua:%%d+: %s: somebody has held its lock for 240 s: %s")
        :format(name, tool.program:gsub("%-", "%%-")), got[2])
      assert.is_truthy(got[2]:find(tool.lock, 1, true))
    end)

    it(name .. " updates lists that are out of date, once", function()
      local cases = ("%s) touch fetched ;;\n%s) [ -e fetched ] && [ ! -e never ] && exit 0; "
        .. "echo \"%s\" >&2; exit 4 ;;"):format(tool.update, tool.install, tool.lost)
      local got, calls = with(one(name, cases), function(which, at)
        local guest = require "cleantest.guest"
        local run = require "cleantest.utils.run"
        local manager = require("cleantest.utils." .. which)
        guest.wait_ready = function() return true end
        manager.install "y"
        run({ "touch", at .. "/never" }, { check = true })
        return select(2, pcall(manager.install, "z"))
      end, name, folder.path)
      assert.is_truthy(got:find(tool.lost, 1, true))
      -- once only where this machine has none of its lists: then they are fetched before
      assert.is_true(count(calls, "y\n") <= 2)
      assert.is_true(count(calls, "z\n") <= 2)
    end)
  end

  it("take what a package's own script says of locks for its failure", function()
    local _, calls = with(one("apt", "*install*) printf 'x\\nSetting up y (1) ...\\n';"
      .. " echo 'E: Could not get lock /var/lib/dpkg/lock-frontend' >&2; exit 100 ;;"), function()
      local guest = require "cleantest.guest"
      guest.wait_ready = function() return true end
      pcall(require("cleantest.utils.apt").install, "y")
    end)
    assert.equal(1, count(calls, "install y\n"))
  end)

  it("are understood whatever language the testlet speaks", function()
    local shown = [[-Qi*) [ "$LC_ALL" = C.UTF-8 ] && [ -z "${LANGUAGE+x}" ] && w=Version || w=Versie
echo "Name            : y"; echo "$w         : 1:2-3"; echo "Architecture    : any" ;;]]
    local got = with(one("pacman", shown), function()
      return require("cleantest.utils.pacman").fetch "y"
    end)
    assert.equal("1:2-3", got.full_version)
    assert.equal("installed", got.state)
  end)

  it("try a repository on the link, or in a folder, when there is no network", function()
    local got, calls = with(one("pacman", "-S*) [ ! -e broken ] || { echo no host; exit 1; } ;;"),
      function(at)
        local guest = require "cleantest.guest"
        local run = require "cleantest.utils.run"
        local pacman = require "cleantest.utils.pacman"
        local waited = 0
        guest.wait_ready = function(_, seconds)
          waited = waited + seconds
          return nil, "no default route"
        end
        pacman.update()
        local first = waited
        run({ "touch", at .. "/broken" }, { check = true })
        return { first, select(2, pcall(pacman.update)), waited - first }
      end, folder.path)
    assert.equal(5, got[1])
    assert.matches("pacman: no default route; without it:\npacman %-Sy %-%-noconfirm: exit code 1\n"
      .. "no host", got[2])
    assert.equal(60, got[3])
    assert.equal(2, count(calls, "%-Sy"))
  end)

  it("have lists fetched before an upgrade, of all or of some", function()
    local _, calls = with({
      ["apt-get"] = script("apt 2.6.1 (amd64)", ""),
      ["dpkg-query"] = script("", "*-W*) echo installed ;;\n*) echo Version: 1 ;;"),
    }, function()
      local guest = require "cleantest.guest"
      guest.wait_ready = function() return true end
      local apt = require "cleantest.utils.apt"
      apt.upgrade()
      apt.upgrade { "y", "z" }
    end)
    assert.matches("^[^\n]* update\n[^\n]* upgrade\n", calls)
    assert.matches(" update\n[^\n]* install %-%-only%-upgrade y z\n$", calls)
  end)

  it("take one or a list, and say what is no package's name", function()
    local got = with(one("apt", ""), function()
      local apt = require "cleantest.utils.apt"
      local said = {}
      for i, f in ipairs {
        function() apt.install "a b" end, function() apt.remove { "x", "-y" } end,
        function() apt.purge {} end, function() apt.install("x", nil) end,
        function() apt.install("x", { recommend = true }) end,
        function() apt.remove("x", { recommends = true }) end,
        function() apt.install("x", { recommends = 1 }) end,
        function() apt.fetch("x", "y") end,
      } do said[i] = select(2, pcall(f)):match "unit/managers_spec.lua:%d+: (.*)" end
      return said
    end)
    assert.same({
      "apt.install: invalid package name 'a b'", "apt.remove: invalid package name '-y'",
      "apt.purge: name at least one package", "apt.install: invalid package name nil",
      "apt.install: unknown option 'recommend'; the options are: recommends",
      "apt.remove: unknown option 'recommends'; the options are: none",
      "apt.install: recommends must be true or false, not 1", "apt.fetch: name one package, not 2",
    }, got)
  end)
end)

describe("apt", function()
  -- The real apt-get only says what it would do with a file.
  local function recommends(options)
    local folder <close> = new_folder {
      ["d/DEBIAN/control"] = "Package: spec-y\nVersion: 1\nArchitecture: all\nMaintainer: n\n"
        .. "Recommends: spec-no-such\nDescription: for a spec\n",
    }
    assert(os.execute(("dpkg-deb --root-owner-group -b '%s' '%s' >/dev/null"):format(folder:at "d",
      folder:at "y.deb")))
    return inside(function(path, given)
      local apt_tool
      local manager = require "cleantest.utils.manager"
      local new = manager.new
      manager.new = function(own)
        apt_tool = own
        return new(own)
      end
      require "cleantest.utils.apt"
      local more = apt_tool.more_words(given)
      return { more, (apt_tool.lacks(apt_tool, { path }, more)) }
    end, nil, folder:at "y.deb", options)
  end

  it("installs what packages recommend, unless told otherwise", function()
    if not os.execute "command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null" then
      pending "there is no apt here"
    end
    local lack <const> = "recommended, and not here: spec-no-such"
      .. " (recommends = false does without)"
    local wanted <const> = { "-o", "APT::Install-Recommends=true" }
    assert.same({ wanted, lack }, recommends { recommends = true })
    assert.same({ { "-o", "APT::Install-Recommends=false" } }, recommends { recommends = false })
    assert.same({}, recommends({})[1])
  end)
end)

describe("installers", function()
  it("ask no index but the one that is named", function()
    local folder <close> = new_folder { ["bin/python3"] = "#!/bin/sh\n"
      .. [[echo "$* [${PIP_EXTRA_INDEX_URL-none}]" >>"$CT_SPEC/calls"]] }
    assert(os.execute(("chmod 755 '%s'"):format(folder:at "bin/python3")))
    inside(function()
      local pip = require "cleantest.packages.pip"
      pip { packages = { "one" }, index = "https://x/simple" }
      pip { packages = { "two" } }
    end, { env = { PATH = folder:at "bin" .. ":/usr/bin:/bin", CT_SPEC = folder.path } })
    local calls = folder:read "calls"
    assert.matches("%-%-index%-url https://x/simple one %[https://x/simple%]\n", calls)
    assert.matches(" two %[none%]\n", calls)
  end)

  it("hand on whether recommended packages are wanted", function()
    local got = inside(function()
      local given = {}
      local install = require "cleantest.packages.distribution" {
        install = function(...) given[#given + 1] = table.pack(...) end,
      }
      install { packages = { "a", "b" } }
      install { packages = { "c" }, recommends = false }
      return given
    end)
    assert.same({ { { "a", "b" }, n = 1 }, { { "c" }, { recommends = false }, n = 2 } }, got)
  end)
end)

describe("rpm", function()
  it("tells of all versions where there are several", function()
    local got = inside(function()
      local rpm = require "cleantest.utils.rpm"
      return table.pack(rpm.parse "k|x86_64|(none)|5.1|1|\nk|x86_64|2|5.2|1|\n")
    end)
    assert.equal("2:5.2-1", got[1].full_version)
    assert.same({ "5.1-1", "2:5.2-1" }, got[2])
  end)
end)

describe("snapd", function()
  it("is sent lists without items, and objects without members", function()
    local got = inside(function()
      local snap, snapd = require "cleantest.utils.snap", require "cleantest.utils.snapd"
      return { snapd.encode { a = { snap.empty_list, {}, { 1 } } }, snapd.encode { b = {} } }
    end)
    assert.same({ '{"a":[[],{},[1]]}', '{"b":{}}' }, got)
  end)
end)
