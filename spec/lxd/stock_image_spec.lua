-- SPDX-License-Identifier: MIT
--
-- Images that come from elsewhere: stock names and "remote:alias", from an https image server
-- of the spec's own, into an LXD of its own that trusts it.

local Daemon = require "spec.support.daemon"
local ImageServer = require "spec.support.image_server"
local core = require "cleantest.core"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"
local remote = require "cleantest.call.remote"
local results = require "spec.support.results"

local config = ct.configure "lxd"
local daemon, server

lazy_setup(function()
  server = ImageServer.new(results.image, {
    { aliases = "debian/12,debian/bookworm", arch = "amd64", origin = "debian amd64" },
    { aliases = "debian/12,debian/bookworm", arch = "i386", origin = "debian i386" },
    { aliases = "22.04,jammy,default", arch = "amd64", origin = "ubuntu amd64" },
    { aliases = "24.04", arch = "amd64", origin = "noble amd64" },
  })
  daemon = Daemon.new(results.image, {
    env = { SSL_CERT_FILE = server.certificate }, driver = "btrfs",
  })
end)

lazy_teardown(function()
  daemon:remove()
  server:remove()
end)

-- What the suites that are programs of their own begin with. They start a shell, and shells don't
-- survive a preloaded ThreadSanitizer.
local BEGIN = [[
      require("cleantest_internals").unset "LD_PRELOAD"
      local ct = require "cleantest"
      ct.configure("lxd", { client = { endpoint = %q } })
]]

local function message_of(action)
  local ok, message = pcall(action)
  assert.is_false(ok, "it should have thrown")
  return message
end

local function origin()
  local file <close> = io.open "/etc/origin"
  return file and file:read "a" or "none"
end

-- The results on the spec's own LXD, of a testlet that says which image it is in.
local function run_on(image, image_servers)
  ct.configure("lxd", { client = { endpoint = daemon.socket }, image_servers = image_servers })
  return results.collect(ct.lxd { image = image } (origin)())
end

local function both()
  return { images = server.url .. "/", ubuntu = server.url }
end

describe("a stock name", function()
  it("is pulled from the server for its distribution", function()
    local all = run_on({ "debian-12-amd64", "bookworm-amd64", "jammy-amd64" }, both())
    assert.equal("pass", all[1].status, tostring(all[1]))
    assert.equal("debian amd64", all[1].value)
    assert.equal("test-debian-12-amd64", all[1].name)
    assert.equal("debian amd64", all[2].value, tostring(all[2]))
    assert.equal("ubuntu amd64", all[3].value, tostring(all[3]))
  end)

  it("has prepared environments once LXD has its image", function()
    local hook = ct.hook.start_env { name = "mark", run = ct.script "cat /etc/origin >/mark" }
    local function run(image, fresh)
      ct.configure("lxd", { client = { endpoint = daemon.socket }, image_servers = both() })
      local testlet = ct.lxd { image = image, fresh = fresh } (ct.script "cat /mark")
      return results.only(testlet())
    end
    config:register_hook(hook)
    finally(function() config:reset() end)
    local first, second, third = run "ubuntu-24.04-amd64", run "ubuntu-24.04-amd64",
      run("ubuntu-24.04-amd64", true)
    for _, result in ipairs { first, second, third } do
      assert.equal("noble amd64", result.stdout, tostring(result))
    end
    assert.is_nil(first.base)
    assert.is_string(second.base)
    assert.is_true(second.base_built)
    assert.is_nil(third.base)
  end)

  it("is the local image of that name, if there is one", function()
    local name = "rockylinux-9-amd64"
    local image = lxd.client_in(daemon.dir, { "image", "list", "-cF", "-fcsv", results.image })
    daemon:client("image", "alias", "create", name, image.stdout:match "%x+")
    finally(function() daemon:client("image", "alias", "delete", name) end)
    local result = run_on(name, { images = "https://127.0.0.1:1" })[1]
    assert.equal("pass", result.status, tostring(result))
    assert.equal("none", result.value)
  end)

  it("that the server has no more is an error that names both", function()
    local result = run_on("fedora-35-amd64", both())[1]
    assert.equal("error", result.status)
    assert.matches("fedora/35/amd64", result.error, 1, true)
    assert.matches(server.url, result.error, 1, true)
    assert.matches("found", result.error)
  end)

  it("of a server that can't be reached is an error that says so", function()
    local result = run_on("trixie-amd64", { images = "https://127.0.0.1:1" })[1]
    assert.equal("error", result.status)
    assert.matches('"debian/trixie/amd64" of https://127.0.0.1:1', result.error, 1, true)
    assert.matches("connection refused", result.error)
  end)

  it("can be had as an entry, changed, and registered anew", function()
    local big = config:get_instance "debian-12-amd64"
    big.name, big.config = "big", { ["user.size"] = "big" }
    config:add_instance(big)
    ct.configure("lxd", { client = { endpoint = daemon.socket }, image_servers = both() })
    local instance
    for name, result in ct.lxd { image = "big" } (origin)() do
      assert.equal("test-big", name)
      assert.equal("debian amd64", result.value, tostring(result))
      instance = lxd.instance(result.instance, daemon.dir)
    end
    assert.equal("big", instance.config["user.size"])
  end)

  it("that is none is refused early, with a hint", function()
    local message = message_of(function() run_on("debian-99-amd64", both()) end)
    assert.matches('stock_image_spec%.lua:%d+: .*unknown image "debian%-99%-amd64"', message)
    assert.matches("stock name", message)
    assert.matches("no instance 'debian%-99%-amd64' is registered",
      message_of(function() config:get_instance "debian-99-amd64" end))
  end)
end)

