-- SPDX-License-Identifier: MIT
--
-- How far an instance has come when a testlet runs in it. Each instance is a copy of one that
-- was never started, with units of the spec's own: one that takes two seconds to start, or one
-- that never does. The testlets have no hooks: they are waited for for their own sake.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"

local RELEASES = { "bookworm", "trixie", "bullseye" }
local UNIT = "etc/systemd/system/spec-%s.service"
local stopped = {} -- the instances that are copied

-- A unit that is over when its command is.
local function oneshot(command, more)
  return ("[Unit]\n%s\n[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=%s\n")
    :format(more or "", command)
end

-- Makes an instance with these units, which are started at boot, and other files.
local function make(name, image, units, files)
  local folder <close> = new_folder()
  local wants = {}
  for unit, text in pairs(units) do
    folder:write(UNIT:format(unit), text)
    wants[#wants + 1] = ("spec-%s.service"):format(unit)
  end
  folder:write("etc/systemd/system/multi-user.target.d/spec.conf",
    "[Unit]\nWants=" .. table.concat(wants, " ") .. "\n")
  for path, text in pairs(files or {}) do folder:write(path, text, "755") end
  stopped[name] = "ready-spec-" .. name
  lxd.client("init", "--quiet", image, stopped[name])
  for top in pairs { etc = true, usr = files } do
    lxd.client("file", "push", "--quiet", "--recursive", folder:at(top), stopped[name] .. "/")
  end
end

local function copy_of(name)
  return { name = name, source = { type = "copy", source = stopped[name] } }
end

-- A systemd that executes itself anew in the middle of start-up says nothing more to those who
-- have asked it before; nor does it always see the end of what is starting then, so that nothing
-- is. The name server comes when all else is there, and below a mount.
local slow = {
  again = oneshot("/bin/systemctl daemon-reexec", "After=network-dhcp.service "
    .. "systemd-user-sessions.service spec-failing.service spec-link.service"),
  slow = oneshot("/bin/sh -c 'sleep 2; touch /over'", "After=spec-again.service"),
  failing = oneshot "/bin/false",
  link = oneshot "/bin/ln -sf /run/late/deep/resolv.conf /etc/resolv.conf",
  late = "[Service]\nExecStart=/bin/sh -c 'until [ -e /asked -a -e /over ]; do sleep 0.1; done; "
    .. "mkdir /run/late; mount -t tmpfs none /run/late; mkdir /run/late/deep; "
    .. "echo nameserver 192.0.2.1 >/run/late/deep/resolv.conf; sleep infinity'\n",
}

-- Stands in for systemctl as it was before systemd 240: with "is-system-running --wait" it
-- waited for nothing.
local old_systemctl = [[#!/bin/sh
case " $* " in *" is-system-running "*) echo starting; exit 1 ;; esac
exec /usr/bin/systemctl "$@"
]]

local function look()
  local run = require "cleantest.utils.run"
  return {
    state = run("/bin/systemctl is-system-running").stdout,
    over = run("ls /over").stdout,
    told = run("systemctl is-system-running --wait").stdout,
  }
end

describe("a testlet", function()
  lazy_setup(function()
    for _, release in ipairs(RELEASES) do
      make(release, ("debian-%s-amd64"):format(release), slow)
    end
    make("old", "debian-bookworm-amd64", slow, { ["usr/local/bin/systemctl"] = old_systemctl })
    make("never", "debian-bookworm-amd64", { never = oneshot "/bin/sleep infinity" })
  end)

  lazy_teardown(function()
    for _, name in pairs(stopped) do pcall(lxd.delete, name) end
  end)

  it("finds that start-up is over, whatever failed, and says nothing of it", function()
    local images = {}
    for i, release in ipairs(RELEASES) do images[i] = copy_of(release) end
    for name, result in ct.lxd { image = images } (look)() do
      assert.equal("pass", result.status, name .. ": " .. tostring(result))
      assert.same({ state = "degraded\n", over = "/over\n", told = "degraded\n" }, result.value)
    end
  end)

  it("finds the same where systemctl is one that can't wait", function()
    local result = results.only(ct.lxd { image = copy_of "old", ready = "system" } (look)())
    assert.equal("pass", result.status, tostring(result))
    assert.same({ state = "degraded\n", over = "/over\n", told = "starting\n" }, result.value)
  end)

  it("that wants a network waits for the last of it", function()
    local given = { image = copy_of "bookworm", ready = "exec" }
    local result = results.only(ct.lxd(given)(function()
      local guest, run = require "cleantest.guest", require "cleantest.utils.run"
      run("touch /asked", { check = true })
      local ready, why = guest.wait_ready("network", 60)
      return { ready = ready, why = why, server = run("cat /etc/resolv.conf").stdout,
        over = run("ls /over").stdout }
    end)())
    assert.equal("pass", result.status, tostring(result))
    assert.same({ ready = true, server = "nameserver 192.0.2.1\n", over = "/over\n" },
      result.value)
  end)

  it("is an error when start-up never ends, or runs at once if it says so", function()
    local image, passing = copy_of "never", ct.command { "true" }
    local found = {}
    for name, result in ct.run {
      default = ct.lxd { image = image, ready_timeout = 2 } (passing),
      exec = ct.lxd { image = image, ready = "exec" } (passing),
    } do found[name:match "^%l+"] = result end
    assert.equal("pass", found.exec.status, tostring(found.exec))
    assert.equal("error", found.default.status)
    assert.matches("not ready %(system%) after 2 s: systemd has not finished starting up",
      found.default.error)
    assert.matches("systemctl list%-jobs", found.default.error)
  end)

  it("of an archon that said so does not wait either, in no order", function()
    local cluster <close> = ct.archon()
    cluster:add("one", copy_of "never", { ready = "exec" })
    local said = cluster:execute("one", "touch /there && ls /there", { check = true }).one
    assert.equal("/there\n", said.stdout)
  end)

  it("waits for no systemd where another init runs", function()
    local image = { name = "debian-bookworm-amd64",
      config = { ["raw.lxc"] = "lxc.init.cmd = /bin/sleep 1000" } }
    local result = results.only(ct.lxd { image = image, fresh = true } (function() end)())
    assert.equal("pass", result.status, tostring(result))
  end)

  it("is waited for where the kernel has no watches left", function()
    local name = "ready-spec-blind"
    lxd.client("launch", "--quiet", results.image, name)
    stopped[name] = name
    lxd.client("exec", name, "--", "sh", "-c", "echo 0 >/proc/sys/user/max_inotify_instances; "
      .. "until ip route | grep -q default; do sleep 0.1; done; : >/etc/resolv.conf; "
      .. "{ sleep 1; echo nameserver 192.0.2.1 >/etc/resolv.conf; } >/dev/null 2>&1 &")
    local target = ct.lxd.target(name, { ready = "network" })
    local result = results.only(target(ct.command { "cat", "/etc/resolv.conf" })())
    assert.equal("pass", result.status, tostring(result))
    assert.equal("nameserver 192.0.2.1\n", result.stdout)
  end)
end)
