-- SPDX-License-Identifier: MIT
--
-- Snaps: the guest's snap module and ct.pkg.snap, against Debian's own snapd in an instance. No
-- store can be reached from there: what is installed comes from files. What has to do with the
-- store is in guest_snap_store_spec.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"

-- snapd mounts what it installs with fuse in a container, which must be let in.
local image = {
  name = "debian-bookworm-amd64",
  source = { type = "image", alias = "debian-bookworm-amd64" },
  devices = { fuse = { type = "unix-char", path = "/dev/fuse", mode = "0666" } },
}

-- Two snap files: one of two apps, and an empty one in the place of core, which snapd would
-- fetch from the store.
local make_snaps = ct.script [[
  #!/bin/sh
set -e
mkdir -p /srv/core/meta /srv/app/meta /srv/app/bin
cat >/srv/core/meta/snap.yaml <<END
name: core
version: "16"
type: os
summary: stands in for core
description: for a spec
architectures: [all]
END
cat >/srv/app/meta/snap.yaml <<END
name: spec-snap
version: "1.0"
summary: for a spec
description: for a spec
confinement: strict
architectures: [all]
apps:
  spec-snap:
    command: bin/run
    plugs: [network-control]
  other:
    command: bin/run
  service:
    command: bin/run
    daemon: simple
    restart-condition: never
END
for d in bin dev etc home lib proc root run sbin sys tmp usr var snap; do
    mkdir -p /srv/core/$d
done
printf '#!/bin/sh\n' >/srv/app/bin/run
chmod 755 /srv/app/bin/run
for name in core app; do
    mksquashfs /srv/$name /srv/$name.snap -noappend -comp xz -quiet -no-progress
done
]]

local function start(hooks, testlet, of)
  local config = ct.configure "lxd"
  config:reset()
  for i, hook in ipairs(hooks) do
    hook.name = "hook-" .. i
    config:register_hook((hook.download and ct.hook.stop_env or ct.hook.start_env)(hook))
  end
  local call = table.pack(ct.lxd { image = of or image, num_threads = 2 } (testlet)())
  config:reset()
  return call
end

local function finish(call)
  return results.only(table.unpack(call, 1, 4))
end

local snap_of = "cleantest.utils.snap" -- a testlet's functions require it where they run

local function shown(command)
  return require "cleantest.utils.run"(command).stdout
end

local function why(callee, ...)
  return select(2, pcall(callee, ...))
end

local function install_files(got)
  local snap = require(snap_of)
  snap.wait_seeded()
  got.absent = snap.get("spec-snap"):info() == nil
  got.unsigned = why(snap.install_local, "/srv/app.snap")
  snap.install_local("/srv/core.snap", { dangerous = true })
  snap.install_local("/srv/app.snap", { dangerous = true })
  got.info = snap.get("spec-snap"):info()
  got.list = shown "snap list spec-snap"
  got.ensured = snap.ensure "spec-snap"
  got.again = why(snap.install, "spec-snap")
  got.store = why(snap.install, "hello-world")
end

local function name_and_connect(got)
  local snap = require(snap_of)
  snap.alias("spec-snap", "spec-alias")
  snap.alias("spec-snap.other", "spec-second")
  got.aliases = shown "snap aliases spec-snap"
  snap.unalias "spec-alias"
  got.unaliased = shown "snap aliases spec-snap"
  snap.connect("spec-snap:network-control", ":network-control")
  got.connected = shown "snap connections spec-snap"
  snap.disconnect("spec-snap:network-control", ":network-control")
  snap.connect "spec-snap:network-control"
  got.reconnected = shown "snap connections spec-snap"
  snap.disconnect "spec-snap:network-control"
  got.disconnected = shown "snap connections spec-snap"
  got.unconnectable = why(snap.connect, "spec-snap:no-such-plug")
end

local function control(got)
  local one = require(snap_of).get "spec-snap"
  one:stop()
  one:start "service"
  one:restart "service"
  got.commands = shown "snap changes | grep -c 'Running service command'"
  got.journal = shown "journalctl -u snap.spec-snap.service.service -o cat"
  got.logs = one:logs(3)
  got.unstartable = why(one.start, one, "no-such-service")
  got.unconfigurable = why(one.set, one, { a = 1 })
end

local function configure(got)
  local snap = require(snap_of)
  local core = snap.get "core"
  core:set { ["refresh.retain"] = 3, ["refresh.metered"] = "hold" }
  got.retain, got.nothing = core:get "refresh.retain", core:get "no.such"
  got.metered, got.all = shown "snap get core refresh.metered", core:get().refresh.retain
  core:unset "refresh.retain"
  got.unset = core:get "refresh.retain"
  snap.hold_refresh(60)
  got.hold = core:get "refresh.hold"
  got.expected = os.date("!%Y-%m-%d", os.time() + 60 * 24 * 3600)
end

local function use_snaps()
  local snap = require(snap_of)
  local one, got = snap.get "spec-snap", {}
  install_files(got)
  name_and_connect(got)
  control(got)
  configure(got)
  snap.remove("spec-snap", { purge = true })
  got.removed = one:info() == nil
  got.not_there = why(snap.remove, "spec-snap")
  got.wrong = {
    why(snap.hold_refresh, 91), why(snap.install, "a", { classical = true }),
    why(snap.install, "a b"), why(snap.connect), why(one.logs, one, 0),
  }
  return got
