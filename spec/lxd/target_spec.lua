-- SPDX-License-Identifier: MIT
--
-- ct.lxd.target: testlets in instances that exist already. The instances are made and deleted
-- by LXD's own client here; cleantest must leave them as they were.

local ct = require "cleantest"
local events = require "cleantest.call.events"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local REAPED = 15 -- seconds in which the reaper is done, says the contract

local image = "busybox-" .. process.output({ "dpkg", "--print-architecture" }):match "%S+"
local one, two, stopped = "target-spec-one", "target-spec-two", "target-spec-stopped"

describe("ct.lxd.target", function()
  lazy_setup(function()
    lxd.client("launch", "--quiet", image, one)
    lxd.client("launch", "--quiet", image, two)
    lxd.client("init", "--quiet", image, stopped)
  end)

  lazy_teardown(function()
    for _, name in ipairs { one, two, stopped } do pcall(lxd.delete, name) end
  end)

  it("runs testlets and hooks in them, and leaves nothing of its own", function()
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "upload", upload = ct.data.file({ text = "here" }, "/tmp/uploaded"),
    })
    local where_am_i = ct.lxd.target(one, { two }, { parallel = true, name = "where" })(function()
      local file <close> = io.open "/tmp/uploaded"
      local hostname <close> = io.open "/proc/sys/kernel/hostname"
      return { upload = file:read "a", host = hostname:read "l" }
    end)
    local seen = {}
    for name, result in where_am_i() do
      assert.equal("pass", result.status, tostring(result))
      assert.equal("here", result.value.upload)
      assert.equal(result.instance, result.value.host)
      seen[#seen + 1] = name
    end
    assert.same({ "where-" .. one, "where-" .. two }, seen)
    for _, name in ipairs { one, two } do
      assert.equal("Running", lxd.instance(name).status)
      assert.is_nil(lxd.client("exec", name, "--", "ls", "-a", "/"):find ".cleantest")
    end
  end)

  it("downloads by stop hooks, from each to a place of its own", function()
    local folder <close> = new_folder()
    ct.configure("lxd"):register_hook(ct.hook.stop_env {
      name = "download", run = ct.script "cp /tmp/left /tmp/collected",
      download = ct.data.file("/tmp/collected", folder:at "{image}"),
    })
    local leave = ct.lxd.target(one, two) (ct.script "hostname >/tmp/left; exit 3")
    for name, result in leave() do
      assert.equal("fail", result.status, name .. ": " .. tostring(result))
    end
    for _, name in ipairs { one, two } do assert.equal(name .. "\n", folder:read(name)) end
  end)

  it("takes one instance after the other where parallel is false", function()
    local function stay()
      local run = require "cleantest.utils.run"
      local function now() -- ticks since boot, the same clock for all: a new process' start
        local field = run("cat /proc/self/stat").stdout:match "^.*%) (.*)$"
        for _ = 4, 22 do field = field:match "^%S+ (.*)$" end
        return tonumber(field:match "^%d+")
      end
      local from = now()
      run "sleep 0.5"
      return { from = from, to = now() }
    end
    local seen = results.collect(ct.lxd.target(one, two, { parallel = false }) (stay)())
    assert.equal("pass", seen[1].status, tostring(seen[1]))
    assert.equal(2, #seen)
    assert.is_true(seen[1].value.to <= seen[2].value.from)
  end)

  it("leaves nothing of its own when it is cancelled, however early", function()
    local system = require "system"
    local run = ct.lxd.target(one) (ct.command { "sleep", "60" })
    local left = {}
    events.subscribe { done = function(_, _, event) left[#left + 1] = event.message end }
    for i = 0, 29 do
      local call = run()
      system.sleep(i * 0.002)
      call:cancel()
      call:wait()
    end
    assert.same({}, left)
    assert.is_nil(lxd.client("exec", one, "--", "ls", "-a", "/"):find ".cleantest")
  end)

  it("works in a Debian, whose system it leaves running", function()
    local debian = "target-spec-debian"
    lxd.client("launch", "--quiet", "debian-bookworm-amd64", debian)
    finally(function() lxd.delete(debian) end)
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "upload", upload = ct.data.file({ text = "here" }, "/root/uploaded"),
    })
    local result = results.only(ct.lxd.target(debian) (ct.script [[
      #!/bin/bash
      systemctl is-system-running --wait >/dev/null
      echo "$(hostname) $(cat /root/uploaded)"
    ]])())
    assert.equal("pass", result.status, tostring(result))
    assert.equal(debian .. " here\n", result.stdout)
    assert.is_nil(lxd.client("exec", debian, "--", "ls", "-a", "/"):find ".cleantest")
  end)

  it("lets two runs share an instance at the same time", function()
    local function slow() return ct.lxd.target(one) (ct.command { "sleep", "1" }) end
    for name, result in ct.run { a = slow(), b = slow(), c = slow(), num_threads = 3 } do
      assert.equal("pass", result.status, name .. ": " .. tostring(result))
    end
    assert.is_nil(lxd.client("exec", one, "--", "ls", "-a", "/"):find ".cleantest")
  end)

  -- Runs a script in `one`, kills the host outright once it is under way, and waits until nothing
  -- of ours is left there. Returns what is.
  local function left_by_the_killed(script)
    local folder <close> = new_folder { ["suite.lua"] = ([[
      local ct = require "cleantest"
      for _, result in ct.lxd.target(%q)(ct.script %q)() do print(result) end
    ]]):format(one, script .. "; touch /tmp/under-way; sleep 321") }
    local host = process.start { "lua5.4", folder:at "suite.lua" }
    assert.is_true(process.within(30, function()
      return lxd.client("exec", one, "--", "ls", "/tmp"):find "under%-way"
    end) ~= nil)
    host:kill "KILL"
    host:close()
    local function left()
      return lxd.client("exec", one, "--", "sh", "-c",
        "rm -f /tmp/under-way; ls -d /.cleantest* 2>/dev/null; ps -o args | grep -x 'sleep 321'; :")
    end
    process.within(REAPED, function() return left() == "" end)
    return left()
  end

  it("leaves nothing of its own when it is killed outright, and the instance running", function()
    assert.equal("", left_by_the_killed "setsid sleep 321 & (trap '' TERM; sleep 321) & true")
    assert.equal("Running", lxd.instance(one).status)
  end)

  it("leaves nothing when it is killed, though the guest there is not whole", function()
    assert.equal("", left_by_the_killed "cd /.cleantest-*; rm guest; echo partial >guest")
  end)

  it("refuses an instance that is missing, before anything starts", function()
    local run = ct.lxd.target(one, "target-spec-none") (ct.command { "touch", "/tmp/started" })
    local _, message = pcall(function() run() end)
    assert.matches('target_spec.lua:%d+: there is no instance "target%-spec%-none"', message)
    assert.is_nil(lxd.client("exec", one, "--", "ls", "/tmp"):find "started")
  end)

  it("says that an instance is stopped", function()
    local run = ct.lxd.target(stopped) (ct.command { "true" })
    assert.error_matches(function() run() end, 'instance "target%-spec%-stopped" does not run')
    assert.equal("Stopped", lxd.instance(stopped).status)
  end)

  it("says what can't be uploaded, before anything ran, and leaves nothing of its own", function()
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "upload", upload = ct.data.file("no-such-file", "/tmp/never"),
    })
    local result = results.only(ct.lxd.target(one) (function() end)())
    assert.equal("error", result.status)
    assert.matches("hook upload: upload: reading .*no%-such%-file", result.error)
    assert.is_nil(lxd.client("exec", one, "--", "ls", "-a", "/"):find ".cleantest")
  end)

  it("refuses what makes no sense for it", function()
    assert.error_matches(function() ct.lxd.target(one, { preserve = true }) end,
      "unknown option 'preserve'")
    assert.error_matches(function() ct.lxd.target() end, "at least one instance")
  end)
end)
