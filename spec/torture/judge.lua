-- SPDX-License-Identifier: MIT
--
-- judge.lua - what a round's log, results and LXD itself say about it: how many faults and
-- kills there were, and what was found. The witness is LXD's own client, past the proxy.

local cjson = require "cjson"
local lxd = require "spec.support.lxd"
local process = require "spec.support.process"
local Target = require "spec.torture.target"
local system = require "system"

local judge = {}

local GRACE <const> = 20 -- seconds in which what is deleted goes, once nobody works on it

local function lines_of(path)
  local file <close> = io.open(path)
  local list = {}
  if file then for line in file:lines() do list[#list + 1] = line end end
  return list
end

-- The log of the torture program, counted.
local function read_log(path)
  local seen = { faults = 0, kills = 0, signals = {}, killed = {} }
  for _, line in ipairs(lines_of(path)) do
    local word, rest = line:match "^%s*%S+ (%S+) ?(.*)$"
    if word == "fault" then
      seen.faults = seen.faults + 1
    elseif word == "kill" then
      local victim, signal = rest:match "^(%S+) %d+ (%S+)"
      seen.kills = seen.kills + 1
      seen.killed[victim] = signal ~= "STOP" and signal or seen.killed[victim]
      seen.signals[victim .. " " .. signal] = true
    elseif word == "started" then
      seen.pid = rest
    elseif word == "ended" then
      seen.how, seen.code = rest:match "^%d+ (%S+) (%d+)$"
      seen.code = tonumber(seen.code)
    elseif word == "hang" then
      seen.hang = rest
    elseif word == "over" then
      seen.over, seen.turns = true, tonumber(rest:match "%d+")
    end
  end
  return seen
end

local function read_results(path)
  local results = { right = 0, error = 0, WRONG = 0, done = 0, first = {} }
  for _, line in ipairs(lines_of(path)) do
    local kind, name, text = line:match "^(%a+)\t(%S*)\t?(.*)$"
    if kind then
      results[kind] = results[kind] + 1
      results.first[kind] = results.first[kind] or ("%s: %s"):format(name, text)
    end
  end
  return results
end

-- ---- what is left ----

local function left_of(pid)
  local names = {}
  for _, instance in ipairs(lxd.instances()) do
    if instance.config["user.cleantest.pid"] == pid then names[#names + 1] = instance.name end
  end
  return names
end

local function query(path)
  local answer = lxd.client("query", path)
  return answer ~= "" and cjson.decode(answer) or {}
end

-- One by one, and not too often: engine/lxd/operations.c says why.
local function creating()
  for _, path in ipairs(query "/1.0/operations".running or {}) do
    local known, operation = pcall(query, path)
    if known and (operation.description or ""):match "^Creating" then
      system.sleep(1)
      return true
    end
  end
  return false
end

local function clean()
  return process.run { "cleantest", "clean" }
end

-- When nobody was left to delete, or to try again where a deletion was spoilt, `cleantest clean`
-- must.
local function left_after_clean(pid)
  local left
  process.within(60, function() return not creating() end)
  process.within(GRACE, function()
    clean()
    left = left_of(pid)
    return #left == 0
  end)
  return left
end

local function left_behind(seen)
  local left = left_of(seen.pid)
  if #left == 0 then return left end
  local nobody = seen.killed.process == "KILL" or seen.faults > 0
  if nobody and seen.killed.reaper == "KILL" then return left_after_clean(seen.pid) end
  process.within(GRACE, function()
    left = left_of(seen.pid)
    return #left == 0
  end)
  if #left > 0 then clean() end
  return left
end

-- Nobody is told of a target that a reaper was to clean and could not.
local function left_in_target(round, seen)
  if not round.target then return nil end
  local left = Target.left_in(round.target)
  if left == "" or seen.killed.reaper == "KILL" then return nil end
  return "left in a target: " .. left:gsub("%s+", " ")
end

-- ---- the verdict ----

-- A guest that was killed from outside looks like one that its testlet has killed.
local function wrong(round, seen, results)
  local text = results.first.WRONG
  if not text then return nil end
  if seen.killed.guest and text:match "killed the guest" then return nil end
  return ("wrong verdict: %s (%s)"):format(text, round.kind)
end

local function crash(seen)
  if seen.how ~= "signal" or seen.hang then return nil end
  local sent = { [9] = "KILL", [15] = "TERM", [2] = "INT" }
  if seen.signals["process " .. tostring(sent[seen.code])] then return nil end
  return ("crash: signal %d"):format(seen.code)
end

local function strict(round, results)
  if not round.strict then return nil end
  if results.error == 0 and results.done == 1 then return nil end
  return ("error where nothing was broken: %s"):format(results.first.error or "it did not end")
end

-- An archon's jobs are no tests, and are not counted.
local function status(round, seen, results)
  if seen.how ~= "exit" or seen.code ~= 0 or (round.archon and results.done == 1) then
    return nil
  end
  return ("exit status 0 with %d right, %d errors"):format(results.right, results.error)
end

--- Judges a round in its folder.
-- @tparam table round from plan.draw
-- @tparam table folder where it ran
-- @treturn table faults, kills; found: a list of { kind, text }
function judge.look(round, folder)
  local seen, results = read_log(folder .. "/log"), read_results(folder .. "/results")
  local found = {}
  local function note(kind, text) if text then found[#found + 1] = { kind, text } end end
  note("broken", seen.turns == 0 and seen.faults == 0 and not round.memory and not round.descriptors
    and "the suite never asked for anything")
  note("broken", not seen.over and not seen.hang and "the torture program did not end well")
  note("hang", seen.hang and ("%s did not end in time"):format(seen.hang))
  note("crash", crash(seen))
  note("wrong", wrong(round, seen, results))
  note("wrong", strict(round, results))
  note("wrong", status(round, seen, results))
  if seen.pid then
    local left = left_behind(seen)
    note("left", #left > 0 and "left behind: " .. table.concat(left, ", "))
  end
  note("left", left_in_target(round, seen))
  return { faults = seen.faults, kills = seen.kills, results = results, found = found }
end

return judge
