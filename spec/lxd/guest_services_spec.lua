-- SPDX-License-Identifier: MIT
--
-- What testlets assert on in a Debian that systemd has booted: units, their journal, what listens;
-- and locks of apt's, which somebody else holds for a while.

local ct = require "cleantest"
local results = require "spec.support.results"

local BOOKWORM <const> = "debian-bookworm-amd64"

local function debian(testlet)
  local result = results.only(ct.lxd { image = BOOKWORM } (testlet)())
  assert(result.status == "pass", tostring(result))
  return result.value
end

-- Units: one that serves after a moment, one that fails, one that has nothing to do.
local function use_units()
  local process = require "cleantest.utils.process"
  local run = require "cleantest.utils.run"
  local socket = require "cleantest.utils.socket"
  local systemd = require "cleantest.utils.systemd"
  local wait = require "cleantest.utils.wait"
  local function unit(name, command)
    local file <close> = assert(io.open(("/etc/systemd/system/spec-%s.service"):format(name), "w"))
    file:write("[Service]\nExecStart=", command, "\n[Install]\nWantedBy=multi-user.target\n")
  end
  unit("web", "/bin/sh -c 'echo serving; sleep 0.5; exec python3 -m http.server 8123'")
  unit("bad", "/bin/sh -c 'echo the cause; exit 3'")
  unit("idle", "/bin/true")
  systemd.daemon_reload()
  local got = { before = { systemd.is_enabled("spec-web", "spec-no-such", "spec-idle") } }
  systemd.enable({ "spec-web" }, { now = true })
  systemd.enable("spec-idle", "spec-bad")
  got.enabled = { systemd.is_enabled { "spec-web", "spec-bad" } }
  wait.unit "spec-web"
  wait.port(8123)
  got.serves = { socket.listening(8123), socket.listening(8123, { protocol = "udp" }) }
  got.process = process.find { user = "root", args = "http.server 8123" }[1].args
  run "systemctl start spec-bad"
  wait.unit("spec-bad", { state = "failed" })
  got.failed = { systemd.is_failed("spec-web", "spec-bad", "spec-no-such") }
  got.waited = { select(2, pcall(wait.unit, "spec-bad")),
    select(2, pcall(wait.unit, "spec-no-such", { timeout = 0.2 })) }
  run "journalctl --sync"
  got.journal = { systemd.journal("spec-web", "spec-bad"),
    systemd.journal("spec-bad", { lines = 1, since = "-1h" }) }
  systemd.disable({ "spec-web", "spec-idle" }, { now = true })
  got.disabled = { systemd.is_enabled("spec-web", "spec-idle") }
  got.stopped = { systemd.is_active "spec-web", socket.listening(8123) }
  got.wrong = {
    select(2, pcall(systemd.enable)), select(2, pcall(systemd.journal, "x", { n = 1 })),
  }
  return got
end

