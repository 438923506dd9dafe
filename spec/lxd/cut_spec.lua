-- SPDX-License-Identifier: MIT
--
-- Connections that break in the middle: the result is an error, or the right one, but never
-- the testlet's failure, and nothing hangs or is left behind. Against a simulated LXD, which
-- closes one connection behind a given byte while everything else goes on; and against the real
-- one, with a proxy before it that closes one.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"
local new_simulated = require "spec.support.simulated"

-- Those that are no bases, which stay.
local function instances_of(simulated)
  local all = {}
  for _, url in ipairs(simulated:get "/1.0/instances") do
    if not url:find("/ct-base-", 1, true) then all[#all + 1] = url end
  end
  return all
end

-- One testlet, with a hook, while the cut is made; the result has to be right if it is a pass.
local function run_with(cut)
  local simulated <close> = new_simulated { "--exec-ms", "20", "--cut", cut }
  ct.configure("lxd", { client = { endpoint = simulated.socket } })
    :register_hook(ct.hook.start_env { name = "one", run = ct.command { "true" } })
  local result = results.only(ct.lxd { image = "simulated", timeout = 5 }
    (ct.command { "true" })())
  ct.configure("lxd"):reset()
  assert.is_true(result.status == "pass" or result.status == "error",
    cut .. ": " .. result.status .. ": " .. tostring(result.error))
  if result.status == "pass" then assert.equal("hello\n", result.stdout, cut) end
  if result.status == "error" then assert.matches("%S", result.error, nil, cut) end
  assert.same({}, instances_of(simulated), cut)
  return result
end

-- Counts the statuses of a sweep over bytes, for the first so many connections of a stream.
local function sweep(stream, connections, bytes)
  local counts = { pass = 0, error = 0 }
  for number = 1, connections do
    for _, at in ipairs(bytes) do
      local result = run_with(("%s:%d:%d"):format(stream, at, number))
      counts[result.status] = counts[result.status] + 1
    end
  end
  return counts
end

describe("a connection that breaks in the middle", function()
  -- The first three connections of a stream: a base's hook, its sealing, and the testlet.
  it("of stdout is an error wherever that is", function()
    local counts = sweep("stdout", 3, { 0, 1, 4, 6, 7, 8, 13, 19, 25, 40, 80, 110 })
    assert.is_true(counts.error >= 10, "only " .. counts.error .. " errors")
  end)

  it("of stdin is an error", function()
    assert.equal(4, sweep("stdin", 3, { 0, 3, 20, 60 }).error)
  end)

  it("of stderr or control does not matter", function()
    assert.equal(0, sweep("stderr", 3, { 0, 1 }).error)
    assert.equal(0, sweep("control", 2, { 0 }).error)
  end)

  it("says what broke, and what LXD knows of the program", function()
    local result = run_with "stdout:20:3"
    assert.equal("error", result.status)
    assert.matches("the connection of its stdout broke; LXD says that the program ended with exit "
      .. "code 0", result.error)
    result = run_with "stdin:20:3"
    assert.matches("the guest in %S+ lost its connection", result.error)
  end)

  it("of the events that others wait by ends their waiting", function()
    local simulated <close> = new_simulated { "--start-ms", "300", "--cut", "events:0:1" }
    local script = ([[
      local ct = require "cleantest"
      ct.configure("lxd", { client = { endpoint = %q } })
      for _, result in ct.lxd { image = "simulated" } (ct.command { "true" })() do
        print(result.status)
      end]]):format(simulated.socket)
    local command = { "lua5.4", "-e", script }
    local one, other = process.start(command), process.start(command)
    local said = one:close().stdout .. other:close().stdout
    assert.matches("pass\n", said)
    assert.not_matches("fail", said)
    assert.same({}, instances_of(simulated))
  end)
end)

describe("a connection to a real LXD that breaks while a testlet runs", function()
  local folder <const> = new_folder()
  local proxy = folder:at "cutting_proxy"

  lazy_setup(function()
    process.output { "cc", "-std=c11", "-D_GNU_SOURCE", "-o", proxy,
      "spec/programs/cutting_proxy.c" }
  end)

  lazy_teardown(function() folder:remove() end)

  -- The first, second and third websocket are stdin, stdout and stderr.
  local function run_through(number)
    local socket = folder:at("socket-" .. number)
    local cutter <close> = process.start { proxy, socket, lxd.folder .. "/unix.socket",
      tostring(number), "300" }
    cutter:await "ready"
    ct.configure("lxd", { client = { endpoint = socket } })
    local result = results.only(results.decorate(ct.script "echo one; sleep 1; echo two", {
      fresh = true,
    })())
    cutter:kill "TERM"
    return result
  end

  it("makes an error when it was stdin or stdout", function()
    local stdin, stdout = run_through(1), run_through(2)
    assert.equal("error", stdin.status, tostring(stdin))
    assert.matches("lost its connection", stdin.error)
    assert.equal("error", stdout.status, tostring(stdout))
    assert.matches("the connection of its stdout broke", stdout.error)
  end)

  it("does not matter when it was stderr", function()
    local result = run_through(3)
    assert.equal("pass", result.status, tostring(result))
    assert.equal("one\ntwo\n", result.stdout)
  end)
end)