end

local function installed()
  local run = require "cleantest.utils.run"
  return {
    list = run("snap list").stdout, aliases = run("snap aliases").stdout,
    connections = run("snap connections spec-snap").stdout,
  }
end

describe("snaps", function()
  local folder <const> = new_folder()
  local seen, hooked, lost, declined

  lazy_setup(function()
    local prepare = { packages = ct.pkg.apt { packages = { "fuse3", "snapd", "squashfs-tools",
      "squashfuse" } }, run = make_snaps }
    local lost_call = start({ { packages = ct.pkg.snap { snaps = "hello-world" } } }, function()
      print "the testlet ran"
    end, "debian-bookworm-amd64")
    local result = finish(start({ prepare,
      { download = ct.data.file("/srv/core.snap", folder:at "core.snap") },
      { download = ct.data.file("/srv/app.snap", folder:at "app.snap") } }, use_snaps))
    assert(result.status == "pass", tostring(result))
    seen = result.value
    hooked = start({
      { packages = { ct.pkg.apt { packages = { "fuse3", "squashfuse" } }, ct.pkg.snap {
        local_snaps = { folder:at "core.snap", folder:at "app.snap" }, dangerous = true,
        connections = { plug = "spec-snap:network-control" },
        aliases = { { snap = "spec-snap", alias = "one" },
          { snap = "spec-snap", app = "other", alias = "two" } },
      } } },
    }, installed)
    declined = start({
      { packages = { ct.pkg.apt { packages = { "fuse3", "squashfuse" } },
        ct.pkg.snap { local_snaps = folder:at "core.snap" } } },
    }, function() print "the testlet ran" end)
    hooked, declined, lost = finish(hooked), finish(declined), finish(lost_call)
  end)

  lazy_teardown(function() folder:remove() end)

  it("are installed from files, and removed", function()
    assert.is_true(seen.absent)
    assert.equal("1.0", seen.info.version)
    assert.equal("x1", seen.info.revision)
    assert.matches("spec%-snap%s+1%.0%s+x1", seen.list)
    assert.is_false(seen.ensured)
    assert.is_true(seen.removed)
  end)

  it("that snapd refuses throw its reason at the testlet's line", function()
    assert.matches("guest_snap_spec%.lua:%d+: snap: install /srv/app%.snap: .*signatures",
      seen.unsigned)
    assert.matches('snap "spec%-snap" is already installed', seen.again)
    assert.matches("snap: install hello%-world: .*api%.snapcraft%.io", seen.store)
    assert.matches('snap "spec%-snap" is not installed', seen.not_there)
    assert.matches("no%-such%-plug", seen.unconnectable)
    assert.matches("no%-such%-service", seen.unstartable)
    assert.matches('has no "configure" hook', seen.unconfigurable)
  end)

  it("have aliases", function()
    assert.matches("spec%-snap%s+spec%-alias", seen.aliases)
    assert.matches("spec%-snap%.other%s+spec%-second", seen.aliases)
    assert.not_matches("spec%-alias", seen.unaliased)
  end)

  it("are connected, plug to slot, and disconnected", function()
    local pattern = "spec%-snap:network%-control%s+:network%-control%s+manual"
    assert.matches(pattern, seen.connected)
    assert.matches(pattern, seen.reconnected)
    assert.matches("spec%-snap:network%-control%s+%-%s+%-", seen.disconnected)
  end)

  it("have services that start and stop, and their logs", function()
    assert.equal("3\n", seen.commands)
    -- when it was installed, started, and restarted; nothing can run on an empty core
    assert.equal(3, select(2, seen.journal:gsub("Started snap%.spec%-snap", "")))
    assert.equal(3, #seen.logs)
    assert.matches("^%d+%-%d+%-%d+T", seen.logs[1].timestamp)
    assert.equal("string", type(seen.logs[1].message))
  end)

  it("have settings", function()
    assert.equal(3, seen.retain)
    assert.equal(3, seen.all)
    assert.equal("integer", math.type(seen.retain))
    assert.equal("hold\n", seen.metered)
    assert.is_nil(seen.nothing)
    assert.is_nil(seen.unset)
    assert.matches("^" .. seen.expected:gsub("%-", "%%-"), seen.hold)
  end)

  it("are not asked for what makes no sense", function()
    local wanted = {
      "days must be a number above 0, at most 90, not 91", "unknown option 'classical'",
      "snap%.install: invalid snap name 'a b'", "snap%.connect: invalid snap name nil",
      "n must be a positive integer",
    }
    for i, pattern in ipairs(wanted) do assert.matches(pattern, seen.wrong[i]) end
  end)

  it("are installed by start hooks, with snapd, connections and aliases", function()
    assert.equal("pass", hooked.status, tostring(hooked))
    assert.matches("spec%-snap%s+1%.0", hooked.value.list)
    assert.matches("spec%-snap%s+one%s", hooked.value.aliases)
    assert.matches("spec%-snap%.other%s+two%s", hooked.value.aliases)
    assert.matches("network%-control%s+manual", hooked.value.connections)
  end)

  it("that can't be installed make the result an error with snapd's words", function()
    assert.equal("error", declined.status)
    assert.matches("signatures", declined.error)
    assert.equal("error", lost.status)
    assert.matches("system does not fully support snapd", lost.error)
    assert.equal("", lost.stdout)
  end)
end)
