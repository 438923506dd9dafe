-- SPDX-License-Identifier: MIT
--
-- What needs an LXD of its own: https, with and without trust; a disk that is really full; an
-- LXD that stops answering; and one that goes away in mid-run.

local ct = require "cleantest"
local Daemon = require "spec.support.daemon"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"
local results = require "spec.support.results"
local system = require "system"

local daemon, endpoint

local SUITE = [[
  local ct = require "cleantest"
  local function on(name, testlet)
    return ct.lxd { name = name, image = "busybox-amd64" } (testlet)
  end
  for name, result in ct.run {
    on("quick", function() end), on("slow", ct.command { "sleep", "600" }),
    num_threads = 2, order = "completed",
  } do
    print("result", name, result.status, result.error)
    io.stdout:flush()
  end
]]

lazy_setup(function()
  daemon = Daemon.new(results.image)
  daemon.folder:write("suite.lua", SUITE)
  for _, name in ipairs { "client", "stranger" } do
    process.output { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
      "-subj", "/CN=" .. name, "-keyout", daemon.folder:at(name .. ".key"),
      "-out", daemon.folder:at(name .. ".crt") }
  end
  local port = process.output([[perl -MIO::Socket::INET -e '
    print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport']])
  endpoint = "https://127.0.0.1:" .. port
  daemon:client("config", "set", "core.https_address", "127.0.0.1:" .. port)
  daemon:client("config", "trust", "add", daemon.folder:at "client.crt")
end)

lazy_teardown(function() daemon:remove() end)

describe("over https", function()
  local function cert(name)
    return { crt = daemon.folder:at(name .. ".crt"), key = daemon.folder:at(name .. ".key") }
  end

  local function run_with(client, testlet)
    client.endpoint = endpoint
    ct.configure("lxd", { client = client })
    local result = results.only(results.decorate(testlet or function() return "there" end)())
    ct.configure("lxd"):reset()
    return result
  end

  it("a trusted client runs testlets, and the server is verified", function()
    local result = run_with({ cert = cert "client", verify = daemon.dir .. "/server.crt" },
      function()
        io.write(("x"):rep(3000000))
        return "there"
      end)
    assert.equal("pass", result.status, tostring(result))
    assert.equal("there", result.value)
    assert.equal(3000000, #result.stdout)
    local fingerprint = process.output({ "openssl", "x509", "-noout", "-fingerprint", "-sha256",
      "-in", daemon.dir .. "/server.crt" }):match("=(%S+)"):gsub(":", "")
    result = run_with { cert = cert "client", verify = fingerprint }
    assert.equal("pass", result.status, tostring(result))
    result = run_with { cert = cert "client", verify = false }
    assert.equal("pass", result.status, tostring(result))
  end)

  it("a client that is not trusted is told so", function()
    for _, client in ipairs { { verify = false }, { verify = false, cert = cert "stranger" } } do
      local result = run_with(client)
      assert.equal("error", result.status)
      assert.matches("does not trust this client", result.error)
      assert.matches(endpoint:gsub("%p", "%%%0"), result.error)
    end
  end)

  it("a server that is not known is not trusted", function()
    for _, verify in ipairs { true, daemon.folder:at "stranger.crt", ("0f"):rep(32) } do
      local result = run_with { cert = cert "client", verify = verify }
      assert.equal("error", result.status, tostring(verify))
      assert.matches("certificate", result.error)
    end
  end)

  it("a certificate that is not there is named", function()
    local missing = { crt = "/no/such.crt", key = "/no/such.key" }
    local result = run_with { verify = false, cert = missing }
    assert.equal("error", result.status)
    assert.matches("/no/such%.crt", result.error)
  end)

  it("the way into an instance that is kept is told with what is known", function()
    local suite = daemon.folder:write("kept.lua", ([[
      local ct = require "cleantest"
      ct.configure("lxd", { client = { endpoint = %q, cert = { crt = %q, key = %q },
        verify = false } })
      ct.lxd { name = "kept", preserve = true, image = "busybox-amd64" } (function() end)()
    ]]):format(endpoint, cert("client").crt, cert("client").key))
    local said = process.run({ "cleantest", suite }).stdout
    local name = said:match "kept%-busybox%-amd64%-%w+%-%d+"
    daemon:client("delete", "--force", name)
    assert.truthy(said:find(("lxc exec REMOTE:%s -- sh, where REMOTE is lxc's name for %s"):format(
      name, endpoint), 1, true), said)
  end)

  it("nothing is left 15 s after SIGKILL", function()
    local suite = daemon.folder:write("tls.lua", ([[
      local ct = require "cleantest"
      ct.configure("lxd", { client = { endpoint = %q, cert = { crt = %q, key = %q },
        verify = false } })
    ]]):format(endpoint, cert("client").crt, cert("client").key) .. SUITE)
    local one = process.start { "lua5.4", suite }
    one:await "quick"
    one:kill "KILL"
    one:close()
    assert.is_true(process.within(15, function()
      return #lxd.of_process(one.pid, daemon.dir) == 0
    end))
  end)
end)

describe("an instance with a full disk", function()
  it("fails the testlet, which still has its result", function()
    local disk = daemon.folder:at "disk"
    process.output(("mkdir %s && mount -t tmpfs -o size=16m none %s"):format(disk, disk))
    daemon:client("storage", "create", "tiny", "dir", "source=" .. disk)
    ct.configure("lxd", { client = { endpoint = daemon.socket } })
    local image = {
      name = "tiny", source = { type = "image", alias = results.image },
      devices = { root = { type = "disk", path = "/", pool = "tiny" } },
    }
    local result = results.only(ct.lxd { image = image } (function()
      print "filling"
      local file <close> = assert(io.open("/full", "w"))
      for _ = 1, 64 do
        local ok, message = file:write(("x"):rep(1024 * 1024))
        if not ok then error(message) end
      end
    end)())
    assert.equal("fail", result.status, tostring(result))
    assert.matches("No space left", result.stderr)
    assert.equal("filling\n", result.stdout)
    assert.equal(1, result.exit_code)
  end)
end)

describe("an LXD that stops answering before a call", function()
  -- The suite's own words tell when: it goes on when there is a file.
  local function start(command)
    local go = daemon.folder:at "go"
    local suite = daemon.folder:write("stalled.lua", ([[
      local ct = require "cleantest"
      local function on(name)
        return ct.lxd { name = name, image = "busybox-amd64" } (ct.command { "true" })
      end
      for _, result in on "first" () do assert(result.exit_code == 0) end
      print "waits"
      io.stdout:flush()
      while not io.open(%q) do os.execute "sleep 0.1" end
      print "calls"
      io.stdout:flush()
      on "second" ()
      print "started"
    ]]):format(go))
    return process.start(command .. " " .. suite, { env = { LXD_DIR = daemon.dir }, deadline = 60 })
  end

  it("does not keep Ctrl-C from ending the call", function()
    local all = { cleantest = start "exec cleantest", ["lua5.4"] = start "exec lua5.4" }
    for _, one in pairs(all) do one:await "waits" end
    daemon.process:kill "STOP"
    local _ <close> = setmetatable({}, {
      __close = function() daemon.process:kill "CONT" end,
    })
    daemon.folder:write("go", "")
    for _, one in pairs(all) do one:await "calls" end
    system.sleep(0.5) -- let them get into the call; were they not yet, the test would show less
    for _, one in pairs(all) do one:kill "INT" end
    for name, one in pairs(all) do
      local ended = one:close() -- by its deadline, long before LXD's 300 s are over
      local wanted = name == "cleantest" and 130 or 1
      assert.equal(wanted, ended.status, name .. ended.stdout .. ended.stderr)
      assert.matches("interrupted", ended.stderr)
      assert.not_matches("started", ended.stdout)
    end
  end)
end)

describe("an LXD that goes away in mid-run", function()
  local function start()
    local one = process.start({ "cleantest", daemon.folder:at "suite.lua" }, {
      env = { LXD_DIR = daemon.dir }, deadline = 90 })
    one:await "result\tquick%-busybox%-amd64\tpass"
    return one
  end

  local function check(result)
    assert.equal(2, result.status, result.stdout .. result.stderr)
    assert.matches("result\tslow%-busybox%-amd64\terror\t%S", result.stdout)
    assert.matches("1 passed, 0 failed, 1 error,", result.stdout)
  end

  -- A call on the LXD in use, at the same time.
  local function beside(action)
    local call = results.decorate(ct.command { "sleep", "2" })()
    action()
    return call:only()
  end

  it("by a crash ends the run with an error, and what was left can be cleaned", function()
    local one = start()
    local other = beside(function() daemon:kill() end)
    local result = one:close()
    daemon:start()
    local cleaned = process.run({ "cleantest", "clean" }, { env = { LXD_DIR = daemon.dir } })
    local left = lxd.of_process(one.pid, daemon.dir)
    check(result)
    assert.matches("slow%-busybox%-amd64.*could not be deleted", result.stdout)
    assert.equal(0, cleaned.status, cleaned.stderr)
    assert.same({}, left)
    assert.equal("pass", other.status, tostring(other))
  end)

  it("in an orderly way ends the run with an error", function()
    local one = start()
    daemon:shut_down()
    local result = one:close()
    daemon:start()
    process.run({ "cleantest", "clean" }, { env = { LXD_DIR = daemon.dir } })
    assert.same({}, lxd.of_process(one.pid, daemon.dir))
    check(result)
  end)
end)
