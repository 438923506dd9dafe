-- SPDX-License-Identifier: MIT
--
-- Whose files are when they have travelled, and what may be done with them: kept, or set.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local transfer = require "spec.support.transfer"

local file, dir = ct.data.file, ct.data.dir

-- A tree whose every entry is somebody else's.
local make_tree = [[mkdir -p tree/sub && echo a >tree/sub/a && ln -s ../../nothing tree/link &&
  echo b >tree/set && chown 2001:2002 tree && chown 2003:2004 tree/sub &&
  chown 2005:2006 tree/sub/a && chown -h 2007:2008 tree/link &&
  chown 2009:2010 tree/set && chmod 6755 tree/set &&
  chmod 640 tree/sub/a && chmod 750 tree/sub && chmod 755 tree]]

local function listing(folder, name)
  return process.output(transfer.listing, { cwd = folder:at(name) }) .. "\n"
end

describe("files that go up", function()
  local folder <const> = new_folder()
  local all

  local accounts = {
    file({ text = "root:x:0:0::/root:/bin/sh\nann:x:1234:1::/:/bin/sh\n" }, "/etc/passwd",
      { overwrite = true }),
    file({ text = "root:x:0:\ncrew:x:4321:ann\n" }, "/etc/group", { overwrite = true }),
  }

  local function with_accounts(...)
    return table.move({ ... }, 1, select("#", ...), 3, { accounts[1], accounts[2] })
  end

  lazy_setup(function()
    process.output(make_tree, { cwd = folder.path })
    local tree, command = folder:at "tree", transfer.listing
    local function look()
      local run = require "cleantest.utils.run"
      return { listing = run("cd /data && " .. command).stdout,
        etc = run("stat -c '%a %u:%g' /etc").stdout }
    end
    local text = { text = "x" }
    all = transfer.run {
      as_ever = { testlet = look, upload = dir(tree, "/data/tree") },
      kept = { testlet = look, upload = { dir(tree, "/data/tree", { keep_owners = true }),
        file(tree .. "/sub/a", "/data/a", { keep_owners = true, mode = "0600" }) } },
      named = { testlet = look, upload = with_accounts(
        dir(tree, "/data/tree", { user = "ann", group = "crew" }),
        dir(tree, "/etc", { user = "ann", overwrite = true }),
        file(text, "/data/text", { user = "ann" })) },
      numbered = { testlet = look, upload = {
        file(tree .. "/set", "/data/a", { uid = 7, gid = 8 }),
        file(text, "/data/b", { gid = 5, mode = "0640" }),
        file(text, "/data/c", { mode = tonumber("4711", 8), uid = 9 }),
        file(tree .. "/set", "/data/d", { mode = 0 }) } },
      no_user = { upload = with_accounts(file(text, "/data/x", { user = "mallory" })) },
      no_group = { upload = with_accounts(dir(tree, "/data/x", { group = "ann" })) },
      no_id = { upload = file(text, "/data/x", { uid = 4294967294 }) },
    }
  end)

  lazy_teardown(function() folder:remove() end)

  local function seen(name)
    assert.equal("pass", all[name].status, tostring(all[name]))
    return all[name].value
  end

  it("belong to root, whosever they were", function()
    assert.equal("755 0:0 .\n755 0:0 ./tree\n777 0:0 ./tree/link\n6755 0:0 ./tree/set\n"
      .. "750 0:0 ./tree/sub\n640 0:0 ./tree/sub/a\n", seen "as_ever".listing)
  end)

  it("keep their owners when they are told to: folders, links and set-user-ID files, too",
    function()
      assert.equal("755 0:0 .\n600 2005:2006 ./a\n755 2001:2002 ./tree\n"
        .. "777 2007:2008 ./tree/link\n6755 2009:2010 ./tree/set\n750 2003:2004 ./tree/sub\n"
        .. "640 2005:2006 ./tree/sub/a\n", seen "kept".listing)
    end)

  it("belong to whom the instance's own passwd and group name", function()
    assert.equal("755 0:0 .\n644 1234:0 ./text\n755 1234:4321 ./tree\n"
      .. "777 1234:4321 ./tree/link\n6755 1234:4321 ./tree/set\n750 1234:4321 ./tree/sub\n"
      .. "640 1234:4321 ./tree/sub/a\n", seen "named".listing)
  end)

  it("leave a folder that was there to whom it belongs", function()
    assert.equal("755 0:0\n", seen "named".etc)
  end)

  it("get the numbers and the mode they are given", function()
    assert.equal("755 0:0 .\n6755 7:8 ./a\n640 0:5 ./b\n4711 9:0 ./c\n0 0:0 ./d\n",
      seen "numbered".listing)
  end)

  it("are an error that names the user or group the instance does not have", function()
    for name, wanted in pairs {
      no_user = "/data/x: no user 'mallory' in the instance's /etc/passwd",
      no_group = "/data/x: no group 'ann' in the instance's /etc/group",
      no_id = "/data/x: setting its owner to 4294967294: no such id",
    } do
      assert.equal("error", all[name].status, name)
      assert.matches(wanted, all[name].error, 1, true)
    end
  end)
end)

