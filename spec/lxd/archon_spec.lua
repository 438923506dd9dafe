-- SPDX-License-Identifier: MIT
--
-- ct.archon: instances directed by hand. What it did is looked at with LXD's own client.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local simulated = require "spec.support.simulated"

local image = results.image

local function refused(pattern, method, ...)
  local ok, message = pcall(method, ...)
  assert.is_false(ok)
  assert.matches("archon_spec.lua:%d+: ", message)
  assert.matches(pattern, message)
end

describe("an archon", function()
  it("makes instances, which go on until they are destroyed", function()
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    cluster:add({ "two", "three" }, image, { num_threads = 2 })
    assert.equal(3, #lxd.of_process(lxd.own_pid()))
    assert.equal("Running", lxd.instance(cluster:instance "two").status)
    assert.is_true(cluster:exists "two")
    assert.is_false(cluster:exists "four")
    cluster:destroy { "one", "two" }
    assert.is_false(cluster:exists "two")
    assert.is_true(cluster:exists "three")
    cluster:add("one", image)
    cluster:destroy()
    assert.same({}, lxd.of_process(lxd.own_pid()))
  end)

  it("says that one is gone which somebody else has deleted", function()
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    lxd.delete(cluster:instance "one")
    assert.is_false(cluster:exists "one")
    refused("already", cluster.add, cluster, { "one", "one" }, image)
    cluster:add("one", image)
    assert.is_true(cluster:exists "one")
    refused("already", cluster.add, cluster, "one", image)
    lxd.delete(cluster:instance "one")
    cluster:destroy "one"
    assert.is_false(cluster:exists "one")
  end)

  it("provisions with any testlet, after the resources are there", function()
    local cluster <close> = ct.archon()
    local resources = { ct.data.file({ text = "resource" }, "/resource") }
    cluster:add("lua", image, { resources = resources, provision = function()
      local file <close> = assert(io.open("/resource"))
      local copy <close> = assert(io.open("/provisioned", "w"))
      copy:write(file:read "a")
    end })
    cluster:add("command", image, {
      resources = resources, provision = ct.command { "cp", "/resource", "/provisioned" },
    })
    local said = cluster:execute({ "lua", "command" }, "cat /provisioned", { check = true })
    assert.equal("resource", said.lua.stdout)
    assert.equal("resource", said.command.stdout)
  end)

  it("provisions when there is a network, or as early as it is told to", function()
    local cluster <close> = ct.archon()
    cluster:add("one", "debian-bookworm-amd64", { provision = function()
      for line in io.lines "/proc/net/route" do
        if line:find "^%S+%s+00000000%s" then return end
      end
      error "there is no default route"
    end })
    local alone = { name = "alone", image = image, devices = { eth0 = { type = "none" } } }
    local provision = ct.command { "true" }
    refused("network", cluster.add, cluster, "two", alone,
      { provision = provision, ready_timeout = 2 })
    cluster:add("three", alone, { provision = provision, ready = "exec" })
    cluster:add("four", alone)
  end)

  it("provisions with a file, beside a folder that is among the resources", function()
    local folder <close> = new_folder {
      ["provision.sh"] = "#!/bin/sh\numask 077; cat /srv/a/b /srv/top >/provisioned\n",
      ["tree/a/b"] = "deep ", ["tree/top"] = "flat",
    }
    local cluster <close> = ct.archon()
    cluster:add("one", image, {
      resources = { ct.data.dir(folder:at "tree", "/srv") },
      provision = ct.file(folder:at "provision.sh"),
    })
    local said = cluster:execute("one", "cat /provisioned; stat -c %a /provisioned")
    assert.equal("deep flat600\n", said.one.stdout)
  end)

  it("throws, with the output, when provisioning fails, and keeps what did not", function()
    local cluster <close> = ct.archon()
    refused("exited with code 3.*went wrong", cluster.add, cluster, { "good", "bad" }, image, {
      num_threads = 1,
      provision = ct.script "hostname | grep -q ^good || { echo went wrong >&2; exit 3; }",
    })
    assert.is_true(cluster:exists "good")
    assert.is_false(cluster:exists "bad")
    assert.equal(1, #lxd.of_process(lxd.own_pid()))
    refused("upload: .*no%-such", cluster.add, cluster, "other", image, {
      resources = ct.data.file("no-such-file", "/there"),
    })
    assert.equal(1, #lxd.of_process(lxd.own_pid()))
  end)

  it("runs no hooks that are registered for testlets", function()
    ct.configure("lxd"):register_hook(ct.hook.start_env { name = "no", run = ct.script "exit 1" })
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    assert.equal("pass", cluster:execute("one", "true").one.status)
  end)

  it("executes in parallel, and gives the results by name", function()
    local cluster <close> = ct.archon()
    cluster:add({ "a", "b" }, image)
    local said = cluster:execute({ "a", "b" }, "exit 3")
    assert.equal(3, said.a.exit_code)
    assert.equal("fail", said.b.status)
    said = cluster:execute({ "a", "b" }, { "sh", "-c", 'echo "$0 $WORD"', "a word" },
      { env = { WORD = "here" } })
    assert.equal("a word here\n", said.b.stdout)
    said = cluster:execute("a", function() return { from = "lua" } end)
    assert.equal("lua", said.a.value.from)
    refused("exited with code 4.*oops", cluster.execute, cluster, { "a", "b" },
      "echo oops >&2; exit 4", { check = true })
    said = cluster:execute("a", "sleep 60", { timeout = 0.5 })
    assert.is_true(said.a.timed_out)
    local listing = lxd.client("exec", cluster:instance "a", "--", "ls", "-a", "/")
    assert.is_nil(listing:find(".cleantest", 1, true))
  end)

  it("runs two instances' commands at the same time", function()
    local cluster <close> = ct.archon()
    cluster:add({ "a", "b" }, image)
    local addresses = { a = cluster:address "a", b = cluster:address "b" }
    local meet = ct.script([[
      echo here | nc -l -p 7000 >/dev/null &
      other=$1
      [ "$(hostname | cut -c1)" = b ] && other=$2
      until nc -w 1 $other 7000 </dev/null | grep -q here; do :; done
      wait
    ]])
    local decorated = ct.lxd.target("a", "b", { archon = cluster, num_threads = 2, timeout = 60 })
    for name, result in decorated(meet)(addresses.b, addresses.a) do
      assert.equal("pass", result.status, name .. ": " .. tostring(result))
    end
  end)

  it("tells of each instance in which an order failed", function()
    local cluster <close> = ct.archon()
    cluster:add({ "a", "b", "c" }, image)
    local ok, message = pcall(cluster.execute, cluster, { "a", "b", "c" },
      'case $(hostname) in b*) ;; *) echo "why $(hostname)" >&2; exit 3; esac', { check = true })
    assert.is_false(ok)
    assert.matches("archon:execute: execute%-a: fail: the testlet exited with code 3.*why a.*"
      .. "\nexecute%-c: fail: the testlet exited with code 3.*why c", message)
    assert.is_nil(message:find("execute-b", 1, true))
  end)

  it("pushes and pulls", function()
    local folder <close> = new_folder { ["tree/a/b"] = "deep", ["file"] = "flat" }
    local cluster <close> = ct.archon()
    cluster:add({ "a", "b" }, image)
    cluster:push({ "a", "b" }, { text = "text" }, "/text")
    cluster:push("a", folder:at "file", "/file")
    cluster:push("a", { ct.data.dir(folder:at "tree", "/tree"),
      ct.data.file(folder:at "file", "/file", { overwrite = true }) })
    assert.equal("deep", lxd.client("exec", cluster:instance "a", "--", "cat", "/tree/a/b"))
    refused("/text.*exists", cluster.push, cluster, "a", { text = "again" }, "/text")
    cluster:push("a", { text = "again" }, "/text", { overwrite = true })
    cluster:pull({ "a", "b" }, "/text", folder:at "text-of-{image}")
    assert.equal("again", folder:read "text-of-a")
    assert.equal("text", folder:read "text-of-b")
    cluster:pull("a", ct.data.dir("/tree", folder:at "back"))
    assert.equal("deep", folder:read "back/a/b")
    refused("no%-such", cluster.pull, cluster, "a", "/no-such", folder:at "nothing")
  end)

  it("waits for an address, and says when there is none", function()
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    local address = cluster:address "one"
    local seen = lxd.client("query", "/1.0/instances/" .. cluster:instance "one" .. "/state")
    assert.truthy(seen:find('"address": "' .. address .. '"', 1, true), address)
    refused("no inet6 address", cluster.address, cluster, "one", { family = "inet6", timeout = 1 })
    cluster:execute("one", "ip -6 addr add fd42:c7::2/64 dev eth0", { check = true })
    assert.equal("fd42:c7::2", cluster:address("one", { family = "inet6" }))
  end)

  -- A bridge inside, as container engines make them, with a carrier; and an interface without.
  local INNER <const> = [[
    ip link add inner type veth && ip link set inner up && ip link set veth0 up &&
    ip link add docker0 type bridge && brctl addif docker0 inner && ip link set docker0 up &&
    ip addr add 172.17.0.1/16 dev docker0 && ip -6 addr add fd42:17::1/64 dev docker0 &&
    ip link add idle type veth && ip addr add 10.254.7.1/24 dev idle && ip link set idle up
  ]]

  it("knows the address that others reach from those of an instance's own networks", function()
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    local address = cluster:address "one"
    cluster:execute("one", INNER, { check = true })
    assert.equal(address, cluster:address "one")
    refused("no inet6 address", cluster.address, cluster, "one", { family = "inet6", timeout = 2 })
    cluster:execute("one", "ip -6 addr add fd42:c7::2/64 dev eth0", { check = true })
    assert.equal("fd42:c7::2", cluster:address("one", { family = "inet6" }))
    -- without a default route there is only eth0, which is no bridge and has a carrier
    cluster:execute("one", "ip route del default && ip addr add 10.254.8.1/24 dev docker0",
      { check = true })
    assert.equal(address, cluster:address "one")
  end)

  it("waits for an address until it is no longer tentative", function()
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    cluster:execute("one", "ip -6 addr add fd42:c7::3/64 dev eth0", { check = true })
    assert.equal("fd42:c7::3", cluster:address("one", { family = "inet6" }))
    local bound = cluster:execute("one", "ip -6 addr show dev eth0 | grep fd42:c7::3")
    assert.is_nil(bound.one.stdout:find "tentative")
  end)

  it("gives its instances to ct.lxd.target under its own names", function()
    local cluster <close> = ct.archon()
    cluster:add({ "a", "b" }, image)
    local names = {}
    for name, result in ct.lxd.target("a", "b", { archon = cluster })(ct.command { "true" })() do
      assert.equal("pass", result.status, tostring(result))
      assert.equal(cluster:instance(result.image), result.instance)
      names[#names + 1] = name
    end
    assert.same({ "test-a", "test-b" }, names)
  end)

  it("keeps its instances when the client's settings change", function()
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    ct.configure("lxd", { client = { timeout = 250 } })
    for _, result in results.decorate(ct.command { "true" })() do
      assert.equal("pass", result.status, tostring(result))
    end
    assert.is_true(cluster:exists "one")
  end)

  it("refuses what can't be meant", function()
    local cluster <close> = ct.archon()
    cluster:add("one", image)
    refused("already", cluster.add, cluster, "one", image)
    refused("already", cluster.add, cluster, { "two", "two" }, image)
    refused("unknown image", cluster.add, cluster, "two", "no-such-image")
    refused("one image", cluster.add, cluster, "two", { image, image })
    refused("unknown option 'provison'", cluster.add, cluster, "two", image, { provison = 1 })
    refused("no instance 'two'", cluster.execute, cluster, { "one", "two" }, "true")
    refused("no instance 'two'", cluster.destroy, cluster, "two")
    refused("family must be one of", cluster.address, cluster, "one", { family = "ipx" })
    refused("made by ct.archon", ct.lxd.target, "one", { archon = {} })
  end)
end)

describe("an archon's instances", function()
  local SUITE = [[
    local ct = require "cleantest"
    local cluster = ct.archon()
    cluster:add({ "one", "two" }, "%s")
    print "made"
    io.stdout:flush()
    %s
  ]]

  -- Starts a suite with the command, or with lua5.4, and waits until the instances are there.
  local function start(folder, program, rest)
    folder:write("suite.lua", SUITE:format(image, rest))
    local one = process.start({ program, folder:at "suite.lua" }, { deadline = 90 })
    one:await "made"
    return one
  end

  local WAIT = 'cluster:execute("one", { "sleep", "600" }, { timeout = 900 })'

  for _, program in ipairs { "cleantest", "lua5.4" } do
    it("go with the suite, under " .. program, function()
      local folder <close> = new_folder()
      local one = start(folder, program, "")
      local result = one:close()
      assert.equal(0, result.status, result.stderr)
      assert.same({}, lxd.of_process(one.pid))
    end)
  end

  it("are no tests in the summary, and a failure of theirs is the suite's", function()
    local folder <close> = new_folder()
    local one = start(folder, "cleantest", 'cluster:execute("one", "exit 3", { check = true })')
    local result = one:close()
    assert.equal(1, result.status)
    assert.matches("0 passed, 0 failed, 0 errors", result.stdout)
    assert.matches("suite.lua:6: archon:execute: execute%-one: fail", result.stderr)
    assert.same({}, lxd.of_process(one.pid))
  end)

  -- LXD goes away between making them and deleting them.
  it("are told when they can't be deleted, beside what the suite failed with", function()
    local server = simulated()
    local folder <close> = new_folder { ["suite.lua"] = ([[
      local ct = require "cleantest"
      ct.configure("lxd", { client = { endpoint = "%s", timeout = 5 } })
      ct.archon():add("one", "busybox-amd64")
      ct.archon():add("two", "busybox-amd64")
      os.execute "kill %d"
      error "the suite's own"
    ]]):format(server.socket, server.process.pid) }
    local result = process.run { "cleantest", folder:at "suite.lua" }
    assert.equal(1, result.status)
    assert.matches("suite.lua:6: the suite's own\n", result.stderr)
    local wanted = "suite.lua: an archon's instances could not be deleted: [^\n]*nobody answers"
    local _, count = result.stderr:gsub(wanted, "")
    assert.equal(2, count, result.stderr)
    server.process:close()
    server.folder:remove()
  end)

  it("go when the suite is interrupted", function()
    local folder <close> = new_folder()
    local one = start(folder, "cleantest", WAIT)
    one:kill "INT"
    assert.equal(130, one:close().status)
    assert.same({}, lxd.of_process(one.pid))
  end)

  it("go when the process is killed", function()
    local folder <close> = new_folder()
    local one = start(folder, "lua5.4", WAIT)
    one:kill "KILL"
    one:close()
    assert.is_true(process.within(15, function() return #lxd.of_process(one.pid) == 0 end))
  end)
end)
