-- SPDX-License-Identifier: MIT
--
-- Files and folders that travel: up in a start hook, down in a stop hook.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local transfer = require "spec.support.transfer"
local where = require "cleantest.where"

local function bytes()
  local all = {}
  for i = 0, 255 do all[#all + 1] = string.char(i) end
  return table.concat(all):rep(4096) -- 1 MiB
end

describe("files and folders", function()
  local folder <const> = new_folder()
  local all = {}

  -- What the instance made of an upload.
  local function look()
    local function read(path)
      local file <close> = io.open(path, "rb")
      return file and file:read "a"
    end
    local run = require "cleantest.utils.run"
    local function stat(path)
      return (run("stat -c '%a %U' " .. path).stdout:gsub("\n", ""))
    end
    return {
      relative = read "/data/relative.txt",
      text = read "/data/text.txt",
      binary = read "/data/binary",
      mode = stat "/data/tool.sh",
      private = stat "/data/private",
      ran = run("/data/tool.sh").stdout,
      overwritten = read "/etc/hosts",
      tree = run("cd /data/tree && find . | sort && cat a/b/deep.txt").stdout,
      script = stat "/data/tree/a/run.sh",
      empty = stat "/data/tree/empty",
      times = run("cd /data/tree && stat -c %Y . a a/b a/b/deep.txt").stdout,
      inside = read "/data/tree/empty/relative.txt",
      links = run("cd /data/tree && readlink link; readlink out").stdout,
      merged = run("cat /etc/a/b/deep.txt; ls -d /etc/passwd").stdout,
    }
  end

  local function make()
    os.execute(([[cd %s && mkdir -p out/tree/a out/kept &&
      touch out/tree/old out/exists.txt && ln -s a/b/deep.txt up/tree/link &&
      echo old >out/tool.sh && echo secret >outside && ln -s ../../outside up/tree/out &&
      mkdir up/tree/empty && chmod 700 up/private && chmod 755 up/tool.sh up/tree/a/run.sh &&
      mkdir fifo && mkfifo fifo/pipe &&
      touch -d @1000000001 up/tree/a/b/deep.txt && touch -d @1000000002 up/tree/a/b &&
      touch -d @1000000003 up/tree/a && touch -d @1000000004 up/tree]])
      :format(folder.path))
  end

  -- What a testlet leaves to be downloaded.
  local function leave()
    os.execute [[mkdir -p /left/tree/a && cd /left && printf '\0\1\2' >binary &&
      echo deep >tree/a/f && ln -s a/f tree/link && echo new >plain &&
      touch -d @1000000005 tree/a/f && touch -d @1000000006 tree/a tree &&
      echo '#!/bin/sh' >tool.sh && chmod 750 tool.sh && touch suid && chmod 6755 suid]]
  end

  lazy_setup(function()
    folder:write("up/relative.txt", "relative\n")
    folder:write("up/binary", bytes())
    folder:write("up/tool.sh", "#!/bin/sh\necho tool\n")
    folder:write("up/private", "secret")
    folder:write("up/tree/a/b/deep.txt", "deep\n")
    folder:write("up/tree/a/run.sh", "#!/bin/sh\n")
    make()
    -- The suite's own folder is what its relative paths are meant from.
    folder:write("suite.lua", [[
      local ct = require "cleantest"
      local data = ct.data
      return {
        up = { data.file("up/relative.txt", "/data/relative.txt"),
          data.file({ text = "a\0b\n" }, "/data/text.txt"), data.file("up/binary", "/data/binary"),
          data.file("up/tool.sh", "/data/tool.sh"), data.file("up/private", "/data/private"),
          data.file({ text = "new" }, "/etc/hosts", { overwrite = true }),
          data.dir("up/tree", "/data/tree"),
          data.file("up/relative.txt", "/data/tree/empty/"),
          data.dir("up/tree", "/etc", { overwrite = true }) },
        down = { data.file("/left/binary", "out/binary"),
          data.file("/left/tool.sh", "out/tool.sh", { overwrite = true }),
          data.dir("/left/tree", "out/tree", { overwrite = true }),
          data.dir("/left/tree", "times/tree"), data.dir("/left/tree", "out/new"),
          data.file("/left/plain", "out/new/a"),
          data.file("/left/suid", "out/suid"),
          data.file("/left/plain", "out/{name}/{testlet}.{image}") },
      }]])
    where.enter_suite(folder:at "suite.lua") -- as the command does
    local suite = dofile(folder:at "suite.lua")
    where.enter_suite(nil)
    local exists = { ct.data.file({ text = "new" }, "/etc/hosts") }
    local function at(name) return folder:at(name) end
    all = transfer.run {
      up = { upload = suite.up, testlet = look },
      down = { download = suite.down, testlet = leave, name = "down" },
      ["up-exists"] = { upload = exists },
      ["up-dir-exists"] = { upload = ct.data.dir(at "up/tree", "/etc") },
      ["up-pipe"] = { upload = ct.data.dir(at "fifo", "/data/x") },
      ["up-missing"] = { upload = ct.data.file(at "up/no-such-file", "/data/x") },
      ["up-file-as-dir"] = { upload = ct.data.dir(at "up/binary", "/data/x") },
      ["up-dir-as-file"] = { upload = ct.data.file(at "up/tree", "/data/x") },
      ["down-exists"] = {
        download = ct.data.file("/left/plain", at "out/exists.txt"), testlet = leave },
      ["down-dir-exists"] = {
        download = ct.data.dir("/left/tree", at "out/kept"), testlet = leave },
      ["down-missing"] = { download = ct.data.file("/no/such", at "out/missing") },
    }
  end)

  lazy_teardown(function() folder:remove() end)

  it("go up from the suite's folder, as bytes", function()
    assert.equal("pass", all.up.status, tostring(all.up))
    local seen = all.up.value
    assert.equal("relative\n", seen.relative)
    assert.equal("a\0b\n", seen.text)
    assert.is_true(bytes() == seen.binary)
  end)

  it("keep their modes on the way up, and belong to root", function()
    local seen = all.up.value
    assert.equal("755 root", seen.mode)
    assert.equal("700 root", seen.private)
    assert.equal("tool\n", seen.ran)
    assert.equal("755 root", seen.script)
  end)

  it("go up with all that is in a folder", function()
    local seen = all.up.value
    assert.equal(".\n./a\n./a/b\n./a/b/deep.txt\n./a/run.sh\n./empty\n./empty/relative.txt\n"
      .. "./link\n./out\ndeep\n",
      seen.tree)
    assert.matches("^%d+ root$", seen.empty)
  end)

  it("keep their times, those of folders, too", function()
    assert.equal("1000000004\n1000000003\n1000000002\n1000000001\n", all.up.value.times)
    assert.equal("1000000006 1000000006 1000000005",
      process.output("echo $(stat -c %Y tree tree/a tree/a/f)", { cwd = folder:at "times" }))
  end)

  it("go by their own names into a folder that is their dest", function()
    assert.equal("relative\n", all.up.value.inside)
    assert.equal("new\n", folder:read "out/new/a/plain")
  end)

  it("keep symbolic links, and never follow them out of the folder", function()
    assert.equal("a/b/deep.txt\n../../outside\n", all.up.value.links)
    assert.equal("a/f", folder:link "out/tree/link")
  end)

  it("replace what is there only when they are told to", function()
    assert.equal("new", all.up.value.overwritten)
    assert.equal("#!/bin/sh\n", folder:read "out/tool.sh")
    for name, dest in pairs {
      ["up-exists"] = "upload: /etc/hosts", ["up-dir-exists"] = "upload: /etc",
      ["down-exists"] = "download: .*exists%.txt", ["down-dir-exists"] = "download: .*out/kept",
    } do
      assert.equal("error", all[name].status, name)
      local help = name:find "dir" and "adds to it" or "replaces it"
      assert.matches(dest .. " exists already: overwrite = true " .. help, all[name].error)
      assert.not_matches("lxd: exec", all[name].error)
    end
    assert.equal("", folder:read "out/exists.txt")
    assert.is_nil(folder:read "out/kept/a/f")
  end)

  it("go into a folder that is there beside what is in it", function()
    assert.equal("deep\n/etc/passwd\n", all.up.value.merged)
    assert.equal("", folder:read "out/tree/old")
  end)

  it("come down into the suite's folder, with their modes", function()
    assert.equal("pass", all.down.status, tostring(all.down))
    assert.equal("\0\1\2", folder:read "out/binary")
    assert.equal("750", folder:mode "out/tool.sh")
    assert.equal("deep\n", folder:read "out/tree/a/f")
    assert.equal("deep\n", folder:read "out/tree/link")
  end)

  it("come down without the right to run as their owner, who is somebody else here", function()
    assert.equal("755", folder:mode "out/suid")
  end)

  it("come down to a place of their own for each result", function()
    assert.equal("new\n", folder:read "out/down-busybox-amd64/down.busybox-amd64")
  end)

  it("are an error that names them when they are not there, or not what they should be",
    function()
      for name, wanted in pairs {
        ["up-missing"] = "no%-such%-file", ["down-missing"] = "/no/such",
        ["up-pipe"] = "fifo/pipe is no file, directory or symbolic link",
        ["up-file-as-dir"] = "binary", ["up-dir-as-file"] = "tree",
      } do
        assert.equal("error", all[name].status, name)
        assert.matches(wanted, all[name].error)
      end
    end)

  it("come down after a testlet that failed, too", function()
    local download = ct.data.file("/left/plain", folder:at "out/after")
    local result = results.only(transfer.start({ download = download }, function()
      os.execute "mkdir /left; echo evidence >/left/plain"
      error "failed"
    end))
    assert.equal("fail", result.status)
    assert.equal("evidence\n", folder:read "out/after")
  end)
end)

describe("files of a Debian", function()
  it("go up and come down as elsewhere", function()
    local folder <close> = new_folder { ["tree/a/b"] = "deep\n" }
    local config = ct.configure "lxd"
    config:register_hook(ct.hook.start_env {
      name = "up", upload = ct.data.dir(folder:at "tree", "/srv/tree", { user = "www-data" }),
    })
    config:register_hook(ct.hook.stop_env {
      name = "down", download = ct.data.dir("/srv/tree", folder:at "back"),
    })
    local result = results.only(results.decorate(ct.script [[
      #!/bin/bash
      stat -c %U /srv/tree/a/b && cat /etc/debian_version >/srv/tree/version
    ]], { image = "debian-bookworm-amd64" })())
    assert.equal("pass", result.status, tostring(result))
    assert.equal("www-data\n", result.stdout)
    assert.equal("deep\n", folder:read "back/a/b")
    assert.matches("^12%.", folder:read "back/version")
  end)
end)

describe("declaring files", function()
  it("is refused with the suite's line when it can't be meant", function()
    local function refusal(f)
      local ok, message = pcall(f)
      assert.is_false(ok)
      assert.matches("data_spec%.lua:%d+: ", message)
      return message
    end
    assert.matches("dest must be a string", refusal(function() ct.data.file "only" end))
    assert.matches("overwrite must be true or false", refusal(function()
      ct.data.dir("a", "/b", { overwrite = "yes" })
    end))
    assert.matches("must be absolute, not 'b'", refusal(function()
      ct.hook.start_env { name = "x", upload = ct.data.file("a", "b") }
    end))
    assert.matches("must be absolute", refusal(function()
      ct.hook.stop_env { name = "x", download = ct.data.file("a", "b") }
    end))
    assert.matches("text can't be downloaded", refusal(function()
      ct.hook.stop_env { name = "x", download = ct.data.file({ text = "" }, "/b") }
    end))
  end)
end)