-- Another process holds a lock while the call is made, and for some seconds more.
local function use_locks()
  local apt = require "cleantest.utils.apt"
  local process = require "cleantest.utils.process"
  local run = require "cleantest.utils.run"
  local wait = require "cleantest.utils.wait"
  local function write(path, text)
    local file <close> = assert(io.open(path, "w"))
    file:write(text)
  end
  write("/root/hold.py", "import fcntl, sys, time\nf = open(sys.argv[1], 'a')\nfcntl.lockf(f, "
    .. "fcntl.LOCK_EX)\nopen('/root/held', 'w').write(sys.argv[1])\ntime.sleep(4)\n")
  run({ "sh", "-c", "mkdir -p /root/d/DEBIAN /srv/r && cd /root && printf 'Package: spec-locked\\n"
    .. "Version: 1\\nArchitecture: all\\nMaintainer: n\\nDescription: x\\n' >d/DEBIAN/control && "
    .. "dpkg-deb --root-owner-group -b d /srv/r/spec-locked.deb" }, { check = true })
  local size, sum = run("stat -c %s /srv/r/spec-locked.deb").stdout:match "%d+",
    run("sha256sum /srv/r/spec-locked.deb").stdout:match "%x+"
  write("/srv/r/Packages", ("Package: spec-locked\nVersion: 1\nArchitecture: all\nMaintainer: n\n"
    .. "Filename: ./spec-locked.deb\nSize: %s\nSHA256: %s\nDescription: x\n"):format(size, sum))
  run("rm -f /etc/apt/sources.list.d/*; mkdir -p /var/cache/apt/archives")
  write("/etc/apt/sources.list", "deb [trusted=yes] file:/srv/r ./\n")
  local over = {}
  local function locked(path, call, ...)
    os.remove "/root/held"
    run(("python3 /root/hold.py %s &"):format(path))
    wait.file("/root/held", { contains = path })
    call(...)
    over[#over + 1] = #process.find { args = "hold.py " .. path } == 0
  end
  locked("/var/lib/apt/lists/lock", apt.update)
  locked("/var/cache/apt/archives/lock", apt.install, "spec-locked")
  locked("/var/lib/dpkg/lock-frontend", apt.remove, "spec-locked")
  locked("/var/lib/dpkg/lock", apt.install, "spec-locked")
  return { over = over, installed = apt.installed "spec-locked" }
end

describe("cleantest.utils.systemd", function()
  local seen

  lazy_setup(function() seen = debian(use_units) end)

  it("enables and disables units, and tells which are enabled", function()
    assert.same({ false, false, false }, seen.before)
    assert.same({ true, true }, seen.enabled)
    assert.same({ false, false }, seen.disabled)
    assert.same({ false, false }, seen.stopped)
  end)

  it("tells which have failed, and what they wrote", function()
    assert.same({ false, true, false }, seen.failed)
    assert.matches("serving\n", seen.journal[1])
    assert.matches("the cause\n", seen.journal[1])
    assert.matches("^[^\n]+\n$", seen.journal[2])
  end)

  it("is waited for, and what it serves", function()
    assert.same({ true, false }, seen.serves)
    assert.same({ "python3", "-m", "http.server", "8123" }, seen.process)
    assert.matches("guest_services_spec.lua:%d+: wait%.unit: spec%-bad has failed:\n.*the cause",
      seen.waited[1])
    assert.matches("wait%.unit: spec%-no%-such: not within 0%.2 s: it is inactive$", seen.waited[2])
  end)

  it("refuses what makes no sense", function()
    assert.matches("systemd%.enable: name at least one unit$", seen.wrong[1])
    assert.matches("systemd%.journal: unknown option 'n'; the options are: lines, since$",
      seen.wrong[2])
  end)
end)

describe("cleantest.utils.passwd", function()
  it("leaves no user behind whose password is refused, and no home that was not there", function()
    local got = debian(function()
      local passwd = require "cleantest.utils.passwd"
      local run = require "cleantest.utils.run"
      local file <close> = assert(io.open("/usr/local/sbin/chpasswd", "w"))
      file:write "#!/bin/sh\necho too weak >&2; exit 1\n"
      file:close()
      run("chmod 755 /usr/local/sbin/chpasswd; mkdir -p /srv/old; touch /srv/old/kept",
        { check = true })
      local ann, staff = passwd.user "ann", passwd.group "spec-staff"
      local got = {
        select(2, pcall(ann.add, ann, { password = "x" })), ann:exists(),
        run("test -e /home/ann").exit_code,
        pcall(ann.add, ann, { password = "x", home = "/srv/old" }),
      }
      got.old, got.after = run("test -e /srv/old/kept").exit_code, ann:exists()
      ann:add()
      staff:add()
      passwd.user("bob"):add()
      staff:add_user { "ann", "bob" }
      got.members = staff:members()
      staff:remove_user("ann", "bob")
      got.left = staff:members()
      return got
    end)
    assert.matches("user:add: the password of 'ann' was refused, and the user removed again: "
      .. "chpasswd: exit code 1\ntoo weak", got[1])
    assert.same({ false, 1, false }, { got[2], got[3], got[4] })
    assert.same({ 0, false }, { got.old, got.after })
    assert.same({ "ann", "bob" }, got.members)
    assert.same({}, got.left)
  end)
end)

describe("cleantest.utils.apt", function()
  it("waits for all its locks, while somebody else holds them", function()
    assert.same({ over = { true, true, true, true }, installed = true }, debian(use_locks))
  end)
end)
