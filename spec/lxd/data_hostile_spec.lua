-- SPDX-License-Identifier: MIT
--
-- Downloads from an instance that means harm: they end in their own place, and at their limit.
-- What frames can do that no honest guest would send is in internals_spec.lua.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"
local transfer = require "spec.support.transfer"

describe("downloads of a hostile instance", function()
  it("write nothing outside of their dest", function()
    local folder <close> = new_folder { ["outside/kept"] = "kept" }
    local download = ct.data.dir("/left", folder:at "in", { overwrite = true })
    local result = results.only(transfer.start({ download = download }, function()
      os.execute("mkdir /left && ln -s ../outside /left/out && ln -s / /left/root")
    end))
    assert.equal("pass", result.status, tostring(result))
    assert.equal("../outside", folder:link "in/out")
    -- A second one, over the links that the first one brought.
    result = results.only(transfer.start({ download = download }, function()
      os.execute "mkdir -p /left/out && echo escaped >/left/out/kept"
    end))
    assert.equal("error", result.status)
    assert.equal("kept", folder:read "outside/kept", tostring(result))
  end)

  it("write no more than their limit, however it is made up", function()
    local folder <close> = new_folder()
    local function download(name, limit)
      return ct.data.dir("/left", folder:at(name), { limit = limit })
    end
    local function leave_bytes()
      os.execute "mkdir /left && head -c 300000 /dev/zero >/left/zeros"
    end
    local all = transfer.run {
      bytes = { download = download("bytes", 200000), testlet = leave_bytes },
      entries = { download = download("entries", 100 * 1024), testlet = function()
        os.execute "mkdir /left && cd /left && for i in $(seq 150); do mkdir $i; done"
      end },
      enough = { download = download("enough", 310000), testlet = leave_bytes },
    }
    assert.equal("error", all.bytes.status)
    assert.matches("more than 200000 bytes", all.bytes.error)
    assert.is_true(#(folder:read "bytes/zeros" or "") <= 200000)
    assert.equal("error", all.entries.status)
    assert.matches("more than 102400 bytes", all.entries.error)
    assert.equal("pass", all.enough.status, tostring(all.enough))
    assert.equal(300000, #folder:read "enough/zeros")
  end)
end)

-- The testlet leaves /left, with links out of it, and /x; `outside` lies beside the dests.
describe("a download into the folder of another", function()
  local folder

  before_each(function()
    folder = new_folder { ["outside/file"] = "kept", ["outside/dir/file"] = "kept" }
  end)

  after_each(function() folder:remove() end)

  local function leave()
    os.execute [[mkdir /left /left/real && ln -s ../outside /left/conf && echo escaped >/x &&
      mkdir /tree && echo escaped >/tree/file]]
  end

  -- The steps are of one stop hook, or each of its own.
  local function run(steps, apart)
    local config = ct.configure "lxd"
    config:reset()
    for i, step in ipairs(apart and steps or { steps }) do
      config:register_hook(ct.hook.stop_env { name = "down-" .. i, download = step })
    end
    local call = results.decorate(leave)()
    config:reset()
    return call:only()
  end

  local function file(dest)
    return ct.data.file("/x", folder:at(dest), { overwrite = true })
  end

  local function left(dest)
    return ct.data.dir("/left", folder:at(dest), { overwrite = true })
  end

  local function assert_kept(result, what)
    assert.equal("kept", folder:read "outside/file", what)
    assert.equal("kept", folder:read "outside/dir/file", what)
    assert.is_nil(folder:read "outside/x", what)
    assert.equal("error", result.status, what)
    assert.matches("conf is a symbolic link, in a folder that a download fills", result.error)
  end

  it("follows none of the links that came with that", function()
    for _, dest in ipairs { "out/conf/file", "out/./conf//file", "out/real/../conf/file",
      "out/conf/dir/file", "out/conf/" } do
      assert_kept(run { left "out", file(dest) }, dest)
    end
    local tree = ct.data.dir("/tree", folder:at "out/conf", { overwrite = true })
    assert_kept(run { left "out", tree }, "a folder")
  end)

  it("follows none where it is of another hook, comes first, or is reached by another name",
    function()
      os.execute(("ln -s out %s && ln -s out/conf/dir %s"):format(
        folder:at "alias", folder:at "deep"))
      assert_kept(run({ left "out", file "out/conf/file" }, true), "another hook")
      assert_kept(run { file "out/conf/file", left "out" }, "the other order")
      assert_kept(run { left "out", file "alias/conf/file" }, "a link of the caller's")
      assert_kept(run { left "out", file "deep/file" }, "a link of the caller's into it")
      assert_kept(run { left "alias", file "out/conf/file" }, "the folder by a link")
    end)

  it("takes the place of a link that is its dest", function()
    local result = run { left "out", file "out/conf" }
    assert.equal("pass", result.status, tostring(result))
    assert.equal("escaped\n", folder:read "out/conf")
    assert.is_nil(folder:link "out/conf")
    assert.is_nil(folder:read "outside/x")
  end)

  it("goes where there are real folders, and through the caller's own links to them", function()
    os.execute(("ln -s out %s && mkdir %s"):format(folder:at "mine", folder:at "out"))
    local result = run { left "mine/sub", file "mine/sub/real/file", file "mine/sub/new/file",
      file "mine/top" }
    assert.equal("pass", result.status, tostring(result))
    for _, name in ipairs { "sub/real/file", "sub/new/file", "top" } do
      assert.equal("escaped\n", folder:read("out/" .. name), name)
    end
  end)
end)
