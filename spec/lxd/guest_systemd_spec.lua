-- SPDX-License-Identifier: MIT
--
-- The guest's systemd, passwd and os, against the real programs of a Debian that systemd has
-- booted; and what they refuse.

local ct = require "cleantest"
local results = require "spec.support.results"

local BOOKWORM = "debian-bookworm-amd64"

local function debian(testlet)
  local options = { image = BOOKWORM, ready = "system", num_threads = 2 }
  local result = results.only(ct.lxd(options)(testlet)())
  assert(result.status == "pass", tostring(result))
  return result.value
end

-- One unit is started at boot, the other has nothing that says when it would be.
local function pause_and_resume()
  local run = require "cleantest.utils.run"
  local systemd = require "cleantest.utils.systemd"
  local got = {}
  for name, install in pairs { boot = "[Install]\nWantedBy=multi-user.target\n", plain = "" } do
    local path = ("/usr/lib/systemd/system/spec-%s.service"):format(name)
    local file <close> = assert(io.open(path, "w"))
    file:write("[Service]\nExecStart=/bin/sleep 1000\n", install)
  end
  local function look()
    local enabled = run { "systemctl", "is-enabled", "spec-boot", "spec-plain" }
    return { enabled.stdout, systemd.is_active("spec-boot", "spec-plain") }
  end
  systemd.daemon_reload()
  run({ "systemctl", "enable", "--now", "spec-boot" }, { check = true })
  systemd.start "spec-plain"
  got.before = look()
  systemd.pause("spec-boot", "spec-plain")
  got.paused = look()
  got.start = select(2, pcall(systemd.start, "spec-plain"))
  got.refused = look()
  systemd.resume("spec-boot", "spec-plain")
  got.resumed = look()
  got.unknown = select(2, pcall(systemd.resume, "no-such-unit"))
  return got
end

-- With a systemctl that does all it is told, and changes nothing.
local function pause_in_vain()
  local run = require "cleantest.utils.run"
  local systemd = require "cleantest.utils.systemd"
  local function script(text)
    local file <close> = assert(io.open("/bin/systemctl", "w"))
    file:write("#!/bin/sh\necho \"$*\" >>/root/calls\n", text)
  end
  local got = {}
  script '[ "$1" != is-active ] || printf "inactive\\nactive\\n"\n'
  run("chmod 755 /bin/systemctl", { check = true })
  got.pause = select(2, pcall(systemd.pause, "a", "b.socket"))
  got.resume = select(2, pcall(systemd.resume, "a", "b.socket"))
  got.none = select(2, pcall(systemd.pause))
  got.calls = run("cat /root/calls").stdout
  return got
end

