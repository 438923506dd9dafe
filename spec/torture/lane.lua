-- SPDX-License-Identifier: MIT
--
-- lane.lua - rounds one after the other, until the time is over: lua5.4 lane.lua FOLDER SEED
-- LANE LANES END. Several lanes run at once; this one takes each LANESth round. What was found
-- is said at once, and its round's folder is kept; a last line counts.

local judge = require "spec.torture.judge"
local lxd = require "spec.support.lxd"
local plan = require "spec.torture.plan"
local process = require "spec.support.process"
local system = require "system"
local Target = require "spec.torture.target"

local folder <const>, seed <const> = arg[1], math.tointeger(tonumber(arg[2]))
local lane <const>, lanes <const> = math.tointeger(tonumber(arg[3])), tonumber(arg[4])
local finish <const> = tonumber(arg[5]) -- as os.time has it; "once": after one round
local build <const> = os.getenv "BUILD"

local SUITE <const> = "/spec/torture/suite.lua"

local function serialize(value)
  if type(value) ~= "table" then return ("%q"):format(value) end
  local fields = {}
  for key, each in pairs(value) do
    fields[#fields + 1] = ("[%s] = %s"):format(serialize(key), serialize(each))
  end
  return "{ " .. table.concat(fields, ", ") .. " }"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

local function debians()
  local list = {}
  for alias in lxd.client("image", "alias", "list", "--format", "csv"):gmatch "([^,\n]+),[^\n]*" do
    if alias:match "^debian%-%l+%-amd64$" then list[#list + 1] = alias end
  end
  table.sort(list)
  return list
end

local function tls()
  local file = io.open(folder .. "/tls.lua")
  if not file then return nil end
  file:close()
  return dofile(folder .. "/tls.lua")
end

local function options(round, place)
  local words = { build .. "/test/torture", "--seed", (seed * 65599 + round.number) % 2 ^ 53 // 1,
    "--rate", round.rate }
  local function add(...) for _, word in ipairs { ... } do words[#words + 1] = word end end
  if round.tls then
    add("--upstream", round.tls.address)
  else
    add("--upstream", lxd.folder .. "/unix.socket", "--listen", place .. "/socket")
  end
  if #round.kinds > 0 then add("--kinds", table.concat(round.kinds, ",")) end
  for _, kill in ipairs(round.kills) do
    add("--kill", ("%d:%s:%s:%d"):format(kill.turn, kill.victim, kill.signal, kill.delay))
  end
  if round.descriptors then add("--descriptors", round.descriptors) end
  if round.memory then add("--memory", round.memory) end
  if round.full_disk then add("--disk", place .. "/downloads") end
  add("--", "cleantest", "-j", round.threads, process.output "pwd" .. SUITE)
  return words
end

local function environment(round, place)
  local env = { LXD_DIR = false, CLEANTEST_STATE = place .. "/downloads/durations" }
  if round.clock then
    env.TORTURE_PRELOAD = build .. "/test/stepping_clock.so"
    env.TORTURE_STEP, env.TORTURE_STEP_EACH = round.clock.step, round.clock.each
  end
  return env
end

local function perform(round)
  local place = ("%s/%d"):format(folder, round.number)
  process.output { "mkdir", "-p", place .. "/downloads", place .. "/upload/deep/er" }
  if round.tls then round.tls = tls() end
  round.tls, round.folder = round.tls or false, place
  round.target = round.target and Target.ready(lane) or nil
  if os.getenv "PRELOAD" then round.memory = nil end -- a sanitizer's own takes more
  write(place .. "/plan.lua", "return " .. serialize(round) .. "\n")
  write(place .. "/upload/number", (round.hooks or 0) .. "\n")
  write(place .. "/upload/deep/er/bytes", ("torture\0\n"):rep(5000))
  if round.prune then process.run { "cleantest", "cache", "prune", "--all" } end
  local ended = process.run(options(round, place), { cwd = place, deadline = 600,
    env = environment(round, place) })
  write(place .. "/log", ended.stdout)
  local verdict = judge.look(round, place)
  if ended.status ~= 0 then
    table.insert(verdict.found, { "broken", "the torture program: " .. ended.stderr })
  end
  if #verdict.found == 0 and not os.getenv "TORTURE_KEEP" then
    process.output { "rm", "-rf", place }
  end
  return verdict, place
end

local images <const> = debians()
local counts = { rounds = 0, faults = 0, kills = 0, right = 0, error = 0, wrong = 0, hang = 0,
  left = 0, crash = 0, broken = 0 }
local number = lane
repeat
  local round = plan.draw(seed, number, images)
  local started = system.monotime()
  local verdict, place = perform(round)
  counts.rounds = counts.rounds + 1
  counts.faults = counts.faults + verdict.faults
  counts.kills = counts.kills + verdict.kills
  counts.right = counts.right + verdict.results.right
  counts.error = counts.error + verdict.results.error
  io.write(("round %d %s: %d faults, %d kills, %d right, %d errors, %.0f s\n"):format(number,
    round.kind, verdict.faults, verdict.kills, verdict.results.right, verdict.results.error,
    system.monotime() - started))
  for _, each in ipairs(verdict.found) do
    counts[each[1]] = counts[each[1]] + 1
    io.write(("FOUND in round %d of seed %d: %s (%s)\n"):format(number, seed, each[2], place))
  end
  io.stdout:flush()
  number = number + lanes
until not finish or os.time() >= finish
Target.remove(lane)

local file <close> = assert(io.open(("%s/counts-%d"):format(folder, lane), "w"))
for key, value in pairs(counts) do file:write(key, " ", value, "\n") end
