-- SPDX-License-Identifier: MIT
--
-- An answer of LXD's is lost, or lies: each of all that a run gets, in each way; then two in a row.
-- What was asked for has been done all the same. LXD is a simulated one here: no real one can be
-- told to.

local ct = require "cleantest"
local new_simulated = require "spec.support.simulated"
local process = require "spec.support.process"
local results = require "spec.support.results"

-- What each answer is made of, and how many in a row.
local SWEEPS <const> = {
  { "garbage", 1 }, { "404", 1 }, { "500", 1 }, { "503", 1 }, { "reset", 1 }, { "truncate", 1 },
  { "close", 1 }, { "500", 2 }, { "reset", 2 },
}
local DEADLINE <const> = 240 -- seconds for all runs of a sweep; a hang alone takes longer

-- A process of its own for each sweep, so that a hang is seen as one. Each run has two calls: the
-- second may find what the first has left behind. It prints a line for each run: the number of the
-- first spoiled answer, the worst status (or "raised"), what is left.
local SUITE <const> = [[
  local ct = require "cleantest"
  local new_folder = require "spec.support.folder"
  local new_simulated = require "spec.support.simulated"
  local session = require "cleantest.call.session"

  local folder <close> = new_folder { upload = "hello" }

  local function configure(simulated)
    local config = ct.configure "lxd"
    config:reset()
    config.client = { endpoint = simulated.socket }
    config:register_hook(ct.hook.start_env {
      name = "before", upload = ct.data.file(folder:at "upload", "/etc/hello"),
      run = ct.command { "true" },
    })
    config:register_hook(ct.hook.stop_env {
      name = "after",
      download = ct.data.file("/etc/hello", folder:at "download", { overwrite = true }),
    })
  end

  local severity <const> = { pass = 1, error = 2, fail = 3 }

  local function run()
    local worst, message = "pass", ""
    for _ = 1, 2 do
      for _, result in ct.lxd { image = "simulated" } (ct.command { "true" })() do
        if severity[result.status] > severity[worst] then
          worst, message = result.status, result.error
        end
      end
    end
    return worst, message
  end

  local kind, in_a_row = arg[1], tonumber(arg[2])
  for number = 1, 1000 do
    local simulated <close> = new_simulated {
      "--fault", ("%d-%d:%s"):format(number, number + in_a_row - 1, kind),
    }
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

local function start(sweep)
  return sweep and process.start({ "lua5.4", "-e", SUITE, "-", table.unpack(sweep) }, {
    deadline = DEADLINE })
end

describe("what LXD answers", function()
  local all = {}

  lazy_setup(function()
    for i = 1, #SWEEPS, 2 do -- two at a time
      local one, other = start(SWEEPS[i]), start(SWEEPS[i + 1])
      all[i], all[i + 1] = one:close(), other and other:close()
    end
  end)

  for i, sweep in ipairs(SWEEPS) do
    local name = ("(%s, %d in a row)"):format(sweep[1], sweep[2])
    it(name .. " is no testlet's failure, hangs nothing, and leaves nothing", function()
      local count, last = 0, nil
      for line in all[i].stdout:gmatch "[^\n]+" do
        local status, left = line:match "^end\t%d+\t(%S+)\t([^\t]+)"
        if status then
          count, last = count + 1, status
          assert.is_not_equal("fail", status, line)
          assert.equal("clean", left, line)
        end
      end
      assert.equal(0, all[i].status, all[i].stderr)
      assert.is_true(count > 40, all[i].stdout)
      assert.equal("pass", last) -- nothing was spoiled any more
    end)
  end
end)

describe("an LXD that has forgotten each operation before it is asked how that ended", function()
  it("is believed by its instances: all is made, renamed, started, stopped and deleted", function()
    local simulated <close> = new_simulated { "--forgets" }
    ct.configure("lxd", { client = { endpoint = simulated.socket } })
      :register_hook(ct.hook.start_env { name = "nothing", run = ct.command { "true" } })
    local testlet = ct.lxd { image = "simulated" } (ct.command { "true" })
    local first, second = results.only(testlet()), results.only(testlet())
    ct.configure("lxd"):reset()
    assert.same({ "pass", true }, { first.status, first.base_built }, tostring(first))
    assert.same({ "pass", false }, { second.status, second.base_built }, tostring(second))
    for _, url in ipairs(simulated:get "/1.0/instances") do assert.matches("/ct%-base%-", url) end
  end)
end)