describe("cleantest.utils.systemd", function()
  local seen

  lazy_setup(function()
    seen = debian(function()
      local run = require "cleantest.utils.run"
      local systemd = require "cleantest.utils.systemd"
      local got = {}
      local function unit(name, lines)
        local file <close> = assert(io.open("/etc/systemd/system/" .. name, "w"))
        file:write("[Service]\n", lines)
      end
      local function property(name, key)
        return run({ "systemctl", "show", "-P", key, name }, { check = true }).stdout:match "%S+"
      end
      unit("spec-a.service", "ExecStart=/bin/sleep 1000\nExecReload=/bin/touch /run/reloaded\n"
        .. "StateDirectory=spec-a\nConfigurationDirectory=spec-a\n")
      unit("spec-b.service", "ExecStart=/bin/sleep 2000\n")
      got.unknown = { systemd.is_active("spec-a", "no-such-unit") }
      systemd.daemon_reload()
      systemd.start("spec-a", "spec-b.service")
      got.started = { systemd.is_active("spec-a", "no-such-unit", "spec-b.service") }

      local first = property("spec-a", "MainPID")
      systemd.reload "spec-a"
      got.reloaded = run("test -e /run/reloaded").exit_code == 0
      got.same = property("spec-a", "MainPID") == first
      got.unreloadable = select(2, pcall(systemd.reload, "spec-b"))
      local other = property("spec-b", "MainPID")
      systemd.reload({ "spec-b" }, { try_restart = true })
      got.tried = property("spec-b", "MainPID") ~= other
      systemd.restart "spec-a"
      got.restarted = property("spec-a", "MainPID") ~= first

      systemd.kill "spec-b"
      run("while systemctl -q is-active spec-b; do sleep 0.05; done", { timeout = 20 })
      got.killed = systemd.is_active "spec-b"
      got.state = run("test -d /var/lib/spec-a && test -d /etc/spec-a").exit_code
      got.busy = select(2, pcall(systemd.clean, "spec-a"))
      systemd.stop "spec-a"
      systemd.clean "spec-a"
      got.cleaned = run("test -d /var/lib/spec-a || test -d /etc/spec-a").exit_code

      got.missing = select(2, pcall(systemd.start, "no-such-unit"))
      got.wrong = {
        select(2, pcall(systemd.start)), select(2, pcall(systemd.stop, "spec-a", 7)),
        select(2, pcall(systemd.reload, "spec-a", { restart = true })),
      }
      return got
    end)
  end)

  it("tells which units are active, one by one", function()
    assert.same({ false, false }, seen.unknown)
    assert.same({ true, false, true }, seen.started)
  end)

  it("restarts, and reloads; what can't reload is an error, or restarted on request", function()
    assert.is_true(seen.reloaded)
    assert.is_true(seen.same)
    assert.is_true(seen.restarted)
    assert.matches("[Jj]ob type reload is not applicable", seen.unreloadable)
    assert.is_true(seen.tried)
  end)

  it("kills, stops and cleans", function()
    assert.is_false(seen.killed)
    assert.equal(0, seen.state)
    assert.matches("spec%-a", seen.busy)
    assert.equal(1, seen.cleaned)
  end)

  it("pauses units, which then stay away, at the next boot too, and resumes them", function()
    local got = debian(pause_and_resume)
    assert.same({ "enabled\nstatic\n", true, true }, got.before)
    assert.same({ "masked\nmasked\n", false, false }, got.paused)
    assert.matches("guest_systemd_spec%.lua:%d+: systemctl start spec%-plain", got.start)
    assert.matches("spec%-plain%.service is masked", got.start)
    assert.same(got.paused, got.refused)
    assert.same(got.before, got.resumed)
    assert.matches("no%-such%-unit", got.unknown)
  end)

  it("does not take a unit for paused or resumed that is not", function()
    local result = results.only(results.decorate(pause_in_vain)())
    assert.equal("pass", result.status, tostring(result))
    local got, line = result.value, "^[^\n]*guest_systemd_spec%.lua:%d+: "
    assert.matches(line .. "systemd%.pause: b%.socket is still running$", got.pause)
    assert.matches(line .. "systemd%.resume: a is not running$", got.resume)
    assert.matches(line .. "systemd%.pause: name at least one unit$", got.none)
    assert.equal("disable --now a b.socket\nmask a b.socket\nis-active a b.socket\n"
      .. "unmask a b.socket\nenable --now a b.socket\nis-active a b.socket\n", got.calls)
  end)

  it("throws systemctl's words, and wrong arguments, at the testlet's line", function()
    assert.matches("^[^\n]*guest_systemd_spec%.lua", seen.missing)
    assert.matches("no%-such%-unit", seen.missing)
    local wanted = {
      "systemd%.start: name at least one unit", "systemd%.stop: invalid unit name 7",
      "systemd%.reload: unknown option 'restart'; the options are: try_restart",
    }
    for i, pattern in ipairs(wanted) do assert.matches(pattern, seen.wrong[i]) end
  end)
end)

