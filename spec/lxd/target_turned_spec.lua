-- SPDX-License-Identifier: MIT
--
-- Testlets that turn the ground under the guest, in instances that are not cleantest's own: they
-- take /proc away, or put something else where the guest's directory was. Nothing but that
-- directory is ever removed, and the testlet's result stands.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local name = "target-turned-spec"
local REAPED <const> = 60 -- seconds a reaper may take

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

  -- Runs the script, kills the host when it has done its work, and waits for the reaper's end.
  local function kill_host_of(script)
    local mark = "turned-" .. lxd.own_pid()
    local folder <close> = new_folder { ["suite.lua"] = ([[
      local ct = require "cleantest"
      for _, result in ct.lxd.target(%q)(ct.script %q)() do print(result) end
    ]]):format(name, script .. "touch /under-way; sleep 321\n") }
    local host = process.start({ "lua5.4", folder:at "suite.lua" }, { env = { SPEC_MARK = mark } })
    assert.is_true(process.within(30, function()
      return sh("ls /"):find "under%-way" ~= nil
    end))
    host:kill "KILL"
    host:close()
    assert.is_true(process.within(REAPED, function() return not process.reaper_of(mark) end))
  end

  for _, turn in ipairs(turns) do
    local what = turn[1]
    if what:find "another directory in its place" or what:find "over it" then
      it("that " .. what .. " loses nothing of the instance when its host is killed", function()
        lxd.client("launch", "--quiet", results.image, name)
        finally(function() lxd.delete(name) end)
        kill_host_of(BEGIN .. turn[2] .. "\n")
        assert.equal("keep\n", sh "cat /data/keep")
        assert.equal("guest\nkeep\n", sh "ls /data/")
      end)
    end
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
