-- SPDX-License-Identifier: MIT
--
-- Downloads of what is not there, or has no place, beside others; and uploads to where a boot
-- mounts something.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"

local BOOKWORM <const> = "debian-bookworm-amd64"
local data = ct.data

describe("downloads", function()
  local folder <const> = new_folder { ["old/log.txt"] = "yesterday's\n" }
  local seen = {}

  local function leave()
    os.execute "mkdir -p /left; echo today >/left/log.txt"
  end

  -- The first brings nothing, the second has no place, the third is well.
  local function collect(name, options)
    local hook = ct.hook.stop_env { name = "logs", download = {
      data.file("/left/none.txt", folder:at(name .. "/none.txt"), options),
      data.file("/left/log.txt", folder:at(name .. "/log.txt")),
    } }
    local other = ct.hook.stop_env { name = "more", download = {
      data.dir("/left/nowhere", folder:at(name .. "/nowhere"), options),
      data.dir("/left", folder:at(name .. "/left")),
    } }
    return { hook, other }
  end

  lazy_setup(function()
    seen = results.run {
      passes = { leave, hooks = collect "passes" },
      fails = { function() leave() error "on purpose" end, hooks = collect "fails" },
      skips = { function() leave() os.exit(77) end, hooks = collect "skips" },
      optional = { leave, hooks = collect("optional", { optional = true }) },
      conflicts = { function() leave() os.exit(3) end, hooks = {
        ct.hook.stop_env { name = "logs", download = {
          data.file("/left/log.txt", folder:at "old/"),
          data.file("/left/none.txt", folder:at "old/none.txt"),
          data.file("/left/log.txt", folder:at "new/"),
        } },
      } },
    }
  end)

  lazy_teardown(function() folder:remove() end)

  local both <const> = "hook logs: download: reading /left/none.txt: No such file or directory\n"
    .. "and: hook more: download: reading /left/nowhere: No such file or directory"

  it("that bring nothing make a pass an error, which names them all", function()
    assert.equal("error", seen.passes.status)
    assert.equal(both, seen.passes.error)
  end)

  it("that bring nothing are told beside a failure, which stays one", function()
    assert.equal("fail", seen.fails.status)
    assert.equal("the testlet exited with code 1\nthen: " .. both, seen.fails.error)
    assert.equal("skip", seen.skips.status)
    assert.equal(both, seen.skips.error)
  end)

  it("that bring nothing are nothing where they are optional", function()
    assert.equal("pass", seen.optional.status, tostring(seen.optional))
    assert.is_nil(seen.optional.error)
  end)

  it("go on when one fails", function()
    for _, name in ipairs { "passes", "fails", "skips", "optional" } do
      assert.equal("today\n", folder:read(name .. "/log.txt"), name)
      assert.equal("today\n", folder:read(name .. "/left/log.txt"), name)
    end
    assert.equal("today\n", folder:read "new/log.txt")
  end)

  it("that have no place here are an error, which names the file and what would help", function()
    assert.equal("error", seen.conflicts.status)
    assert.equal(("the testlet exited with code 3\nthen: hook logs: download: %s exists already:"
      .. " overwrite = true replaces it\nand: hook logs: download: reading /left/none.txt:"
      .. " No such file or directory"):format(folder:at "old/log.txt"), seen.conflicts.error)
    assert.equal("yesterday's\n", folder:read "old/log.txt")
  end)

  it("alone can be optional", function()
    local file = data.file({ text = "x" }, "/x", { optional = true })
    assert.has_error(function() ct.hook.start_env { name = "x", upload = file } end)
    local _, message = pcall(ct.hook.start_env, { name = "x", upload = file })
    assert.matches("upload: optional is for downloads", message)
  end)
end)

describe("uploads to /run and /tmp", function()
  it("wait for the boot, which would hide them", function()
    local paths <const> = { "/run/spec/early", "/tmp/early", "/var/run/early" }
    local uploads = {}
    for i, path in ipairs(paths) do uploads[i] = data.file({ text = path }, path) end
    local hook = ct.hook.start_env { name = "early", upload = uploads }
    local early = ct.lxd { image = BOOKWORM, ready = "exec", hooks = { hook } } (function()
      local file = require "cleantest.utils.file"
      assert(require("cleantest.guest").wait_ready("system", 60))
      local got = {}
      for i, path in ipairs(paths) do got[i] = file(path):exists() and file(path):read() end
      return got
    end)
    local result = early():only()
    assert.equal("pass", result.status, tostring(result))
    assert.same(paths, result.value)
  end)
end)
