-- SPDX-License-Identifier: MIT
--
-- https: whom the engine trusts, with both of Debian's libcurls, whose TLS are OpenSSL's and
-- GnuTLS'; and how its connections are made.

local ct = require "cleantest"
local Daemon = require "spec.support.daemon"
local internals = require "cleantest_internals"
local process = require "spec.support.process"
local results = require "spec.support.results"

local build = os.getenv "BUILD"
local daemon, port, fingerprint

-- A free port: of all addresses.
local function free_port()
  return process.output([[perl -MIO::Socket::INET -e '
    print IO::Socket::INET->new(LocalAddr => "0.0.0.0", Listen => 1)->sockport']])
end

local function make_certificate(folder, name)
  process.output { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
    "-subj", "/CN=" .. name, "-keyout", folder:at(name .. ".key"),
    "-out", folder:at(name .. ".crt") }
end

lazy_setup(function()
  daemon = Daemon.new(results.image)
  for _, name in ipairs { "client", "stranger" } do make_certificate(daemon.folder, name) end
  port = free_port()
  daemon:client("config", "set", "core.https_address", "0.0.0.0:" .. port)
  daemon:client("config", "trust", "add", daemon.folder:at "client.crt")
  fingerprint = process.output({ "openssl", "x509", "-noout", "-fingerprint", "-sha256",
    "-in", daemon.dir .. "/server.crt" }):match("=(%S+)"):gsub(":", "")
end)

lazy_teardown(function() daemon:remove() end)

-- Each of these in one process: what becomes of a testlet, and why.
local SCRIPT = [[
  local ct = require "cleantest"
  local maps <close> = io.open "/proc/self/maps"
  print("libcurl", maps:read "a":match "libcurl[%w-]*%.so")
  local folder, image = os.getenv "SPEC_FOLDER", os.getenv "SPEC_IMAGE"
  local function try(name, host, verify)
    ct.configure("lxd", { client = { endpoint = "https://" .. host, verify = verify,
      cert = { crt = folder .. "/client.crt", key = folder .. "/client.key" } } })
    for _, result in ct.lxd { image = image } (ct.command { "true" })() do
      print(name, result.status, (result.error or ""):gsub("\n", " "))
    end
    ct.configure("lxd"):reset()
  end
]]

local function run_cases(library, cases, before)
  local path = build .. "/" .. (library == "gnutls" and "test/gnutls" or "clib") .. "/?.so;"
  local words = { SCRIPT }
  for name, case in pairs(cases) do
    words[#words + 1] = ("try(%q, %q, %s)\n"):format(name, case[1],
      type(case[2]) == "string" and ("%q"):format(case[2]) or tostring(case[2]))
  end
  local script = daemon.folder:write("cases.lua", table.concat(words))
  local said = process.output(("exec %s lua5.4 %s"):format(before or "", script), { env = {
    LUA_CPATH = path .. os.getenv "LUA_CPATH", SPEC_FOLDER = daemon.folder.path,
    SPEC_IMAGE = results.image } })
  local all = {}
  for line in said:gmatch "[^\n]+" do
    local name, status, why = line:match "^(%S+)\t(%S+)\t?(.*)$"
    if name then all[name] = { status = status, why = why } end
  end
  assert.equal(library == "gnutls" and "libcurl-gnutls.so" or "libcurl.so", all.libcurl.status)
  return all
end

for library, of in pairs { openssl = "OpenSSL", gnutls = "GnuTLS" } do
  describe("with the libcurl of " .. of, function()
    local here, elsewhere, server, stranger, all

    lazy_setup(function()
      here, elsewhere = "127.0.0.1:" .. port, "127.0.0.2:" .. port
      server, stranger = daemon.dir .. "/server.crt", daemon.folder:at "stranger.crt"
      all = run_cases(library, {
        right_ca = { here, server }, wrong_ca = { here, stranger }, no_ca = { here, true },
        wrong_host = { elsewhere, server }, right_print = { here, fingerprint },
        print_elsewhere = { elsewhere, fingerprint }, wrong_print = { here, ("0f"):rep(32) },
        anybody = { elsewhere, false },
      })
    end)

    local function check(name, status, why)
      assert.equal(status, all[name].status, name .. ": " .. all[name].why)
      assert.matches(why or "", all[name].why)
    end

    it("a server is known by its CA and its name", function()
      check("right_ca", "pass")
      check("wrong_ca", "error", "certificate")
      check("no_ca", "error", "certificate")
      check("wrong_host", "error", "127%.0%.0%.2")
      check("anybody", "pass")
    end)

    it("a server is known by its fingerprint, or the fingerprint is refused", function()
      local refusal = "fingerprint .* can't be checked, since this libcurl's TLS is GnuTLS.*"
        .. "verify it by the certificate itself"
      check("wrong_print", "error", library == "openssl" and "certificate" or refusal)
      check("right_print", library == "openssl" and "pass" or "error",
        library == "gnutls" and refusal or nil)
      check("print_elsewhere", library == "openssl" and "pass" or "error")
    end)

    it("a CA that is named is trusted in place of the system's", function()
      local system = daemon.folder:at("system-" .. library)
      process.output(("mkdir %s && cp %s %s/ca-certificates.crt && cp %s %s/server.pem && "
        .. "openssl rehash %s"):format(system, server, system, server, system, system))
      all = run_cases(library, { system = { here, true }, named = { here, stranger } },
        ("unshare -m sh -c 'mount --bind %s /etc/ssl/certs && exec \"$@\"' -"):format(system))
      check("system", "pass")
      check("named", "error", "certificate")
    end)
  end)
end

describe("connections over https", function()
  it("resume the TLS session of the first one", function()
    local server <close> = process.start({ "openssl", "s_server", "-accept", "127.0.0.1:0", "-www",
      "-cert", daemon.folder:at "client.crt", "-key", daemon.folder:at "client.key",
    }, { deadline = 60 })
    local address = server:await "^ACCEPT":match "(%S+:%d+)"
    local answers = internals.lines("https://" .. address, "no", 5)
    local counts = { New = 0, Reused = 0 }
    for _, text in ipairs(answers) do
      local how = text:match "(%a+), TLSv1"
      counts[how] = counts[how] + 1
    end
    server:kill "TERM"
    assert.same({ New = 1, Reused = 4 }, counts)
  end)

  it("are not waited for any more when the run is cancelled", function()
    local mute <close> = process.start([[exec perl -MIO::Socket::INET -e '
      $| = 1;
      my $l = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 5);
      print "port ", $l->sockport, "\n";
      push @all, $l->accept while 1;']], { deadline = 60 })
    local silent = mute:await "^port":match "%d+"
    assert.equal("CANCELLED", internals.dial("https://127.0.0.1:" .. silent))
    mute:kill "TERM"
  end)

  local function configure()
    ct.configure("lxd", { client = { endpoint = "https://127.0.0.1:" .. port,
      verify = daemon.dir .. "/server.crt",
      cert = { crt = daemon.folder:at "client.crt", key = daemon.folder:at "client.key" } } })
  end

  it("are made by several threads at once", function()
    configure()
    local given = { num_threads = 3 }
    for i = 1, 6 do
      given[i] = results.decorate(ct.command { "echo", tostring(i) }, { name = "job" .. i })
    end
    local all = results.collect(ct.run(given))
    for i = 1, 6 do
      assert.equal("pass", all[i].status, tostring(all[i]))
      assert.equal(i .. "\n", all[i].stdout)
    end
  end)

  it("are looked after by TCP keepalive, all of them", function()
    configure()
    local call = results.decorate(ct.command { "sleep", "2" })()
    local remote, timers = ("%%x+:%04X 01 %%x+:%%x+ (%%x+):"):format(port), {}
    process.within(20, function()
      timers = {}
      local file <close> = assert(io.open "/proc/net/tcp")
      for timer in file:read("a"):gmatch(remote) do timers[#timers + 1] = timer end
      return #timers >= 4
    end)
    call:only()
    assert.is_true(#timers >= 4, #timers .. " connections")
    for _, timer in ipairs(timers) do assert.equal("02", timer) end -- proc(5): keepalive
  end)
end)
