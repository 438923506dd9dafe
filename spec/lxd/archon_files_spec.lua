-- SPDX-License-Identifier: MIT
--
-- What archons push and pull: files and folders by their paths, whose they become, and what can't
-- be meant.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local image = results.image

local function refused(pattern, method, ...)
  local ok, message = pcall(method, ...)
  assert.is_false(ok)
  assert.matches("archon_files_spec.lua:%d+: ", message)
  assert.matches(pattern, message)
end

describe("an archon", function()
  local folder, cluster

  before_each(function()
    folder = new_folder { ["tree/a/b"] = "deep", ["file"] = "flat" }
    cluster = ct.archon()
    cluster:add("a", image)
  end)

  after_each(function()
    cluster:destroy()
    folder:remove()
  end)

  local function stat(path)
    return (cluster:execute("a", "stat -c '%a %u:%g' " .. path).a.stdout:gsub("\n", ""))
  end

  local function stat_here(name)
    return process.output({ "stat", "-c", "%a %u:%g", folder:at(name) })
  end

  it("pushes a folder by its path, and says how to pull one", function()
    cluster:push("a", folder:at "tree", "/tree")
    local function deep(path)
      return lxd.client("exec", cluster:instance "a", "--", "stat", "-c", "%u", path .. "/a/b")
    end
    assert.equal("0\n", deep "/tree")
    refused("/tree exists", cluster.push, cluster, "a", folder:at "tree", "/tree")
    cluster:push("a", folder:at "tree", "/tree", { overwrite = true, uid = 7 })
    assert.equal("7\n", deep "/tree")
    refused("unknown option 'mode'", cluster.push, cluster, "a", folder:at "tree", "/tree",
      { mode = "0644" })
    refused("not a regular file.*ct%.data%.dir", cluster.pull, cluster, "a", "/tree",
      folder:at "back")
    assert.is_nil(folder:read "back/a/b")
  end)

  it("refuses a dest or options next to artifacts, which have their own", function()
    local file = ct.data.file({ text = "text" }, "/text")
    local down = ct.data.file("/text", "text")
    for _, artifacts in ipairs { file, { file } } do
      refused("archon:push: options can't be given next to artifacts", cluster.push, cluster,
        "a", artifacts, nil, { mode = "0600" })
      refused("archon:push: dest can't be given next to artifacts", cluster.push, cluster,
        "a", artifacts, "/there")
    end
    refused("archon:pull: options can't be given next to artifacts", cluster.pull, cluster,
      "a", { down }, nil, { overwrite = true })
    assert.equal("fail", cluster:execute("a", "test -e /text").a.status)
  end)

  it("pushes as anybody's, with any mode", function()
    cluster:execute("a", "echo ann:x:1234:4321::/:/bin/sh >>/etc/passwd && "
      .. "echo crew:x:4321:ann >>/etc/group", { check = true })
    cluster:push("a", folder:at "file", "/numbered", { uid = 7, gid = 8, mode = "0640" })
    cluster:push("a", { text = "text" }, "/named", { user = "ann", group = "crew", mode = "4755" })
    cluster:push("a", folder:at "tree", "/tree", { user = "ann", gid = 9 })
    assert.equal("640 7:8", stat "/numbered")
    assert.equal("4755 1234:4321", stat "/named")
    assert.equal("755 1234:9", stat "/tree/a")
    assert.equal("644 1234:9", stat "/tree/a/b")
    refused("mallory", cluster.push, cluster, "a", folder:at "file", "/x", { user = "mallory" })
    assert.equal("", stat "/x")
  end)

  it("pulls as anybody's, with any mode that can't run as its owner", function()
    cluster:execute("a", "mkdir -p /left/a && echo x >/left/a/b && chmod 600 /left/a/b")
    cluster:pull("a", "/left/a/b", folder:at "numbered", { uid = 7, gid = 8, mode = "0640" })
    cluster:pull("a", "/left/a/b", folder:at "named", { user = "daemon", group = "nogroup" })
    cluster:pull("a", ct.data.dir("/left", folder:at "left", { uid = 9 }))
    assert.equal("640 7:8", stat_here "numbered")
    local ids = process.output "echo $(id -u daemon):$(getent group nogroup | cut -d: -f3)"
    assert.equal("600 " .. ids, stat_here "named")
    assert.matches("^600 9:", stat_here "left/a/b")
    refused('the mode of a download can be "0777" at most', cluster.pull, cluster, "a",
      "/left/a/b", folder:at "suid", { mode = "4755" })
    assert.is_nil(folder:read "suid")
  end)

  it("refuses owners and modes that contradict each other", function()
    for message, options in pairs {
      ["uid and user can't both be given"] = { uid = 7, user = "ann" },
      ["gid and group can't both be given"] = { gid = 7, group = "crew" },
      ["keep_owners and uid can't both be given"] = { keep_owners = true, uid = 7 },
      ["keep_owners and group can't both be given"] = { keep_owners = true, group = "crew" },
      ["mode must be a mode"] = { mode = "rw" },
    } do
      refused(message, cluster.push, cluster, "a", folder:at "file", "/x", options)
      refused(message, cluster.pull, cluster, "a", "/etc/passwd", folder:at "x", options)
    end
    refused("a text has no owners to keep", cluster.push, cluster, "a", { text = "text" }, "/x",
      { keep_owners = true })
    refused("limit is for downloads", cluster.push, cluster, "a", folder:at "file", "/x",
      { limit = 9 })
    assert.equal("", stat "/x")
    assert.is_nil(folder:read "x")
  end)
end)
