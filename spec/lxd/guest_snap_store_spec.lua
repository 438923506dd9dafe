-- SPDX-License-Identifier: MIT
--
-- Snaps of a store, with a scripted snapd in the place of one that can reach a store: what it is
-- asked, and how its answers are taken. The real one is in guest_snap_spec.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"

local BOOKWORM <const> = "debian-bookworm-amd64"

-- Stands for a snapd that has a store: installs whatever it is asked for, but for one, and
-- writes down what it was asked.
local scripted = [[
import http.server, json, os, socketserver
installed, looks = {}, {}
class Snapd(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "socket"
    def answer(self, status, kind, result, change=None):
        body = json.dumps({"type": kind, "status-code": status, "result": result,
                           "change": change}).encode()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        name = self.path.split("/")[3].split("?")[0]
        if "/conf" in self.path:
            self.answer(200, "sync", {"seed.loaded": looks.setdefault("seed", 0) > 1})
            looks["seed"] += 1
        elif "/changes/" in self.path:
            looks[name] = looks.get(name, 0) + 1
            self.answer(200, "sync", {"id": name, "ready": looks[name] > 2,
                "err": "no snap revision available" if name == "lost" else None})
        elif name in installed:
            self.answer(200, "sync", {"name": name, "tracking-channel": installed[name]})
        else:
            self.answer(404, "error", {"message": "not installed", "kind": "snap-not-found"})
    def do_POST(self):
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with open("/root/asked", "a") as log:
            print(self.path, json.dumps(content, sort_keys=True), file=log)
        name = (self.path.split("/") + ["wired"])[3]
        installed[name] = content.get("channel", "latest/stable")
        if name == "charmcraft":
            os.makedirs("/snap/bin", exist_ok=True)
            os.symlink("/srv/charmcraft", "/snap/bin/charmcraft")
        self.answer(202, "async", None, name)
socketserver.UnixStreamServer("/run/snapd.socket", Snapd).serve_forever()
]]

-- What is in that store under the name of charmcraft.
local charmcraft = [[
#!/bin/sh
[ "$1" = fetch-lib ] || exit 1
path=lib/$(echo "$2" | tr . /).py
mkdir -p "${path%/*}"
echo "LIBID = '$CHARMCRAFT_AUTH'" >"$path"
]]

local start_scripted = ct.script [[
  #!/bin/sh
set -e
systemd-run --quiet python3 /srv/snapd.py
until [ -S /run/snapd.socket ]; do sleep 0.05; done
]]

-- After a start hook has asked the scripted snapd.
local function ask_scripted()
  local guest = require "cleantest.guest"
  local run = require "cleantest.utils.run"
  local snap = require "cleantest.utils.snap"
  local got = { snap.ensure "one", snap.ensure("one", { channel = "edge" }),
    snap.ensure("one", { channel = "latest/stable" }), snap.ensure "three" }
  got.lost = select(2, pcall(snap.install, "lost"))
  got.asked = run("cat /root/asked").stdout
  local listener = "import socket, time\ns = socket.socket(socket.AF_UNIX)\n"
    .. "s.bind('/run/mute')\ns.listen()\ntime.sleep(600)"
  run({ "systemd-run", "--quiet", "python3", "-c", listener }, { check = true })
  run("until [ -S /run/mute ]; do sleep 0.05; done", { timeout = 20 })
  got.mute = select(2, guest.exchange { path = "/run/mute", head = "hello", seconds = 0.2 })
  got.nobody = select(2, guest.exchange { path = "/run/nobody", head = "hello" })
  local long = ("x"):rep(200)
  got.long = select(2, guest.exchange { path = long, head = "hello" })
  got.no_file = select(2, guest.exchange { path = "/run/mute", file = "/no/such/file" })
  return got
end

local function use_charmlib()
  local run = require "cleantest.utils.run"
  local python = run { "python3", "-c", "from charms.spec.v0 import one; print(one.LIBID)" }
  return { asked = run("cat /root/asked").stdout, python = python.stdout .. python.stderr }
end

describe("snaps of a store, played by a scripted snapd,", function()
  local played, fetched

  local folder <const> = new_folder { token = "of-a-login" }

  local function start(packages, testlet)
    local config = ct.configure "lxd"
    config:reset()
    config:register_hook(ct.hook.start_env { name = "store", run = start_scripted, volatile = true,
      upload = { ct.data.file({ text = scripted }, "/srv/snapd.py"),
        ct.data.file({ text = charmcraft }, "/srv/charmcraft", { mode = "755" }) } })
    config:register_hook(ct.hook.start_env { name = "packages", packages = packages })
    local call = table.pack(ct.lxd { image = BOOKWORM } (testlet)())
    config:reset()
    return call
  end

  lazy_setup(function()
    local snaps = start(ct.pkg.snap {
      snaps = { "one", "two" }, confinement = "classic", channel = "latest/edge", cohort = "key",
      connections = { plug = "one:plug", slot = "two:slot", wait = false },
    }, ask_scripted)
    local library = start(ct.pkg.charmlib { auth_token_path = folder:at "token",
      charmlibs = "charms.spec.v0.one" }, use_charmlib)
    played = results.only(table.unpack(snaps, 1, 4))
    fetched = results.only(table.unpack(library, 1, 4))
  end)

  lazy_teardown(function() folder:remove() end)

  it("give charm libraries their charmcraft where it is missing, a classic one", function()
    assert.equal("pass", fetched.status, tostring(fetched))
    assert.equal('/v2/snaps/charmcraft {"action": "install", "classic": true}\n',
      fetched.value.asked)
    assert.equal("of-a-login\n", fetched.value.python)
  end)

  it("are asked for as they were named", function()
    assert.equal("pass", played.status, tostring(played))
    local function line(name, action, more)
      return ('/v2/snaps/%s {"action": "%s"%s}\n'):format(name, action, more or "")
    end
    local edge = ', "channel": "latest/edge", "classic": true, "cohort-key": "key"'
    local wire = '/v2/interfaces {"action": "connect", "plugs": [{"plug": "plug", "snap": "one"}],'
      .. ' "slots": [{"slot": "slot", "snap": "two"}]}\n'
    assert.equal(line("one", "install", edge) .. line("two", "install", edge) .. wire
      .. line("one", "refresh", ', "channel": "latest/stable"') .. line("three", "install")
      .. line("lost", "install"), played.value.asked)
    assert.same({ false, false, true, true }, { table.unpack(played.value, 1, 4) })
    assert.matches("guest_snap_store_spec%.lua:%d+: snap: install lost: no snap revision available",
      played.value.lost)
  end)

  it("wait for snapd no longer than they were told", function()
    assert.matches("/run/mute: timed out", played.value.mute)
    assert.matches("/run/nobody: connecting: No such file", played.value.nobody)
    assert.matches("path is too long", played.value.long)
    assert.matches("opening /no/such/file: No such file", played.value.no_file)
  end)
end)
