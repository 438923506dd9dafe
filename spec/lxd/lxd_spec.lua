-- SPDX-License-Identifier: MIT
--
-- Finding LXD, and days on which it can't be had: one clear sentence, an `error`, no hang. An
-- LXD that stops in mid-run, and https, are in second_lxd_spec.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local settings_of = require("cleantest.config").settings

-- Every socket that might be there is hidden by an empty folder over its own.
local function without_lxd(command, env)
  local hide = [[for d in /var/lib/lxd /var/snap/lxd /var/lib/incus; do
    if [ -d $d ]; then mount -t tmpfs none $d || exit 99; fi
  done; exec ]]
  return process.run({ "unshare", "--mount", "sh", "-c", hide .. process.quote(command) },
    { env = env, deadline = 60 })
end

-- Debian's LXD is there, and refuses us; where Incus' socket would be, is the one in use, or none.
local function refused_by_the_first(folder, command, other)
  local group = process.output { "stat", "-c", "%g", lxd.folder .. "/unix.socket" }
  local places = [[
    mkdir $f/real && mount --bind $real $f/real || exit 99
    mount -t tmpfs -o mode=755 none /var/lib || exit 99
    mkdir /var/lib/lxd /var/lib/incus
    perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die $!' \
      /var/lib/lxd/unix.socket
    chgrp daemon /var/lib/lxd/unix.socket
    chmod 660 /var/lib/lxd/unix.socket
    [ -z "$other" ] || ln -s $f/real/unix.socket /var/lib/incus/unix.socket
    exec ]]
  return process.run({ "unshare", "--mount", "sh", "-c", places .. process.quote {
    "setpriv", "--reuid=65534", "--regid=65534", "--groups=" .. group, table.unpack(command) } },
    { env = { LXD_DIR = false, f = folder.path, real = lxd.folder, other = other and "1" or "" } })
end

local SUITE = [[
  local ct = require "cleantest"
  for name, result in ct.lxd { image = "busybox-amd64" } (function() end)() do
    print(name, result.status, result.exit_code, result.instance == "", result.error)
  end
]]

