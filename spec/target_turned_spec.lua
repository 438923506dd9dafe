-- SPDX-License-Identifier: MIT
--
-- Testlets that turn the ground under the guest, in instances that are not cleantest's own: they
-- take /proc away, or put something else where the guest's directory was. Nothing but that
-- directory is ever removed, and the testlet's result stands.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local results = require "spec.support.results"

local name = "target-turned-spec"

-- What the testlets put in the place of the guest's directory holds a file to keep, and a guest,
-- without which nothing could be asked of it there.
local BEGIN = [[
  #!/bin/sh
  set -e
  own=$(dirname "$(dirname "$0")")
  data=/data
  mkdir -p $data
  echo keep >$data/keep
  cp $own/guest $data
]]

local turns = {
  { "unmounts /proc", "umount -l /proc", gone = true },
  { "mounts over /proc", "mount -t tmpfs none /proc", gone = true },
  { "removes its directory's contents", "rm -r $own/run-*", gone = true },
  { "puts a link in its place", "mv $own /moved; ln -s $data $own" },
  {
    "puts another directory in its place", "mv $own /moved; mv $data $own; ln -s $own /data",
  },
  { "mounts another directory over it", "mount --bind $data $own" },
  {
    "mounts another directory in it", "mkdir -p $own/a/b; mount --bind $data $own/a/b",
  },
  { "links to another directory in it", "ln -s $data $own/link", gone = true },
  { "moves it to a name as long as can be", [[
    long=/$(head -c 200 /dev/zero | tr '\0' d)
    mkdir -p $long$long
    echo keep >$long/keep
    mv $own $long$long/guests
    ln -s $long$long/guests $own
  ]] },
}

describe("a testlet in an instance that exists already", function()
  local function sh(script)
    return lxd.client("exec", name, "--", "sh", "-c", script)
  end

  local function keeps_the_rest(turn)
    assert.equal("keep\n", sh "cat /data/keep")
    sh "test -e /etc/passwd && test -x /bin/busybox && test -d /root"
    local left = sh("ls -a / | grep cleantest; true")
    assert.equal(turn.gone or false, left == "", left)
  end

  for _, turn in ipairs(turns) do
    local what, script = turn[1], BEGIN .. turn[2] .. "\necho done\n"
    it("that " .. what .. " has its result, and loses nothing of the instance", function()
      lxd.client("launch", "--quiet", results.image, name)
      finally(function() lxd.delete(name) end)
      local result = results.only(ct.lxd.target(name) (ct.script(script))())
      assert.equal("pass", result.status, tostring(result))
      assert.equal("done\n", result.stdout)
      keeps_the_rest(turn)
      if what:find "long" then assert.equal("keep\n", sh "cat /ddd*/keep") end
    end)
  end

  it("that takes /proc away can be followed by others", function()
    local archon <close> = ct.archon()
    archon:add("one", results.image)
    for _ = 1, 2 do
      local said = archon:execute("one", "umount -l /proc; ls /")
      assert.equal("pass", said.one.status, tostring(said.one))
      assert.matches("etc", said.one.stdout)
      assert.is_nil(said.one.stdout:find "run%-%d")
      assert.equal("pass", archon:execute("one", ct.script "test -e /etc/passwd").one.status)
    end
  end)
end)
