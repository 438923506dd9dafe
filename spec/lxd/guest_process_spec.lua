-- SPDX-License-Identifier: MIT
--
-- The processes of a testlet: whose end ends what, and what lives on. A command that is made to
-- end takes along all that it started, and nothing else; one that ends by itself takes nothing.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"
local results = require "spec.support.results"

local BOOKWORM, BULLSEYE = "debian-bookworm-amd64", "debian-bullseye-amd64"

-- How many processes there are with just these words.
local function count(words)
  local run = require "cleantest.utils.run"
  local wanted, found = words:gsub(" ", "\0") .. "\0", 0
  for pid in run { "ls", "/proc" }.stdout:gmatch "%d+" do
    local file <close> = io.open("/proc/" .. pid .. "/cmdline", "rb")
    if file and file:read "a" == wanted then found = found + 1 end
  end
  return found
end

-- What is in a file once it differs from what was there before; nil after 30 seconds.
local function change(path, before)
  local run = require "cleantest.utils.run"
  for _ = 1, 300 do
    local file <close> = io.open(path)
    local now = file and file:read "a" or ""
    if now ~= "" and now ~= before then return now end
    run "sleep 0.1"
  end
end

-- Each command is made to end while the testlet has other processes: a child, an orphan.
local function end_commands()
  local run = require "cleantest.utils.run"
  local child = io.popen "exec sleep 3001"
  run "sleep 3002 & (setsid sleep 3002 &)"
  local left, once = {}, { timeout = 0.3 }
  for _, command in ipairs {
    "sleep 3003", "sleep 3003 & wait", "setsid sleep 3003 & wait", "setsid sleep 3003; sleep 3003",
    "(setsid sh -c 'sleep 3003 & exec sleep 3003' &); sleep 3003", -- its parent has ended
    "setsid sh -c '(setsid sleep 3003 &); sleep 3003' & wait",
    "trap '' TERM; (trap '' TERM; sleep 3003; :) & sleep 3003; sleep 3003",
    "kill -STOP $$",
  } do
    local ended = run(command, once)
    left[#left + 1] = { command, ended.timed_out, count "sleep 3003" }
  end
  -- each lives for a moment, and starts the next
  run("f() { echo >>/chain; sleep 0.02; f & exit; }; f & sleep 3003", { timeout = 1 })
  local function length() return #assert(io.open "/chain"):read "a" end
  local chain = length()
  run "sleep 0.5"
  local flood = run("setsid sleep 3003 & yes", { output_limit = 1000 })
  return io.type(child) and {
    left = left, chain = { chain, length() }, truncated = flood.truncated,
    flood = count "sleep 3003", child = count "sleep 3001", orphans = count "sleep 3002",
  }
end

local BEAT = [[
  ( i=0
    while :; do i=$((i + 1)); echo tick; echo tock >&2; echo $i >/beat; sleep 0.05; done ) &]]

local function leave_behind()
  local run = require "cleantest.utils.run"
  local beat = run(BEAT)
  local much = run "(head -c 3000000 /dev/zero; echo done >/much) &"
  local first = change "/beat"
  return { exit_code = beat.exit_code, much.exit_code, change("/beat", first) ~= nil,
    change "/much" }
end

local function hears_a_beat() return change("/beat", change "/beat") ~= nil end

describe("a command that is made to end", function()
  local function ends_its_own(result)
    assert.equal("pass", result.status, tostring(result))
    local seen = result.value
    assert.equal(8, #seen.left)
    for _, one in ipairs(seen.left) do assert.same({ one[1], true, 0 }, one) end
    assert.equal(seen.chain[1], seen.chain[2])
    assert.is_true(seen.truncated)
    assert.equal(0, seen.flood)
    assert.same({ 1, 2 }, { seen.child, seen.orphans })
  end

  it("takes along all that it started, and nothing else of the testlet's", function()
    local testlet = ct.lxd {
      image = { results.image, BOOKWORM, BULLSEYE }, num_threads = 3,
    } (end_commands)
    for _, result in testlet() do ends_its_own(result) end
  end)

  it("does so without what newer kernels have, and without /proc", function()
    local image = { name = "old", source = { type = "image", alias = results.image }, config = {
      ["security.syscalls.deny"] = "pidfd_open errno 38\nclose_range errno 38",
    } }
    ends_its_own(results.only(ct.lxd { image = image } (end_commands)()))
    local name = "guest-process-spec"
    lxd.client("launch", "--quiet", results.image, name)
    finally(function() lxd.delete(name) end)
    lxd.client("exec", name, "--", "umount", "-l", "/proc")
    local result = results.only(ct.lxd.target(name) (function()
      local run = require "cleantest.utils.run"
      local function length() return #assert(io.open "/beat"):read "a" end
      local beat = "setsid sh -c 'while echo; do sleep 0.05; done >>/beat'"
      run(("%s & (%s &); sleep 3003"):format(beat, beat), { timeout = 0.5 })
      local first = length()
      run "sleep 0.5"
      return { first > 0, length() - first }
    end)())
    assert.same({ true, 0 }, result.value, tostring(result))
  end)
end)

describe("a testlet that is made to end", function()
  local name = "guest-process-spec"

  lazy_setup(function() lxd.client("launch", "--quiet", results.image, name) end)
  lazy_teardown(function() lxd.delete(name) end)

  -- The client may lose the end of what a program prints: then it is asked again.
  local function processes()
    return process.within(10, function()
      local listed = lxd.client("exec", name, "--", "sh", "-c", "ps; echo complete")
      return listed:match "^(.*)complete\n$"
    end)
  end

  it("takes along all that it started", function()
    local result = results.only(ct.lxd.target(name, { timeout = 1 }) (function()
      local run = require "cleantest.utils.run"
      run "(setsid sleep 3004 &)"
      run "setsid sleep 3004 & exec sleep 3004"
    end)())
    assert.is_true(result.timed_out, tostring(result))
    assert.is_nil(processes():find "3004")
    result = results.only(ct.lxd.target(name, { timeout = 1 })
      (ct.script "(setsid sleep 3004 &); setsid sleep 3004 & sleep 3004")())
    assert.is_true(result.timed_out, tostring(result))
    assert.is_nil(processes():find "3004")
  end)

  it("by its own hand, since it killed its parent, has failed with that signal", function()
    local result = results.only(ct.lxd.target(name) (ct.script "kill -9 $PPID; sleep 3004")())
    assert.equal("fail", result.status, tostring(result))
    assert.equal(9, result.signal)
  end)

  it("takes it along when the guest itself is killed, too", function()
    local result = results.only(ct.lxd.target(name) (ct.script [[
      #!/bin/sh
      keeper=$(awk '{ print $4 }' /proc/$$/stat)
      guest=$(awk '{ print $4 }' /proc/$keeper/stat)
      (setsid sleep 3005 &)
      setsid sleep 3005 &
      kill -9 $guest
      sleep 3005
    ]])())
    assert.equal("fail", result.status, tostring(result))
    assert.is_true(process.within(30, function() return not processes():find "3005" end))
  end)

  it("ends in time though the host does not read what it writes", function()
    local suite <close> = require "spec.support.folder" { ["suite.lua"] = ([[
      local ct = require "cleantest"
      local flood = ct.lxd.target(%q, { timeout = 6 }) (ct.script [=[
        until [ -e /go ]; do sleep 0.1; done
        exec yes
      ]=])
      print "starting" io.stdout:flush()
      for _, result in flood() do print(result.status, result.timed_out, result.error) end
    ]]):format(name) }
    local host = process.start { "lua5.4", suite:at "suite.lua" }
    host:await "starting"
    local function floods() return processes():find "yes" end
    assert.is_truthy(process.within(30, function() return processes():find "sleep 0.1" end))
    finally(function()
      host:kill "CONT"
      host:close()
    end)
    host:kill "STOP"
    lxd.client("exec", name, "--", "touch", "/go")
    assert.is_truthy(process.within(5, floods))
    local ended = process.within(40, function() return not floods() end)
    assert.is_true(ended)
    host:kill "CONT"
    assert.matches("fail%s+true", host:await "fail")
  end)
end)

describe("a program that is left behind", function()
  it("lives on, and can write, when the command that started it has ended", function()
    local testlet = ct.lxd { image = { results.image, BOOKWORM }, num_threads = 2 } (leave_behind)
    for _, result in testlet() do
      assert.equal("pass", result.status, tostring(result))
      assert.same({ exit_code = 0, 0, true, "done\n" }, result.value)
      assert.is_true(result.phases.testlet < 60)
    end
  end)

  it("serves the testlet", function()
    local result = results.only(ct.lxd { image = BOOKWORM } (function()
      local run = require "cleantest.utils.run"
      run "python3 -m http.server 8000 &"
      local get = { "python3", "-c", [[
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8000/").status)]] }
      local first = run(get)
      for _ = 1, 100 do
        if first.exit_code == 0 then break end
        run "sleep 0.1"
        first = run(get)
      end
      return first.stdout .. run(get).stdout
    end)())
    assert.equal("200\n200\n", result.value, tostring(result))
  end)

  it("lives on in the next testlet of a shared instance", function()
    local all = results.collect(ct.run {
      results.decorate(ct.script(BEAT), { name = "a" }), isolation = "image",
      results.decorate(hears_a_beat, { name = "b" }),
    })
    for i = 1, 2 do assert.equal("pass", all[i].status, tostring(all[i])) end
    assert.is_true(all[2].value)
  end)

  it("lives on in what an archon executes next", function()
    local archon <close> = ct.archon()
    archon:add("one", results.image)
    assert.equal("pass", archon:execute("one", BEAT).one.status)
    assert.is_true(archon:execute("one", hears_a_beat).one.value)
  end)
end)
