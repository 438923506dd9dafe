-- SPDX-License-Identifier: MIT
--
-- What files and folders keep on their way, to the last digit, and what folders that were there
-- or a umask must not change about them.

local ct = require "cleantest"
local internals = require "cleantest_internals"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local transfer = require "spec.support.transfer"

local file, dir = ct.data.file, ct.data.dir

describe("times", function()
  -- Before 1970, at its first second, of nanoseconds, and of a second that a double can't hold.
  local make <const> = [[mkdir -p tree/sub tree/epoch && echo a >tree/zero &&
    echo b >tree/exact && echo c >tree/before && echo d >tree/sub/late &&
    ln -s zero tree/link && ln -s no tree/sub/dead &&
    touch -d @0 tree/zero tree/epoch && touch -d @1700000000.123456789 tree/exact tree/sub &&
    touch -d @-5 tree/before && touch -d @9000000000.999999999 tree/sub/late &&
    touch -h -d @-1.000000001 tree/link && touch -h -d @1700000001.000000001 tree/sub/dead &&
    touch -d @-7.5 tree]]
  local list <const> = "find tree | sort | xargs stat -c '%n %.9Y'"

  it("go up and come down exactly: of files, folders and links", function()
    local folder <close> = new_folder()
    process.output(make, { cwd = folder.path })
    local all = transfer.run { tree = {
      upload = { dir(folder:at "tree", "/srv/tree"), file({ text = "x" }, "/srv/text") },
      download = dir("/srv/tree", folder:at "back/tree"),
      testlet = function()
        local run = require "cleantest.utils.run"
        return { seconds = run("cd /srv/tree && stat -c %Y zero exact before link").stdout,
          age = os.time() - tonumber(run("stat -c %Y /srv/text").stdout) }
      end,
    } }
    assert.equal("pass", all.tree.status, tostring(all.tree))
    assert.equal("0\n1700000000\n-5\n-2\n", all.tree.value.seconds)
    assert.is_true(all.tree.value.age < 3600) -- a text has no time of its own
    local wanted = process.output(list, { cwd = folder.path })
    assert.matches("tree/before %-5.000000000\ntree/epoch 0.0", wanted)
    assert.equal(wanted, process.output(list, { cwd = folder:at "back" }))
  end)
end)

describe("a folder that gives its group to what is made in it", function()
  local make <const> = "mkdir -p tree/sub && echo a >tree/sub/a && ln -s a tree/sub/link &&" ..
    "chmod 750 tree/sub && chmod 2755 tree"
  local wanted <const> = "2775 0:33 .\n755 0:0 ./in\n755 0:0 ./in/between\n"
    .. "640 0:0 ./in/between/text\n%s ./tree\n750 0:0 ./tree/sub\n644 0:0 ./tree/sub/a\n"
    .. "777 0:0 ./tree/sub/link\n"

  it("does not do so with uploads and downloads, which are theirs to whom they belong", function()
    local folder <close> = new_folder()
    process.output(make, { cwd = folder.path })
    process.output("mkdir host && chown 0:33 host && chmod 2775 host", { cwd = folder.path })
    local command = transfer.listing
    local config = ct.configure "lxd"
    config:register_hook(ct.hook.start_env { name = "made",
      run = ct.script "mkdir /shared && chown 0:33 /shared && chmod 2775 /shared" })
    config:register_hook(ct.hook.start_env { name = "up", upload = {
      file({ text = "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n" }, "/etc/passwd",
        { overwrite = true }),
      file({ text = "x" }, "/shared/in/between/text", { mode = "0640" }),
      dir(folder:at "tree", "/shared/tree"),
      file({ text = "x" }, "/shared/theirs", { user = "www-data" }) } })
    config:register_hook(ct.hook.stop_env { name = "down", download = {
      file("/shared/in/between/text", folder:at "host/in/between/text"),
      dir("/shared/tree", folder:at "host/tree") } })
    local result = results.only(results.decorate(function()
      local run = require "cleantest.utils.run"
      return run("cd /shared && " .. command, { check = true }).stdout
    end)())
    assert.equal("pass", result.status, tostring(result))
    assert.equal(wanted:format "644 33:0 ./theirs\n2755 0:0", result.value)
    assert.equal(wanted:format "755 0:0",
      process.output(command, { cwd = folder:at "host" }) .. "\n")
  end)
end)