describe("files that come down", function()
  local folder <const> = new_folder()
  local all

  -- A suite that keeps owners, by itself.
  local suite = [[
    local ct = require "cleantest"
    ct.configure("lxd"):register_hook(ct.hook.stop_env { name = "down",
      download = ct.data.file("/etc/passwd", "/tmp/cleantest-spec-nobody", {
        overwrite = true, uid = 1 }) })
    for _, result in ct.lxd { image = "busybox-amd64" } (function() end)() do print(result) end
  ]]

  lazy_setup(function()
    local make = make_tree
    local function leave() os.execute("mkdir /left && cd /left && " .. make) end
    local function at(name) return folder:at(name) end
    local function down(download) return { testlet = leave, download = download } end
    all = transfer.run {
      as_ever = down(dir("/left/tree", at "as_ever")),
      kept = down(dir("/left/tree", at "kept", { keep_owners = true })),
      named = down(dir("/left/tree", at "named", { user = "daemon", gid = 4 })),
      one = down(file("/left/tree/set", at "one/file", { mode = "0604", uid = 33 })),
      no_user = down(file("/left/tree/set", at "none", { user = "no-such-user" })),
      no_group = down(file("/left/tree/set", at "none", { group = "no-such-group" })),
    }
  end)

  lazy_teardown(function() folder:remove() end)

  it("belong to this process, without the right to run as anybody", function()
    assert.equal("pass", all.as_ever.status, tostring(all.as_ever))
    assert.equal("755 0:0 .\n777 0:0 ./link\n755 0:0 ./set\n750 0:0 ./sub\n640 0:0 ./sub/a\n",
      listing(folder, "as_ever"))
  end)

  it("keep their owners when they are told to, still without that right", function()
    assert.equal("pass", all.kept.status, tostring(all.kept))
    assert.equal("755 2001:2002 .\n777 2007:2008 ./link\n755 2009:2010 ./set\n"
      .. "750 2003:2004 ./sub\n640 2005:2006 ./sub/a\n", listing(folder, "kept"))
  end)

  it("belong to whom they are given, by this machine's names, with their mode", function()
    local daemon = process.output { "id", "-u", "daemon" }
    assert.equal("pass", all.named.status, tostring(all.named))
    assert.equal(("755 D:4 .\n777 D:4 ./link\n755 D:4 ./set\n750 D:4 ./sub\n640 D:4 ./sub/a\n")
      :gsub("D", daemon), listing(folder, "named"))
    assert.equal("755 0:0 .\n604 33:0 ./file\n", listing(folder, "one"))
  end)

  it("are an error that names the user or group this machine does not have", function()
    assert.equal("error", all.no_user.status)
    assert.matches("this machine has no user 'no-such-user'", all.no_user.error, 1, true)
    assert.equal("error", all.no_group.status)
    assert.matches("this machine has no group 'no-such-group'", all.no_group.error, 1, true)
    assert.is_nil(folder:read "none")
  end)

  it("are an error where this process may not give files away", function()
    local group = process.output { "stat", "-c", "%g", lxd.folder .. "/unix.socket" }
    local ran = process.run({ "setpriv", "--reuid=65534", "--regid=65534", "--groups=" .. group,
      "lua5.4", folder:write("suite.lua", suite) }, { env = { LXD_DIR = lxd.folder } })
    assert.equal("", ran.stderr)
    assert.matches("cleantest-spec-nobody: setting its owner to 1: only root may", ran.stdout, 1,
      true)
    os.remove "/tmp/cleantest-spec-nobody"
  end)
end)

