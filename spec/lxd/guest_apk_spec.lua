-- SPDX-License-Identifier: MIT
--
-- cleantest.utils.apk. apk is in no Debian: it is played by a script that says what the real one
-- was recorded to say, and that notes how it is called.

local results = require "spec.support.results"

-- Recorded output of the real apk:
-- `list`: github.com/dotnet/dotnet-docker, documentation/image-artifact-details.md (Alpine 3.11);
-- what is available: a post of 2021-10-05 about Alpine's apk in iSH, `apk list | grep jdk`; the
-- form is that of apk-tools' src/app_list.c, which adds nothing where nothing is installed;
-- `version` and what is upgradable: github.com/kdeldycke/meta-package-manager,
-- meta_package_manager/managers/apk.py (apk-tools 2.14);
-- `policy`: github.com/ocaml/opam, src/state/opamSysInteract.ml (Alpine 3.13).
local recorded = {
  version = "apk-tools 2.14.10, compiled for x86_64.\n",
  list = "musl-1.1.24-r0 x86_64 {musl} (MIT) [installed]\n"
    .. "musl-utils-1.1.24-r0 x86_64 {musl} (MIT BSD GPL2+) [installed]\n"
    .. "libssl1.1-1.1.1d-r2 x86_64 {openssl} (OpenSSL) [installed]\n"
    .. "acl-2.3.1-r0 x86_64 {acl} (LGPL-2.1-or-later) [upgradable from: acl-2.2.53-r0]\n"
    .. "openjdk8-8.275.01-r0 x86 {openjdk8} (custom)\n",
  policy = "vim policy:\n  8.2.2320-r0:\n    lib/apk/db/installed\n"
    .. "    https://dl-cdn.alpinelinux.org/alpine/v3.13/main\n  8.2.2852-r0:\n"
    .. "    @edge https://dl-cdn.alpinelinux.org/alpine/edge/main\n",
}

describe("apk, by recorded output,", function()
  local seen

  lazy_setup(function()
    local result = results.only(results.decorate(function()
      local run = require "cleantest.utils.run"
      local function write(path, text)
        local file <close> = assert(io.open(path, "w"))
        file:write(text)
      end
      for name, text in pairs(recorded) do write("/root/" .. name, text) end
      write("/bin/apk", '#!/bin/sh\necho "$*" >>/root/calls\ncase $1 in\n'
        .. "--version) cat /root/version ;;\nlist) grep \"^$3-[0-9]\" /root/list ;;\n"
        .. "policy) cat /root/policy ;;\nadd) case $* in *lost*|*--no-network*needy*)\n"
        .. "echo unable to select; exit 1\nesac ;;\nesac\n")
      run "chmod 755 /bin/apk"
      local apk = require "cleantest.utils.apk"
      local got = {
        version = apk.version(), musl = apk.fetch "musl", ssl = apk.fetch "libssl1.1",
        acl = apk.fetch "acl", jdk = apk.fetch "openjdk8", absent = apk.fetch "vim",
        installed = apk.installed "musl-utils",
        policy = { apk.parse_policy(recorded.policy, "8.2.2320-r0"),
          apk.parse_policy(recorded.policy, "8.2.2852-r0") },
      }
      run ": >/root/calls"
      apk.install("tree", "less=1-r0")
      for _, path in ipairs { "./mine.apk", "/root/my needy.apk" } do
        write(path, "")
        apk.install(path)
      end
      apk.upgrade()
      apk.upgrade "musl"
      got.unknown = select(2, pcall(apk.upgrade, "tree"))
      apk.remove "tree"
      apk.purge "less"
      got.lost = select(2, pcall(apk.install, "lost"))
      got.calls = run("cat /root/calls").stdout
      return got
    end)())
    assert(result.status == "pass", tostring(result))
    seen = result.value
  end)

  it("is understood", function()
    assert.equal("2.14.10", seen.version)
    assert.is_true(seen.installed)
    assert.same({ name = "musl", arch = "x86_64", epoch = "0", version = "1.1.24",
      release = "r0", full_version = "1.1.24-r0", state = "installed" }, seen.musl)
    assert.equal("1.1.1d-r2", seen.ssl.full_version)
    assert.equal("2.2.53-r0", seen.acl.full_version)
    assert.same({ name = "openjdk8", arch = "x86", epoch = "0", version = "8.275.01",
      release = "r0", full_version = "8.275.01-r0", state = "available" }, seen.jdk)
    assert.same({ name = "vim", state = "absent" }, seen.absent)
    assert.same({ "https://dl-cdn.alpinelinux.org/alpine/v3.13/main",
      "https://dl-cdn.alpinelinux.org/alpine/edge/main" }, seen.policy)
  end)

  it("is called as apk(8) has it", function()
    assert.equal("update\nadd tree less=1-r0\nadd --allow-untrusted --no-network ./mine.apk\n"
      .. "add --allow-untrusted --no-network /root/my needy.apk\nupdate\n"
      .. "add --allow-untrusted /root/my needy.apk\nupdate\nupgrade\n"
      .. "list -- musl\npolicy -- musl\nupdate\nadd --upgrade musl\nlist -- tree\n"
      .. "del tree\ndel --purge less\nupdate\nadd lost\n", seen.calls)
    assert.matches("guest_apk_spec%.lua:%d+: apk%.upgrade: tree is not installed", seen.unknown)
    assert.matches("guest_apk_spec%.lua:%d+: apk add lost: exit code 1\nunable to select",
      seen.lost)
  end)
end)