describe("an image of a remote", function()
  it("is what the image server has under that alias", function()
    local all = run_on({ "images:debian/12", "images:debian/12/i386", "ubuntu:22.04", "ubuntu:" },
      both())
    assert.equal("debian amd64", all["test-images:debian/12"].value, tostring(all[1]))
    assert.equal("debian i386", all[2].value, tostring(all[2]))
    assert.equal("ubuntu amd64", all[3].value, tostring(all[3]))
    assert.equal("ubuntu amd64", all[4].value, tostring(all[4]))
  end)

  it("may be one that LXD has itself", function()
    local result = run_on("local:" .. results.image)[1]
    assert.equal("none", result.value, tostring(result))
    assert.matches('unknown image "no%-such"',
      message_of(function() run_on "local:no-such" end))
  end)

  it("may be a remote of the client's", function()
    daemon.folder:write("conf/config.yml", ([[
default-remote: local
remotes:
  mine: { addr: "%s", protocol: simplestreams, public: true }
  private: { addr: "https://127.0.0.1:1", protocol: lxd }
]]):format(server.url))
    daemon.folder:write("suite.lua", (BEGIN .. [[
      local function run(image)
        return ct.lxd { image = image } (function() return io.open("/etc/origin"):read "a" end)()
      end
      for name, result in run "mine:debian/12" do print(name, result.status, result.value) end
      print(select(2, pcall(run, "private:debian/12")))
      print(select(2, pcall(run, "unheard:of")))
    ]]):format(daemon.socket))
    local result = process.run({ "lua5.4", daemon.folder:at "suite.lua" },
      { env = { LXD_CONF = daemon.folder:at "conf" } })
    assert.matches("test%-mine:debian/12\tpass\tdebian amd64", result.stdout .. result.stderr)
    assert.matches("'private' %(https://127.0.0.1:1%) is no public image server", result.stdout)
    assert.matches("no remote 'unheard'; the remotes are: images, local, mine, private, ubuntu",
      result.stdout)
  end)

  it("may be a public LXD's, known by the certificate that the client has", function()
    local port = process.output([[perl -MIO::Socket::INET -e '
      print IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1)->sockport']])
    local target = daemon:client("image", "list", "-cF", "-fcsv", results.image):match "%x+"
    daemon:client("config", "set", "core.https_address", "127.0.0.1:" .. port)
    daemon:client("query", "-X", "PATCH", "-d", '{"public": true}', "/1.0/images/" .. target)
    daemon:client("image", "alias", "create", "shared", target)
    daemon.folder:write("public/config.yml", ([[
default-remote: local
remotes:
  itself: { addr: "https://127.0.0.1:%s", protocol: lxd, public: true }
]]):format(port))
    daemon.folder:write("public.lua", (BEGIN .. [[
      for _, result in ct.lxd { image = "itself:shared" } (function() end)() do
        print(result.status, result.error)
      end
    ]]):format(daemon.socket))
    local function run()
      return process.output({ "lua5.4", daemon.folder:at "public.lua" },
        { env = { LXD_CONF = daemon.folder:at "public" } })
    end
    assert.matches("error.*certificate", run())
    process.output { "install", "-D", daemon.dir .. "/server.crt",
      daemon.folder:at "public/servercerts/itself.crt" }
    assert.matches("^pass", run())
  end)

  it("that nobody knows is refused early, with the suite's line", function()
    assert.matches("stock_image_spec%.lua:%d+: image 'unheard:of': there is no remote 'unheard'",
      message_of(function() run_on("unheard:of") end))
  end)

  it("does not matter where a source is given", function()
    local image = { name = "unheard:of", source = { type = "image", alias = results.image } }
    local result = run_on({ image })[1]
    assert.equal("none", result.value, tostring(result))
    assert.matches("give an image or a source, not both", message_of(function()
      ct.lxd { image = { name = "x", image = "y", source = { type = "none" } } }
    end))
  end)
end)

describe("a remote source", function()
  it("that is no JSON object is refused when the job is added", function()
    local run <const> = assert(core.run_open { endpoint = daemon.socket })
    finally(function() run:close() end)
    for _, source in ipairs { "[]", "{", "" } do
      local job = {
        image = "x", remote_source = source, testlet = { kind = "command", argv = { "true" } },
      }
      local batch = core.batch_new(run, 1)
      local ok, message, name = batch:add(job)
      batch:close()
      assert.is_nil(ok)
      assert.equal("ARGUMENT", name)
      assert.matches("image x: remote_source: ", message)
    end
  end)
end)

describe("image servers", function()
  it("are those that serve the daemon in use", function()
    local function place(daemon_name, name)
      local source = remote.new(daemon_name):stock(name)
      assert.equal("simplestreams", source.protocol)
      return source.server .. " " .. source.alias
    end
    for _, case in ipairs {
      { "debian-12-arm64", "https://images.lxd.canonical.com debian/12/arm64",
        "https://images.linuxcontainers.org debian/12/arm64" },
      { "centos-9-stream-amd64", "https://images.lxd.canonical.com centos/9-Stream/amd64",
        "https://images.linuxcontainers.org centos/9-Stream/amd64" },
      { "archlinux-amd64", "https://images.lxd.canonical.com archlinux/current/amd64",
        "https://images.linuxcontainers.org archlinux/current/amd64" },
      { "ubuntu-bionic-amd64", "https://cloud-images.ubuntu.com/releases bionic/amd64",
        "https://images.linuxcontainers.org ubuntu/bionic/amd64" },
      { "jammy-amd64", "https://cloud-images.ubuntu.com/releases jammy/amd64",
        "https://images.linuxcontainers.org ubuntu/jammy/amd64" },
    } do
      assert.equal(case[2], place("lxd 5.0.2 at /x", case[1]))
      assert.equal(case[3], place("incus 6.0.4 at /x", case[1]))
    end
  end)

  it("are refused by name when they can't be meant, and forgotten with a reset", function()
    for _, case in ipairs {
      { "unknown option 'image'; the options are: images, ubuntu", { image = "https://x" } },
      { "image_servers: images must be an https:// or http:// URL, not 'x'", { images = "x" } },
      { "image_servers: ubuntu must be an https:// or http:// URL", { ubuntu = "ftp://x" } },
    } do
      local message = message_of(function() ct.configure("lxd", { image_servers = case[2] }) end)
      assert.matches("stock_image_spec%.lua:%d+: ct%.configure: ", message)
      assert.matches(case[1], message, 1, true)
    end
    ct.configure("lxd", { image_servers = both() }):reset()
    assert.same({}, require("cleantest.config").servers(config))
  end)
end)