describe("without any LXD", function()
  local folder <const> = new_folder { ["suite.lua"] = SUITE, ["empty/x"] = "" }
  local named = { LXD_DIR = folder:at "empty" }
  local sentence = "no LXD found %(tried .*/var/lib/lxd/unix%.socket.*"
    .. "/var/snap/lxd/common/lxd/unix%.socket.*/var/lib/incus/unix%.socket.*%).*LXD_DIR"

  lazy_teardown(function() folder:remove() end)

  it("the result is an error, in one sentence that says what was tried", function()
    local result = without_lxd({ "lua5.4", folder:at "suite.lua" }, { LXD_DIR = false })
    assert.equal(0, result.status, result.stderr)
    assert.matches("^test%-busybox%-amd64\terror\t%-1\ttrue\t", result.stdout)
    assert.matches(sentence, result.stdout)
  end)

  it("the command exits with 2", function()
    local result = without_lxd({ "cleantest", folder:at "suite.lua" }, named)
    assert.equal(2, result.status, result.stdout .. result.stderr)
    assert.matches("error  test%-busybox%-amd64", result.stdout)
    assert.matches("0 passed, 0 failed, 1 error,", result.stdout)
  end)

  it("cleaning says it, too", function()
    local result = without_lxd({ "cleantest", "clean" }, named)
    assert.equal(2, result.status)
    assert.matches("no LXD found where LXD_DIR says", result.stderr)
  end)

  it("LXD_DIR is an order: no other place is tried", function()
    local result = process.run({ "lua5.4", folder:at "suite.lua" },
      { env = named })
    assert.matches("\terror\t.*no LXD found where LXD_DIR says %(" .. folder:at("empty"):gsub("%p",
      "%%%0") .. "/unix%.socket: No such file or directory%)", result.stdout)
    assert.is_nil(result.stdout:find "/var/lib")
  end)

  it("a socket that nobody listens on is named", function()
    local listen = [[perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(
      Local => $ARGV[0], Listen => 1) or die $!' ]]
    process.output(listen .. folder:at "empty/unix.socket")
    local result = process.run({ "lua5.4", folder:at "suite.lua" },
      { env = named })
    assert.matches("\terror\t", result.stdout)
    assert.matches("empty/unix%.socket: nobody answers there", result.stdout)
  end)
end)

describe("an LXD that this user may not use", function()
  it("hides no other one that is allowed", function()
    local folder <close> = new_folder { ["suite.lua"] = SUITE }
    local result = refused_by_the_first(folder, { "lua5.4", folder:at "suite.lua" }, true)
    assert.matches("^test%-busybox%-amd64\tpass\t", result.stdout .. result.stderr)
  end)

  it("is named in the error with what is missing, beside the others", function()
    local folder <close> = new_folder { ["suite.lua"] = SUITE }
    local result = refused_by_the_first(folder, { "lua5.4", folder:at "suite.lua" }, false)
    assert.matches('\terror\t.*/var/lib/lxd/unix%.socket: permission denied; run as root or join '
      .. 'the group "daemon".*/var/lib/incus/unix%.socket: No such file', result.stdout)
  end)
end)

describe("an LXD that", function()
  local function status_with(client)
    ct.configure("lxd", { client = client })
    local result = results.only(results.decorate(function() end)())
    assert.equal("error", result.status)
    assert.equal("", result.instance)
    return result.error
  end

  it("has no such project refuses by its name", function()
    assert.matches("no%-such%-project", status_with { project = "no-such-project" })
  end)

  it("is not where the settings say is an error that says where", function()
    assert.matches("/no/such/socket", status_with { endpoint = "/no/such/socket" })
    assert.matches("127%.0%.0%.1:1", status_with { endpoint = "https://127.0.0.1:1" })
  end)

  it("never answers is given up after the settings' timeout", function()
    -- Connections are taken by the kernel, and nobody ever answers.
    local one = process.start([[exec perl -MIO::Socket::INET -e '
      $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 9) or die $!;
      $| = 1; print $s->sockport, "\n"; sleep 600']])
    local port = one:await "^%d+$"
    local message = status_with { endpoint = "https://127.0.0.1:" .. port, timeout = 2 }
    one:kill "TERM"
    one:close()
    assert.matches("127%.0%.0%.1:" .. port, message)
    assert.matches("timed out", message)
  end)

  it("is none answers nonsense, and is told from one", function()
    local one = process.start([[exec perl -MIO::Socket::INET -e '
      $s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 9) or die $!;
      $| = 1; print $s->sockport, "\n";
      while ($c = $s->accept) { print $c "SSH-2.0-nonsense\r\n"; close $c }']])
    local port = one:await "^%d+$"
    local message = status_with { endpoint = "https://127.0.0.1:" .. port }
    one:kill "TERM"
    one:close()
    assert.matches("127%.0%.0%.1:" .. port, message)
  end)
end)

describe("settings of ct.configure", function()
  it("that are unknown or wrong are refused by name, with the suite's line", function()
    for _, case in ipairs {
      { "the provider must be 'lxd', not 'docker'", function() ct.configure "docker" end },
      { "unknown option 'clients'", function() ct.configure("lxd", { clients = {} }) end },
      { "client: unknown option 'url'; the options are: .*endpoint", function()
        ct.configure("lxd", { client = { url = "x" } })
      end },
      { "timeout must be a number of seconds above 0", function()
        ct.configure("lxd", { client = { timeout = -1 } })
      end },
      { "cert: key is missing", function()
        ct.configure("lxd", { client = { cert = { crt = "x" } } })
      end },
      { "endpoint must be a string", function()
        ct.configure("lxd", { client = { endpoint = 8443 } })
      end },
      { "neither a socket's path nor https", function()
        ct.configure("lxd", { client = { endpoint = "ftp://example" } })
        results.decorate(function() end)()
      end },
    } do
      local ok, message = pcall(case[2])
      assert.is_false(ok, case[1])
      assert.matches("lxd_spec%.lua:%d+: ", message)
      assert.matches(case[1], message)
      ct.configure("lxd"):reset()
    end
  end)

  it("are forgotten by reset", function()
    local config = ct.configure("lxd", { client = { endpoint = "/no/such/socket" } })
    config:reset()
    assert.equal("pass", results.only(results.decorate(function() end)()).status)
  end)

  it("choose the LXD of the calls that follow, not of those that run", function()
    local call = table.pack(results.decorate(function() end)())
    ct.configure("lxd", { client = { endpoint = "/no/such/socket" } })
    local broken = results.only(results.decorate(function() end)())
    local result = results.only(table.unpack(call, 1, 4))
    assert.equal("error", broken.status)
    assert.equal("pass", result.status, tostring(result))
  end)

  it("may be assigned, and are checked alike", function()
    local config = ct.configure "lxd"
    config.client = { endpoint = "/no/such/socket" }
    assert.matches("/no/such/socket", results.only(results.decorate(function() end)()).error)
    config.client = { cert = { crt = "a.crt", key = "/b.key" } }
    local settings = settings_of(config)
    assert.matches("^.*spec/lxd/a%.crt$", settings.client_cert)
    assert.equal("/b.key", settings.client_key)
    config.cache = { age = "2d" }
    assert.equal(2 * 24 * 3600, settings_of(config).base_age)
    config.image_servers = { images = "https://mirror.example" }
    assert.same({ images = "https://mirror.example" }, require("cleantest.config").servers(config))
    config:reset()
    assert.same({}, settings_of(config))
  end)

  it("that are assigned and are none, or are wrong, are refused with the suite's line", function()
    local config = ct.configure "lxd"
    for message, assign in pairs {
      ["config: 'endpoint' can't be assigned; what can be: cache, client, image_servers"] =
        function() config.endpoint = "/no/such/socket" end,
      ["config: 'hooks' can't be assigned"] = function() config.hooks = {} end,
      ["config: 'register_hook' can't be assigned"] = function() config.register_hook = print end,
      ["client: unknown option 'certs'"] = function() config.client = { certs = {} } end,
      ["client: cert: key is missing"] = function() config.client = { cert = { crt = "x" } } end,
      ["cache: count must be a positive integer"] = function() config.cache = { count = 0 } end,
      ["image_servers: unknown option 'debian'"] =
        function() config.image_servers = { debian = "https://x" } end,
    } do
      local ok, said = pcall(assign)
      assert.is_false(ok, message)
      assert.matches("lxd_spec%.lua:%d+: ", said)
      assert.truthy(said:find(message, 1, true), said)
    end
    assert.equal("pass", results.only(results.decorate(function() end)()).status)
  end)
end)
