-- SPDX-License-Identifier: MIT
--
-- One answer of LXD's is lost, or lies: each of all that a run gets, in each way. What was asked
-- for has been done all the same. LXD is a simulated one here: no real one can be told to.

local process = require "spec.support.process"

local KINDS <const> = { "garbage", "404", "500", "503", "reset", "truncate", "close" }
local DEADLINE <const> = 120 -- seconds for all runs of a kind; a hang takes minutes

-- A process of its own for each kind, so that a hang is seen as one. It prints a line for each run:
-- the number of the spoiled answer, the result's status (or "raised"), what is left.
local SUITE <const> = [[
  local ct = require "cleantest"
  local new_folder = require "spec.support.folder"
  local new_simulated = require "spec.support.simulated"
  local session = require "cleantest.session"

  local folder <close> = new_folder { upload = "hello" }

  local function configure(simulated)
    local config = ct.configure "lxd"
    config:reset()
    config:set_client { endpoint = simulated.socket }
    config:register_hook(ct.hook.start_env {
      name = "before", upload = ct.data.file(folder:at "upload", "/etc/hello"),
      run = ct.command { "true" },
    })
    config:register_hook(ct.hook.stop_env {
      name = "after",
      download = ct.data.file("/etc/hello", folder:at "download", { overwrite = true }),
    })
  end

  local function run()
    for _, result in ct.lxd { image = "simulated" } (ct.command { "true" })() do
      return result.status, tostring(result.error)
    end
  end

  for number = 1, 1000 do
    local simulated <close> = new_simulated { "--fault", number .. ":" .. arg[1] }
    configure(simulated)
    io.write("begin ", number, "\n"):flush()
    local ok, status, message = pcall(run)
    session.close()
    local said = simulated:close()
    print("end", number, ok and status or "raised", said:match "left %S+" or "clean",
      ((ok and message or status):gsub("\n", " ")))
    io.stdout:flush()
    if tonumber(said:match "answers (%d+)") < number then break end
  end
]]

local function start(kind)
  return process.start({ "lua5.4", "-e", SUITE, "-", kind }, { deadline = DEADLINE })
end

describe("an answer of LXD's that is spoiled", function()
  local all = {}

  lazy_setup(function()
    for i = 1, #KINDS, 2 do -- two at a time
      for _, kind in ipairs { KINDS[i], KINDS[i + 1] } do all[kind] = start(kind) end
      for _, kind in ipairs { KINDS[i], KINDS[i + 1] } do all[kind] = all[kind]:close() end
    end
  end)

  for _, kind in ipairs(KINDS) do
    it("(" .. kind .. ") is no testlet's failure, hangs nothing, and leaves nothing", function()
      local count, last = 0, nil
      for line in all[kind].stdout:gmatch "[^\n]+" do
        local status, left = line:match "^end\t%d+\t(%S+)\t([^\t]+)"
        if status then
          count, last = count + 1, status
          assert.is_not_equal("fail", status, line)
          assert.equal("clean", left, line)
        end
      end
      assert.equal(0, all[kind].status, all[kind].stderr)
      assert.is_true(count > 40, all[kind].stdout)
      assert.equal("pass", last) -- nothing was spoiled any more
    end)
  end
end)
