-- SPDX-License-Identifier: MIT
--
-- plan.lua - what a round does, drawn from the seed and the round's number alone, so that both
-- repeat it.

local plan = {}

-- Weighted: { weight, value }, ...
local function choose(random, ...)
  local sum = 0
  for _, option in ipairs { ... } do sum = sum + option[1] end
  local at = random(sum)
  for _, option in ipairs { ... } do
    at = at - option[1]
    if at <= 0 then return option[2] end
  end
end

-- Faults that a run must survive: they make it slower, and nothing else.
local BENIGN <const> = { "delay", "split" }
local HARD <const> = { "reset", "truncate", "delay", "split", "flip", "refuse" }
local OVER_SOCKET <const> = { "before", "after", "garbage" }

local function draw_wire(random, round)
  round.tls = random(4) == 1
  round.kinds = choose(random, { 2, BENIGN }, { 8, HARD })
  round.strict = round.kinds == BENIGN
  round.kinds = table.move(round.kinds, 1, #round.kinds, 1, {})
  if not round.strict and not round.tls then
    table.move(OVER_SOCKET, 1, #OVER_SOCKET, #round.kinds + 1, round.kinds)
  end
  if not round.strict and random(6) == 1 then table.insert(round.kinds, "stall") end
  round.rate = round.strict and 150 or choose(random, { 3, 20 }, { 4, 60 }, { 2, 150 })
  round.client_timeout = not round.strict and 15 or nil
end

local function one_kill(random, victim, most)
  local signals = { process = { "KILL", "KILL", "TERM", "INT", "STOP" },
    reaper = { "KILL", "STOP" }, guest = { "KILL", "STOP", "TERM" } }
  local signal = signals[victim][random(#signals[victim])]
  return { turn = random(most), victim = victim, signal = signal,
    delay = signal == "STOP" and random(500, 8000) or random(0, 300) }
end

local function draw_kills(random, round)
  local whom = choose(random, { 5, { "process" } }, { 1, { "reaper" } }, { 3, { "guest" } },
    { 2, { "process", "reaper" } }, { 1, { "process", "guest" } })
  round.kills = {}
  for _, victim in ipairs(whom) do
    table.insert(round.kills, one_kill(random, victim, round.turns))
  end
  round.strict = false
end

local function draw_limits(random, round)
  local kind = choose(random, { 1, "descriptors" }, { 2, "memory" }, { 1, "disk" },
    { 2, "clock" })
  if kind == "descriptors" then
    round.descriptors = choose(random, { 1, 64 }, { 2, random(13, 40) })
  elseif kind == "memory" then
    round.memory = random(18, 70)
  elseif kind == "disk" then
    round.full_disk = true
  else
    round.clock = { step = choose(random, { 1, 86400 }, { 1, -86400 }, { 1, 4000000000 },
      { 1, -30 }), each = random(1, 40) }
    round.strict = true
  end
end

local function draw_suite(random, round, images)
  local image = choose(random, { 8, "busybox-amd64" }, { 1, "debian" })
  if image == "debian" then image = images[random(#images)] end
  round.image = image
  round.fresh = random(5) == 1
  round.hooks = random(2) == 1 and random(6) or nil
  round.warm = not round.fresh and random(5) == 1 and 2 or nil
  round.isolation = random(5) == 1 and "image" or "testlet"
  round.threads = random(3)
  round.archon = random(8) == 1
  round.target = not round.archon and random(8) == 1
  if round.target then round.hooks, round.warm, round.image = nil, nil, "busybox-amd64" end
  round.prune = random(6) == 1
  round.turns = round.archon and 60 or 100
end

--- What a round does.
-- @tparam int seed
-- @tparam int number of the round
-- @tparam table images names of Debian images that there are
-- @treturn table
function plan.draw(seed, number, images)
  math.randomseed(seed, number)
  local random <const> = math.random
  local round = { seed = seed, number = number, kinds = {}, kills = {}, rate = 0,
    client_timeout = nil, strict = true }
  draw_suite(random, round, #images > 0 and images or { "busybox-amd64" })
  local kind = choose(random, { 1, "control" }, { 6, "wire" }, { 4, "kill" }, { 2, "limit" },
    { 4, "both" })
  if kind == "wire" or kind == "both" then draw_wire(random, round) end
  if kind == "kill" or kind == "both" then
    round.strict = false
    draw_kills(random, round)
  elseif kind == "limit" then
    round.strict = false
    draw_limits(random, round)
  end
  round.kind = kind
  return round
end

return plan
