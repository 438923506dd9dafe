-- SPDX-License-Identifier: MIT
--
-- A folder of very many files: it goes up whole, as one stream, and costs this side no memory
-- for each file.

local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local MIB = 1024 * 1024
-- A sanitizer keeps what was freed.
local MOST_GROWTH = os.getenv "SANITIZE" and 400 * MIB or 4 * MIB

-- Run as a process of its own, since what is measured is the most it ever had.
local SUITE = [[
  local ct = require "cleantest"
  local instance, folder, dest = table.unpack(arg)
  ct.configure("lxd"):register_hook(ct.hook.start_env {
    name = "upload", upload = ct.data.dir(folder, dest),
  })
  for _, result in ct.lxd.target(instance)(function() end)() do
    assert(result.status == "pass", tostring(result))
  end
  print(io.open("/proc/self/status"):read("a"):match "VmHWM:%s+(%d+) kB")
]]

-- Every name, and every byte in the order of the names.
local DIGEST = "cd %s && { find . | sort; find . -type f | sort | xargs cat; } | sha256sum"

local function fill(folder, name, count)
  for i = 0, count // 100 - 1 do
    folder:write(("%s/%d/0"):format(name, i), "first of " .. i)
    for k = 1, 99 do
      local file <close> = assert(io.open(folder:at(("%s/%d/%d"):format(name, i, k)), "w"))
      file:write(("content of %d in %d\n"):format(k, i):rep(3))
    end
  end
end

describe("a folder of 10,000 files", function()
  local folder <const> = new_folder { ["suite.lua"] = SUITE }
  local name <const> = ("data-many-spec-%d"):format(lxd.own_pid())
  local peaks, calls = {}, {}

  -- What LXD says of its operations goes to the file `said`; it listens when this returns.
  local function listen()
    local command, env = lxd.command(lxd.folder, { "monitor", "--type=operation", "--format=json" })
    local monitor = process.start(("exec %s >%s"):format(process.quote(command),
      process.quote(folder:at "said")), { env = env })
    assert(process.within(30, function()
      lxd.client("exec", name, "--", "echo", "the first one")
      return folder:read "said":find("the first one", 1, true)
    end))
    return monitor
  end

  -- How often the guest was started in the instance, by the ids of LXD's operations.
  local function count_calls()
    lxd.client("exec", name, "--", "echo", "the last one")
    assert(process.within(30, function()
      return folder:read "said":find("the last one", 1, true)
    end))
    local ids, count = {}, 0
    for line in io.lines(folder:at "said") do
      local id = line:match '"id":"([^"]+)"'
      local ours = line:find("/1.0/instances/" .. name .. '"', 1, true) and line:find '/guest"%]'
      if ours and not ids[id] then ids[id], count = true, count + 1 end
    end
    return count
  end

  local function upload(what)
    local monitor <close> = listen()
    local kib = process.output({ "lua5.4", folder:at "suite.lua", name, folder:at(what),
      "/upload/" .. what })
    peaks[what] = tonumber(kib) * 1024
    calls[what] = count_calls()
    monitor:kill "TERM"
  end

  lazy_setup(function()
    fill(folder, "some", 1000)
    fill(folder, "all", 10000)
    lxd.client("launch", "--quiet", results.image, name)
    upload "some"
    upload "all"
  end)

  lazy_teardown(function()
    lxd.delete(name)
    folder:remove()
  end)

  it("arrives complete", function()
    local there = lxd.client("exec", name, "--", "sh", "-c", DIGEST:format "/upload/all")
    assert.equal(process.output(DIGEST:format(folder:at "all")), there:match "[^\n]*")
    assert.equal("10000\n", lxd.client("exec", name, "--", "sh", "-c",
      "find /upload/all -type f | wc -l"))
  end)

  it("goes as one stream: one call for it, one for the testlet, one to tidy up", function()
    assert.same({ some = 3, all = 3 }, calls)
  end)

  it("takes the memory that a tenth of it takes", function()
    local growth = peaks.all - peaks.some
    assert.is_true(growth <= MOST_GROWTH, ("%.1f MiB more"):format(growth / MIB))
  end)
end)
