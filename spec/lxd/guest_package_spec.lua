-- SPDX-License-Identifier: MIT
--
-- What start hooks install beside the distributions' own packages: npm and luarocks from files,
-- and from a registry and a server that are folders here; charm libraries from a scripted
-- charmcraft, since no Charmhub can be reached; and what can't be meant.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local BOOKWORM = "debian-bookworm-amd64"
local TOKEN = "dG9rZW4tdGhhdC1ub2JvZHktbWF5LXNlZQ"

-- Stands for charmcraft and Charmhub: gives a library to who has the token, of which it knows
-- the sum only.
local charmcraft = [[
#!/bin/sh
case $1 in
version) echo 'charmcraft 2.5' ;;
fetch-lib)
    echo "logged in with $CHARMCRAFT_AUTH" >&2
    [ "$(printf %%s "$CHARMCRAFT_AUTH" | sha256sum)" = '%s' ] || exit 1
    case $2 in *lost*) echo "Library $2 not found in Charmhub." >&2; exit 1 ;; esac
    path=lib/$(echo "$2" | tr . /).py
    mkdir -p "${path%%/*}"
    echo 'LIBID = "for a spec"' >"$path"
    echo "Library $2 version 0.7 downloaded." ;;
esac
]]

-- The registry of one package that npm is pointed at.
local registry = [[
import http.server, json, os
class Registry(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/spec-served":
            return super().do_GET()
        body = json.dumps({"name": "spec-served", "dist-tags": {"latest": "4.5.6"}, "versions": {
            "4.5.6": {"name": "spec-served", "version": "4.5.6",
                "bin": {"spec-served": "run.js"}, "dist": {
                "tarball": "http://127.0.0.1:8000/spec-served.tgz"}}}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
os.chdir("/srv/npm")
http.server.HTTPServer(("127.0.0.1", 8000), Registry).serve_forever()
]]

local start_registry = ct.script [[
  #!/bin/sh
set -e
systemd-run --quiet python3 /srv/registry.py
python3 -c 'import socket, time
while socket.socket().connect_ex(("127.0.0.1", 8000)): time.sleep(0.05)'
]]

describe("packages", function()
  local folder <const> = new_folder()
  local all = {}

  local function make_npm(at, name, version)
    folder:write(at .. "/package/package.json",
      ('{"name":"%s","version":"%s","bin":{"%s":"run.js"}}'):format(name, version, name))
    folder:write(at .. "/package/run.js",
      ('#!/usr/bin/env node\nconsole.log("%s %s")\n'):format(name, version), "755")
    process.output { "tar", "-czf", folder:at(at .. "/" .. name .. ".tgz"), "-C", folder:at(at),
      "package" }
  end

  local function rockspec(name, version)
    return ('package = "%s"\nversion = "%s-1"\nsource = { url = "file:///srv/rocks/%s.lua" }\n'
      .. 'build = { type = "builtin", modules = { ["%s"] = "%s.lua" } }\n')
      :format(name, version, name, name, name)
  end

  local function make_rocks()
    for name, version in pairs { ["spec-local"] = "1.0", ["spec-served"] = "2.0" } do
      folder:write("rocks/" .. name .. ".lua", ('return "%s %s"\n'):format(name, version))
    end
    folder:write("rocks/manifest-5.4", 'commands = {}\nmodules = {}\nrepository = {\n'
      .. '["spec-served"] = { ["2.0-1"] = { { arch = "rockspec" } } } }\n')
    folder:write("rocks/spec-served-2.0-1.rockspec", rockspec("spec-served", "2.0"))
    folder:write("spec-local-1.0-1.rockspec", rockspec("spec-local", "1.0"))
    folder:write("spec blank-1.0-1.rockspec", (rockspec("spec-local", "1.0")
      :gsub('"spec%-local"', '"spec blank"', 1)))
  end

  -- Starts a call with these hooks only.
  local function start(hooks, testlet, image)
    local config = ct.configure "lxd"
    config:reset()
    for i, hook in ipairs(hooks) do
      hook.name = "hook-" .. i
      config:register_hook(ct.hook.start_env(hook))
    end
    local call = table.pack(ct.lxd { image = image or BOOKWORM, num_threads = 2 } (testlet)())
    config:reset()
    return call
  end

  local function charmlib(libraries, testlet, token)
    folder:write("token", token .. "\n")
    local sum = process.output(("printf %%s %s | sha256sum"):format(token))
    local program = folder:write("charmcraft-" .. #token, charmcraft:format(sum), "755")
    return start({ { upload = ct.data.file(program, "/usr/local/bin/charmcraft") },
      { packages = ct.pkg.charmlib { auth_token_path = folder:at "token",
        charmlibs = libraries } } }, testlet)
  end

  local function start_charmlibs()
    ct.env:add { PYTHONPATH = "/opt/mine" }
    all.charmlib = charmlib({ "charms.spec.v0.one", "charms.spec.v1.two" }, function()
      local run = require "cleantest.utils.run"
      local python = run({ "python3", "-c", "from charms.spec.v0 import one\n"
        .. "from charms.spec.v1 import two\nprint(one.LIBID, two.LIBID)" })
      return {
        python = python.stdout .. python.stderr, path = os.getenv "PYTHONPATH",
        auth = os.getenv "CHARMCRAFT_AUTH" or "none",
        holders = run({ "grep", "-rlsF", "--exclude-dir=proc", "--exclude-dir=sys", TOKEN, "/" })
          .stdout,
        sure = run("printf %s " .. TOKEN:sub(1, 9) .. " >/var/tmp/a; printf %s "
          .. TOKEN:sub(10) .. " >>/var/tmp/a; grep -rlsF " .. TOKEN .. " /var").stdout,
      }
    end, TOKEN)
    all.library = charmlib("charms.lost.v0.lib", function() print "the testlet ran" end, TOKEN)
    all.secret = charmlib("charms.lost.v0.lib", function() print "the testlet ran" end, "secret")
    ct.env:reset()
  end

  lazy_setup(function()
    make_npm("npm-local", "spec-local", "1.2.3")
    make_npm("npm", "spec-url", "7.8.9")
    make_npm("npm", "spec-served", "4.5.6")
    make_rocks()
    start_charmlibs()
    all.both = start({
      { upload = { ct.data.dir(folder:at "rocks", "/srv/rocks"),
        ct.data.dir(folder:at "npm", "/srv/npm"),
        ct.data.file({ text = registry }, "/srv/registry.py") }, run = start_registry,
        volatile = true },
      { packages = {
        ct.pkg.npm { packages = folder:at "npm-local/spec-local.tgz" },
        ct.pkg.npm { packages = "spec-served@^4", registry = "http://127.0.0.1:8000" },
        ct.pkg.npm { packages = "http://127.0.0.1:8000/spec-url.tgz" },
        ct.pkg.rock { packages = { folder:at "spec-local-1.0-1.rockspec",
          folder:at "spec blank-1.0-1.rockspec" } },
        ct.pkg.rock { packages = "spec-served 2.0", server = "file:///srv/rocks" },
      } },
    }, ct.script [[
      #!/bin/sh
spec-local
spec-served
spec-url
luarocks --lua-version 5.4 list --porcelain | grep -o 'spec blank'
lua5.4 -e 'print((require "spec-local")) print((require "spec-served"))'
]])
    all.lost = start({ { packages = ct.pkg.rock { packages = "no-such-rock",
      server = "file:///nowhere" } } }, function() print "the testlet ran" end)
    all.old = start({ { packages = ct.pkg.rock { packages = "no-such-rock",
      server = "file:///nowhere" } } }, function() print "the testlet ran" end,
      "debian-bullseye-amd64")
    all.bare = start({ { packages = ct.pkg.npm { packages = "x" } } }, function() end,
      results.image)
    for name, call in pairs(all) do all[name] = results.only(table.unpack(call, 1, 4)) end
  end)

  lazy_teardown(function()
    ct.env:reset()
    folder:remove()
  end)

  it("of npm and luarocks come from files, a registry and a server, with their tools", function()
    assert.equal("pass", all.both.status, tostring(all.both))
    assert.equal("spec-local 1.2.3\nspec-served 4.5.6\nspec-url 7.8.9\nspec blank\nspec-local 1.0\n"
      .. "spec-served 2.0\n", all.both.stdout)
  end)

  it("that can't be had make the result an error with their tool's words", function()
    assert.equal("error", all.lost.status)
    assert.matches("luarocks .*no%-such%-rock: exit code", all.lost.error)
    assert.equal("", all.lost.stdout)
    assert.equal("error", all.bare.status)
    assert.matches("none of the package managers", all.bare.error)
  end)

  it("of luarocks need one that installs for their Lua, and say what it lacks", function()
    assert.equal("error", all.old.status)
    assert.matches("rock: luarocks 2%.4%.2 can't install for Lua 5%.4: it is older than 3%.0",
      all.old.error)
    assert.matches("use an image that has a newer one, or install it in a hook before",
      all.old.error)
    assert.equal("", all.old.stdout)
  end)

  it("of Charmhub, here a scripted charmcraft, are on the testlet's PYTHONPATH", function()
    local result = all.charmlib
    assert.equal("pass", result.status, tostring(result))
    assert.equal("for a spec for a spec\n", result.value.python)
    assert.matches("^/opt/mine:/", result.value.path)
    assert.is_nil(ct.env:get "PYTHONPATH")
    assert.equal("error", all.library.status)
    assert.matches("Library charms%.lost%.v0%.lib not found in Charmhub", all.library.error)
    assert.equal("", all.library.stdout)
  end)

  it("of Charmhub leave their secret nowhere: in no file, variable or message", function()
    assert.equal("", all.charmlib.value.holders)
    assert.equal("/var/tmp/a\n", all.charmlib.value.sure)
    assert.equal("none", all.charmlib.value.auth)
    assert.matches("logged in with %[secret%]", all.library.error)
    assert.matches("logged in with %[secret%]\n", all.secret.error)
    for _, result in ipairs { all.charmlib, all.library } do
      assert.is_nil(tostring(result):find(TOKEN, 1, true))
      assert.is_nil((result.stdout .. result.stderr .. (result.error or "")):find(TOKEN, 1, true))
    end
  end)
end)

describe("declaring packages", function()
  it("is refused with the suite's line when it can't be meant", function()
    local folder <const> = new_folder { empty = "" }
    local one = { "a" }
    for _, case in ipairs {
      { "ct%.pkg%.dnf: packages is missing", "dnf", {} },
      { "ct%.pkg%.zypper: packages must not be empty", "zypper", { packages = {} } },
      { "ct%.pkg%.pacman: packages%[1%] must be a string, not 7", "pacman", { packages = { 7 } } },
      { "ct%.pkg%.apk: unknown option 'package'; the options are: packages, update", "apk",
        { package = "a" } },
      { "ct%.pkg%.system: packages is missing", "system", {} },
      { "ct%.pkg%.system: packages is missing", "system", nil },
      { "ct%.pkg%.npm: unknown option 'index'", "npm", { packages = one, index = "b" } },
      { "ct%.pkg%.rock: lua must be one of '5%.1', '5%.2', '5%.3', '5%.4', not '6'", "rock",
        { packages = one, lua = "6" } },
      { "ct%.pkg%.snap: there must be snaps or local_snaps", "snap", {} },
      { "ct%.pkg%.snap: confinement must be one of", "snap",
        { snaps = "a", confinement = "loose" } },
      { "ct%.pkg%.snap: connections%[1%]: plug is missing", "snap",
        { snaps = "a", connections = { { slot = "b:c" } } } },
      { "ct%.pkg%.snap: aliases: unknown option 'name'", "snap",
        { snaps = "a", aliases = { snap = "a", name = "b" } } },
      { "ct%.pkg%.charmlib: auth_token_path is missing", "charmlib", { charmlibs = "a" } },
      { "ct%.pkg%.charmlib: auth_token_path: .*no/such/token: No such file", "charmlib",
        { auth_token_path = "no/such/token", charmlibs = "a" } },
      { "ct%.pkg%.charmlib: auth_token_path: .*empty is empty", "charmlib",
        { auth_token_path = folder:at "empty", charmlibs = "a" } },
    } do
      local ok, message = pcall(function() ct.pkg[case[2]](case[3]) end)
      assert.is_false(ok)
      assert.matches("guest_package_spec%.lua:%d+: ", message)
      assert.matches(case[1], message)
    end
    folder:remove()
  end)

  it("is refused for a name that their tool would take for an option, and says which", function()
    local folder <const> = new_folder { token = "a" }
    local token = folder:at "token"
    for kind, options in pairs {
      apt = { packages = { "a", "-y" } }, apk = { packages = "-y" }, dnf = { packages = "-y" },
      zypper = { packages = "-y.rpm" }, pacman = { packages = "-y" }, system = { "a", "-y" },
      npm = { packages = { "-y.tgz" } }, pip = { packages = { "a", "-y" } },
      rock = { packages = "a -y" }, snap = { snaps = "-y" },
      charmlib = { auth_token_path = token, charmlibs = "-y" },
    } do
      local ok, message = pcall(function() ct.pkg[kind](options) end)
      assert.is_false(ok)
      assert.matches("^[^\n]*guest_package_spec%.lua:%d+: ct%.pkg%." .. kind, message)
      assert.matches("must not begin with '%-': '%-y", message)
    end
    folder:remove()
  end)

  it("takes no URL for a file that lies here", function()
    local server = "http://127.0.0.1:9/"
    for kind, file in pairs { apt = "a.deb", dnf = "a.rpm", zypper = "a.rpm", apk = "a.apk",
      pacman = "a.pkg.tar.zst", npm = "a.tgz", rock = "a-1-1.rockspec" } do
      assert.equal(1, #ct.pkg[kind]({ packages = file }):steps() - 1)
      assert.equal(0, #ct.pkg[kind]({ packages = server .. file }):steps() - 1)
    end
    assert.equal(1, #ct.pkg.system({ server .. "a.deb", "a.deb" }):steps() - 1)
  end)
end)