describe("cleantest.utils.passwd", function()
  local seen

  lazy_setup(function()
    seen = debian(function()
      local passwd = require "cleantest.utils.passwd"
      local run = require "cleantest.utils.run"
      local got = {}
      local function ok(command) return run(command).exit_code == 0 end

      local staff, spies = passwd.group "spec-staff", passwd.group "spec-spies"
      got.before = { staff:exists(), passwd.group("root"):exists() }
      staff:add { gid = 4321 }
      spies:add { system = true }
      got.groups = { staff:exists(), staff:gid(), spies:gid() < 1000 }

      local ann, bot = passwd.user "ann", passwd.user "bot"
      got.nobody = { ann:exists(), pcall(ann.uid, ann) }
      ann:add {
        password = "correct horse", shell = "/bin/sh", primary_group = "spec-staff",
        groups = { "spec-spies", "adm" }, uid = 2345, home = "/srv/ann",
      }
      bot:add { system = true }
      got.info, got.uid = ann:info(), { ann:uid(), bot:uid() < 1000 }
      got.members = spies:members()
      got.homes = { ok "test -d /srv/ann", ok("test -d " .. bot:info().home) }
      -- what a login would compare with
      got.password = run([[python3 -W ignore -c 'import crypt, spwd
hash = spwd.getspnam("ann").sp_pwdp
print(crypt.crypt("correct horse", hash) == hash)']]).stdout

      spies:add_user "bot"
      got.added = spies:info()
      spies:remove_user "ann"
      got.left = spies:members()
      got.not_member = select(2, pcall(spies.remove_user, spies, "ann"))

      local eve = passwd.user "spec-spies"
      eve:add { groups = {} }
      got.eve = { eve:info().gid == spies:gid(), spies:exists() }
      eve:remove()

      got.primary = select(2, pcall(staff.remove, staff))
      staff:remove { force = true }
      got.gone = staff:exists()
      ann:remove { purge = true }
      bot:remove()
      got.removed = { ann:exists(), bot:exists(), ok "test -e /srv/ann" }
      got.twice = select(2, pcall(ann.remove, ann))
      got.wrong = {
        select(2, pcall(passwd.user, "a:b")), select(2, pcall(ann.add, ann, { home_dir = "/" })),
        select(2, pcall(ann.add, ann, { uid = "7" })), select(2, pcall(passwd.group, "")),
        select(2, pcall(ann.add, ann, { groups = "adm,root" })),
        select(2, pcall(ann.add, ann, { groups = { "adm", 7 } })),
        select(2, pcall(ann.add, ann, { groups = { "adm,root" } })),
        select(2, pcall(ann.add, ann, { groups = { "adm", first = "root" } })),
        select(2, pcall(ann.add, ann, { groups = { "adm", nil, "root" } })),
      }
      got.never = ann:exists()
      return got
    end)
  end)

  it("adds groups, and knows those that are there", function()
    assert.same({ false, true }, seen.before)
    assert.same({ true, 4321, true }, seen.groups)
  end)

  it("adds users as they are asked for", function()
    assert.same({ name = "ann", uid = 2345, gid = 4321, gecos = "", home = "/srv/ann",
      shell = "/bin/sh" }, seen.info)
    assert.same({ 2345, true }, seen.uid)
    assert.same({ "ann" }, seen.members)
    assert.same({ true, false }, seen.homes)
    assert.equal("True\n", seen.password)
  end)

  it("adds users to the group of their name, where there is one", function()
    assert.same({ true, true }, seen.eve)
  end)

  it("adds users to groups and takes them out", function()
    assert.same({ "ann", "bot" }, seen.added.members)
    assert.equal("spec-spies", seen.added.name)
    assert.same({ "bot" }, seen.left)
    assert.matches("not a member", seen.not_member)
  end)

  it("removes both, a primary group by force, a home on request", function()
    assert.matches("primary group", seen.primary)
    assert.is_false(seen.gone)
    assert.same({ false, false, false }, seen.removed)
  end)

  it("throws for a user who is not there, and for wrong arguments", function()
    assert.same({ false, false }, { seen.nobody[1], seen.nobody[2] })
    assert.matches("guest_systemd_spec%.lua:%d+: passwd: there is no user 'ann'", seen.nobody[3])
    assert.matches("user 'ann' does not exist", seen.twice)
    local wanted = {
      "passwd%.user: invalid user name 'a:b'", "user:add: unknown option 'home_dir'",
      "user:add: uid must be an integer, not '7'", "passwd%.group: invalid group name",
      "user:add: groups: invalid group name 'adm,root'",
      "user:add: groups%[2%]: invalid group name 7",
      "user:add: groups%[%d%]: invalid group name 'adm,root'",
      "user:add: groups must be a list; it has the key 'first'",
      "user:add: groups",
    }
    assert.is_false(seen.never)
    for i, pattern in ipairs(wanted) do assert.matches(pattern, seen.wrong[i]) end
  end)
end)

describe("cleantest.utils.os", function()
  it("knows the release and the machine, as the system's own programs do", function()
    local seen = debian(function()
      local info, run = require "cleantest.utils.os", require "cleantest.utils.run"
      local function sh(command)
        return run(command, { check = true }).stdout:match "^(.-)\n"
      end
      return {
        release = info.release(), arch = info.arch(), machine = sh "uname -m",
        sourced = sh [[. /etc/os-release; echo "$ID|$VERSION_ID|$PRETTY_NAME"]],
      }
    end)
    local release = seen.release
    assert.equal(seen.sourced, table.concat({ release.id, release.version_id, release.name }, "|"))
    assert.same({}, release.like)
    assert.equal(seen.machine, seen.arch)
  end)
end)