describe("declaring owners and modes", function()
  local function refused(wanted, declare)
    local ok, message = pcall(declare)
    assert.is_false(ok, wanted)
    assert.matches("data_owner_spec%.lua:%d+: ", message)
    assert.matches(wanted, message, 1, true)
  end

  it("takes one way to say it", function()
    for first, second in pairs { uid = "user", gid = "group" } do
      local both = { [first] = 1, [second] = "x" }
      refused(("%s and %s can't both be given"):format(first, second), function()
        file("a", "/b", both)
      end)
      for _, name in ipairs { first, second } do
        refused(("ct.data.dir: keep_owners and %s can't both be given"):format(name), function()
          dir("a", "/b", { [name] = both[name], keep_owners = true })
        end)
      end
    end
    refused("a text has no owners to keep", function()
      file({ text = "" }, "/b", { keep_owners = true })
    end)
  end)

  it("refuses what is no owner, mode or limit", function()
    for _, case in ipairs {
      { uid = -1 }, { uid = 4294967295 }, { gid = "1" }, { uid = 1.5 }, { user = "" },
      { group = 7 }, { mode = -1 }, { mode = 4096 }, { mode = "10000" }, { mode = "u+x" },
      { mode = "8" }, { mode = "" }, { mode = 7.5 }, { keep_owners = 1 }, { limit = 0 },
    } do
      refused(("ct.data.file: %s must "):format(next(case)), function() file("a", "/b", case) end)
    end
    refused("ct.data.dir: unknown option 'mode'", function() dir("a", "/b", { mode = 7 }) end)
  end)

  it("refuses what goes one way only", function()
    refused("limit is for downloads", function()
      ct.hook.start_env { name = "x", upload = dir("a", "/b", { limit = 5 }) }
    end)
    refused('the mode of a download can be "0777" at most', function()
      ct.hook.stop_env { name = "x", download = file("/a", "b", { mode = "4755" }) }
    end)
  end)

  it("is refused by the engine, too, for those who use it without Lua", function()
    local core = require "cleantest.core"
    local run <close> = assert(core.run_open {})
    local batch <close> = assert(core.batch_new(run))
    for wanted, step in pairs {
      ["keep_owners together with"] = { source = "/a", keep_owners = true, user = "x" },
      ["data has no owner"] = { data = "a", keep_owners = true },
      ["no such user or group"] = { data = "a", group = "4294967295" },
      ["directory with a mode"] = { source = "/a", directory = true, mode = 7 },
      ["bad mode 10000"] = { data = "a", mode = 4096 },
      ["bad mode 4755"] = { kind = "pull", source = "/a", mode = tonumber("4755", 8) },
      ["push with a limit"] = { data = "a", limit = 1 },
    } do
      step.kind, step.dest = step.kind or "push", "/b"
      local number, message, name = batch:add {
        image = "none", testlet = { kind = "command", argv = { "true" } },
        start_hooks = { { name = "spec", steps = { step } } },
      }
      assert.is_nil(number, wanted)
      assert.equal("ARGUMENT", name, message)
      assert.matches("hook spec: .*" .. wanted, message)
    end
  end)
end)