describe("a umask", function()
  it("of the command changes neither the folders that are made nor the files", function()
    local folder <close> = new_folder { ["suite.lua"] = [[
      local ct = require "cleantest"
      local config, data = ct.configure "lxd", ct.data
      config:register_hook(ct.hook.start_env { name = "up", upload = {
        data.file({ text = "x" }, "/a/b/c"), data.file("tool", "/a/tool"),
        data.file({ text = "x" }, "/a/all", { mode = "0666" }) } })
      config:register_hook(ct.hook.stop_env { name = "down", download = {
        data.file("/a/all", "out/x/y/f"), data.dir("/a", "out/tree/a") } })
      for _, result in ct.lxd { image = "busybox-amd64" } (ct.script
        "cd /a && stat -c '%a %n' . b b/c tool all; umask; touch /made; stat -c %a /made")() do
        assert(result.status == "pass", tostring(result))
        io.stdout:write(result.stdout)
      end
    ]] }
    folder:write("tool", "#!/bin/sh\n", "777")
    assert.equal("755 .\n755 b\n644 b/c\n777 tool\n666 all\n0022\n644",
      process.output("umask 077 && lua5.4 suite.lua", { cwd = folder.path }))
    assert.equal("755 .\n755 ./tree\n755 ./tree/a\n666 ./tree/a/all\n755 ./tree/a/b\n"
      .. "644 ./tree/a/b/c\n777 ./tree/a/tool\n755 ./x\n755 ./x/y\n666 ./x/y/f",
      process.output("find . | sort | xargs stat -c '%a %n'", { cwd = folder:at "out" }))
  end)

  -- What LXD's own umask is, is not for a spec to change: the guest is run here instead.
  it("of LXD does not reach a testlet", function()
    local folder <close> = new_folder()
    folder:write("request", internals.frame("R", internals.pack {
      op = "run", kind = "command", argv = { "sh", "-c", "umask" }, timeout = 60 }))
    local said = process.output(([[mkfifo in && exec 3<>in && cat request >&3 &&
      umask 077 && %s/guest <&3]]):format(os.getenv "BUILD"), { cwd = folder.path })
    assert.matches("0022\n", said, 1, true)
  end)
end)

describe("a folder in which files come and go", function()
  -- Each of 64 names is a file, a folder with a file, a link, nothing, until the instance goes.
  local churn <const> = [[
    mkdir -p /var/spool/work && cd /var/spool/work &&
    for i in $(seq 200); do echo "stable $i" >"stable-$i"; done
    ( exec setsid sh -c 'while :; do
        for i in $(seq 64); do echo $i >f$i; rm f$i; mkdir f$i; echo x >f$i/x; rm -r f$i;
          ln -s /etc/passwd f$i; rm f$i; done; done' ) >/dev/null 2>&1 </dev/null &
    until [ -d f64 ]; do :; done
  ]]

  it("comes down, each time, with all that stays", function()
    local folder <close> = new_folder()
    local download = {}
    for i = 1, 10 do
      download[i] = dir("/var/spool/work", folder:at("work-" .. i))
    end
    local all = transfer.run { churn = { download = download, testlet = ct.script(churn) } }
    assert.equal("pass", all.churn.status, tostring(all.churn))
    for i = 1, 10 do
      assert.equal("200", process.output("cat stable-* | sort -u | wc -l",
        { cwd = folder:at("work-" .. i) }))
    end
  end)
end)

describe("a file that does not arrive whole", function()
  it("leaves the one before, and nothing beside it, here", function()
    local folder <close> = new_folder { ["out/log"] = "of the run before" }
    local download = file("/var/log", folder:at "out/log", { overwrite = true, limit = 1 << 20 })
    local all = transfer.run { download = { download = download,
      testlet = ct.script "rm -r /var/log; head -c 4000000 /dev/zero >/var/log" } }
    assert.matches("more than 1048576 bytes", all.download.error)
    assert.equal("of the run before", folder:read "out/log")
    assert.equal("log", process.output({ "ls", "-A", folder:at "out" }))
  end)

  it("leaves the one before in an instance, too", function()
    local folder <close> = new_folder()
    process.output("truncate -s 1T large", { cwd = folder.path })
    local cluster <close> = ct.archon()
    cluster:add("one", results.image)
    cluster:push("one", { text = "kept" }, "/etc/large.conf")
    ct.configure "lxd":register_hook(ct.hook.start_env { name = "up", timeout = 0.3,
      upload = file(folder:at "large", "/etc/large.conf", { overwrite = true }) })
    for _, result in ct.lxd.target("one", { archon = cluster })(ct.command { "true" })() do
      assert.equal("error", result.status)
      assert.matches("hook up: upload: .*timed out", result.error)
    end
    local said = cluster:execute("one", "cat /etc/large.conf").one.stdout
    assert.equal("kept", said)
  end)
end)
