-- SPDX-License-Identifier: MIT
--
-- The scheduler, through the test-only module, on a clock of its own: what it starts when, for
-- items that take simulated seconds. No LXD is in this, and no machine's speed.

local internals = require "cleantest_internals"

-- Numbers of the items, in the order in which a single thread took them.
local function order(items)
  local show = assert(internals.schedule(items, 1))
  local numbers = {}
  for i in ipairs(items) do numbers[i] = i end
  table.sort(numbers, function(a, b) return show.begun[a] < show.begun[b] end)
  return numbers
end

local function lower_bound(items, threads)
  local longest, total = 0, 0
  for _, item in ipairs(items) do
    longest, total = math.max(longest, item.seconds), total + item.seconds
  end
  return math.max(longest, total / threads)
end

describe("the order of items", function()
  it("is by weight, the heaviest first; then by number", function()
    local items = {}
    for i, weight in ipairs { 2, 5, 0, 5, 9, 2 } do items[i] = { weight = weight } end
    assert.same({ 5, 2, 4, 1, 6, 3 }, order(items))
  end)

  it("is theirs when all weigh the same", function()
    local items, numbers = {}, {}
    for i = 1, 100 do items[i], numbers[i] = { weight = 0 }, i end
    assert.same(numbers, order(items))
  end)

  it("has an item behind the one it waits for, whatever it weighs", function()
    assert.same({ 3, 1, 2 }, order { { after = 3, weight = 5 }, { after = 1, weight = 9 },
      { weight = 0 } })
  end)

  it("puts what many wait for before what few wait for", function()
    local items = { { seconds = 5 }, { seconds = 5 }, { seconds = 5 } }
    for i = 4, 5 do items[i] = { after = 1, seconds = 4 } end
    for i = 6, 9 do items[i] = { after = 2, seconds = 4 } end
    for i = 10, 33 do items[i] = { after = 3, seconds = 4 } end
    local show = assert(internals.schedule(items, 2))
    assert.same({ 0, 0 }, { show.begun[2], show.begun[3] })
    assert.equal(5, show.begun[1])
  end)

  it("puts a long chain before an item that is heavier than any link", function()
    local items = { { seconds = 7 }, { seconds = 3 }, { after = 2, seconds = 3 },
      { after = 3, seconds = 3 } }
    local show = assert(internals.schedule(items, 2))
    assert.equal(9, show.makespan)
    assert.equal(2, order(items)[1])
  end)

  it("does not put a crowd of short ones, which the threads share, before a long one", function()
    local items = { { seconds = 1 }, { seconds = 30 } }
    for i = 3, 42 do items[i] = { after = 1, seconds = 1 } end
    -- With one thread 41 s hang on the first, with eight it is 6.
    assert.equal(1, order(items)[1])
    local show = assert(internals.schedule(items, 8))
    assert.equal(30, show.makespan)
  end)
end)

describe("the pool", function()
  it("does every item once, none early, with no thread idle that has something to do", function()
    math.randomseed(7)
    for _, threads in ipairs { 1, 2, 7, 32 } do
      local items = {}
      for i = 1, 1000 do
        local after = i > 10 and math.random(3) > 1 and math.random(i - 1) or nil
        items[i] = { after = after, seconds = math.random(100), weight = math.random(10) }
      end
      local show = assert(internals.schedule(items, threads))
      assert.equal(1000, show.once)
      assert.equal(0, show.early)
      assert.equal(threads, show.most)
    end
  end)

  it("waits for what comes later in the list as for what comes before", function()
    local items = {}
    for i = 1, 200 do items[i] = { after = i < 200 and i + 1 or nil, seconds = 1 } end
    local show = assert(internals.schedule(items, 8))
    assert.equal(200, show.makespan)
    assert.equal(1, show.most)
  end)

  it("comes near the shortest time there is, when it knows how long each takes", function()
    math.randomseed(11)
    for _ = 1, 20 do
      local items = {}
      for i = 1, 40 do items[i] = { seconds = 0.1 + 1.9 * math.random() } end
      local show = assert(internals.schedule(items, 4))
      assert.is_true(show.makespan <= 1.05 * lower_bound(items, 4))
    end
  end)

  it("has nothing to do for no items", function()
    assert.same({ begun = {}, makespan = 0, once = 0, most = 0, early = 0, asked_alone = 0 },
      internals.schedule({}, 4))
  end)

  it("refuses what can't be done", function()
    local function refused(message, items)
      local show, name, text = internals.schedule(items, 2)
      assert.same({ nil, "ARGUMENT", message }, { show, name, text })
    end
    refused("item 1 waits for item 2 of 2", { {}, { after = 3 } })
    refused("items wait for one another in a circle", { { after = 1 } })
    refused("items wait for one another in a circle",
      { {}, { after = 4 }, { after = 2 }, { after = 3 }, { after = 4 } })
    refused("item 0: -1 is no weight", { { weight = -1 } })
    refused("item 1: inf is no weight", { {}, { weight = math.huge } })
    assert.matches("nan is no weight$", (select(3, internals.schedule({ { weight = 0 / 0 } }, 1))))
  end)
end)

describe("the gate", function()
  local function items_of(count)
    local items = {}
    for i = 1, count do items[i] = { seconds = i % 5 + 1, after = i % 7 == 0 and i - 1 or nil } end
    return items
  end

  it("holds starts back until something ends, and is not asked when nothing runs", function()
    for _, limit in ipairs { 1, 2, 3, 5 } do
      local show = assert(internals.schedule(items_of(300), 8, limit))
      assert.equal(limit, show.most)
      assert.equal(300, show.once)
      assert.equal(0, show.early)
      assert.equal(0, show.asked_alone)
    end
  end)

  it("is in nobody's way when it is open", function()
    assert.equal(8, assert(internals.schedule(items_of(300), 8, 100)).most)
  end)
end)
