-- SPDX-License-Identifier: MIT
--
-- A result's fields, its text, and the order results come in.

local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local results = require "spec.support.results"

local IMAGE = results.image

describe("a result", function()
  local passed, failed

  lazy_setup(function()
    local good = ct.lxd { name = "good", image = IMAGE } (function()
      print "out"
      io.stderr:write "err"
      local spin = os.clock() + 0.2
      local kept = ("x"):rep(20 * 1024 * 1024)
      while os.clock() < spin do kept = kept .. "" end
      return { answer = 42 }
    end)
    local bad = ct.lxd { image = IMAGE } (function()
      for i = 1, 50 do io.stderr:write("line ", i, "\n") end
      os.exit(3)
    end)
    local call = good()
    failed = results.only(bad())
    passed = call:only()
  end)

  it("says what it is of", function()
    assert.equal("good-" .. IMAGE, passed.name)
    assert.equal("good", passed.testlet)
    assert.equal(IMAGE, passed.image)
    assert.equal("test-" .. IMAGE, failed.name)
    assert.equal("test", failed.testlet)
  end)

  it("says how it ended", function()
    assert.equal("pass", passed.status)
    assert.equal(0, passed.exit_code)
    assert.is_false(passed.timed_out)
    assert.is_nil(passed.signal)
    assert.is_nil(passed.error)
    assert.equal("fail", failed.status)
    assert.equal(3, failed.exit_code)
    assert.is_string(failed.error)
  end)

  it("has what was printed, and what was returned", function()
    assert.equal("out\n", passed.stdout)
    assert.equal("err", passed.stderr)
    assert.same({ answer = 42 }, passed.value)
    assert.is_nil(failed.value)
  end)

  it("names the instance it was on, which no other run has", function()
    assert.matches("^good%-busybox%-amd64%-%w+", passed.instance)
    assert.not_equal(passed.instance, failed.instance)
    assert.is_true(#passed.instance <= 63)
  end)

  it("has the seconds of each phase", function()
    local sum = 0
    for _, phase in ipairs { "create", "start", "ready", "hooks", "testlet", "collect" } do
      assert.is_number(passed.phases[phase], phase)
      assert.is_true(passed.phases[phase] >= 0)
      sum = sum + passed.phases[phase]
    end
    assert.is_true(passed.phases.testlet >= 0.2)
    assert.is_true(passed.phases.teardown > 0) -- it is over by now
    assert.is_true(math.abs(sum - passed.duration) < 0.5)
  end)

  it("has what the testlet used", function()
    local used = passed.resources
    assert.is_true(used.cpu_user + used.cpu_system >= 0.15)
    assert.is_true(used.cpu_user + used.cpu_system < 30)
    assert.is_true(used.max_rss > 20 * 1024 * 1024)
    assert.is_true(used.max_rss < 1024 * 1024 * 1024)
  end)

  it("is fit to be read: its name, status, reason, and the last lines", function()
    local text = tostring(failed)
    assert.matches("^test%-busybox%-amd64: fail: ", text)
    assert.matches("3", text)
    assert.matches("line 50", text)
    assert.not_matches("line 1\n", text)
    assert.equal("good-busybox-amd64: pass: exit code 0", tostring(passed))
  end)

  it("shows no control characters of a testlet in its text", function()
    local result = results.only(results.decorate(function()
      io.stderr:write "\27[2Jgone \7bell\n"
      os.exit(1)
    end)())
    assert.equal("\27[2Jgone \7bell\n", result.stderr)
    assert.not_matches("[\0-\8\11-\31]", tostring(result))
  end)
end)

describe("names", function()
  it("that LXD could not have become ones that it can", function()
    local name = "It's a Testlet_with: a very long name, and / strange characters in it, really"
    local result = results.only(ct.lxd { name = name, image = IMAGE } (function() end)())
    assert.equal("pass", result.status, tostring(result))
    assert.equal(name .. "-" .. IMAGE, result.name)
    assert.matches("^%w[%w-]+$", result.instance)
  end)
end)

describe("results", function()
  local slow, fast

  before_each(function()
    slow = ct.lxd { name = "slow", image = IMAGE } (ct.command { "sleep", "3" })
    fast = ct.lxd { name = "fast", image = IMAGE } (function() end)
  end)

  local function names(...)
    local list = {}
    for name in ... do list[#list + 1] = name:match "^%w+" end
    return list
  end

  it("come in the order the testlets were declared", function()
    assert.same({ "slow", "fast" }, names(ct.run { slow, fast, num_threads = 2 }))
  end)

  it("come as they finish when asked for", function()
    assert.same({ "fast", "slow" }, names(ct.run {
      slow, fast, num_threads = 2, order = "completed",
    }))
  end)

  it("come in the order of the images", function()
    local images = { IMAGE, { name = "again", source = {
      type = "image", alias = IMAGE } } }
    local both = results.collect(ct.lxd { image = images, num_threads = 2 } (function() end)())
    assert.same({ "test-" .. IMAGE, "test-again" }, { both[1].name, both[2].name })
    assert.equal("pass", both[2].status, tostring(both[2]))
  end)

  it("are handed over when they are there; the teardown goes on behind", function()
    local monotime = require("system").monotime
    local seen, handed
    for _, result in fast() do
      seen, handed = result, monotime()
      assert.is_nil(result.phases.teardown)
    end
    -- The loop ends when the teardown does: that is what there was left to wait for.
    assert.is_true(monotime() - handed > seen.phases.teardown / 2)
    assert.is_nil(lxd.instance(seen.instance))
  end)
end)

describe("ct.run", function()
  it("runs many testlets on all their images, and takes names from keys", function()
    local one = ct.lxd { name = "ignored", image = IMAGE } (function() return 1 end)
    local two = ct.lxd { name = "two", image = IMAGE } (function() return 2 end)
    local all = results.collect(ct.run { two, zebra = one, ant = one, num_threads = 3 })
    local names = {}
    for i, result in ipairs(all) do names[i] = result.testlet end
    assert.same({ "two", "ant", "zebra" }, names)
    assert.equal(1, all["zebra-" .. IMAGE].value)
    assert.equal("zebra", all["zebra-" .. IMAGE].testlet)
    assert.equal(2, all["two-" .. IMAGE].value)
  end)

  it("refuses what it can't run, with the suite's line", function()
    local function refusal(given)
      local ok, message = pcall(function() ct.run(given) end)
      assert.is_false(ok)
      assert.matches("result_spec%.lua:%d+: ct%.run: ", message)
      return message
    end
    assert.matches("there is no testlet", refusal {})
    assert.matches("%[1%] must be a testlet decorated by ct%.lxd", refusal { function() end })
    assert.matches("nume_threads, which is no option", refusal { nume_threads = 3 })
    assert.matches("must be a table", refusal(7))
    assert.matches("order must be one of", refusal { order = "random" })
  end)
end)
