-- SPDX-License-Identifier: MIT
--
-- Prepared environments: what start hooks have left is kept and cloned, and a testlet can't
-- tell, but by the time it takes. Bad days are in prepared_faults_spec.

local bases = require "spec.support.bases"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local mark, run, start = bases.mark, bases.run, bases.start

lazy_setup(bases.open)
lazy_teardown(bases.close)
before_each(function() bases.configure() end)
after_each(function() assert.same({}, bases.leftovers()) end)

-- The base of hooks; the testlet does nothing.
local function base_of(hooks, options)
  return run(hooks, ct.command { "true" }, options).base
end

local function all_of(calls)
  local all = {}
  for name, wait in pairs(calls) do
    all[name] = wait()
    assert.equal("pass", all[name].status, tostring(all[name]))
  end
  return all
end

describe("an environment", function()
  it("is built once, and used by those that come later", function()
    local first = run { mark "a" }
    local second = run { mark "a" }
    assert.is_true(first.base_built)
    assert.is_true(first.phases.prepare > 0)
    assert.is_false(second.base_built)
    assert.is_nil(second.phases.prepare)
    assert.matches("^ct%-base%-%x+$", first.base)
    assert.equal(first.base, second.base)
    assert.matches("^[%x-]+\n$", first.value.a)
    assert.equal(first.value.a, second.value.a)
    assert.equal("Stopped", bases.instances()[first.base].status)
  end)

  it("is built once for many that need it at the same time", function()
    bases.configure { mark "a", mark "b" }
    local testlets = { num_threads = 3 }
    for i = 1, 6 do testlets["job-" .. i] = results.decorate(bases.marks) end
    local seen, prepared = {}, 0
    for _, result in ct.run(testlets) do
      assert.equal("pass", result.status, tostring(result))
      assert.is_true(result.base_built)
      prepared = prepared + (result.phases.prepare and 1 or 0)
      seen[result.value.b] = true
    end
    local first = next(seen)
    assert.matches("^[%x-]+\n$", first)
    assert.is_nil(next(seen, first))
    assert.equal(1, prepared)
  end)

  it("goes on from what it has in common with another", function()
    local a = run { mark "a" }
    local ab = run { mark "a", mark "b" }
    local ac = run { mark "a", mark "c" }
    assert.equal(a.value.a, ab.value.a)
    assert.equal(a.value.a, ac.value.a)
    assert.matches("^[%x-]+\n$", ab.value.b)
    assert.is_nil(ab.value.c)
    assert.is_nil(ac.value.b)
    assert.not_equal(ab.base, ac.base)
    assert.not_equal(a.base, ab.base)
  end)

  it("is another one when anything that makes it is", function()
    local folder <close> = new_folder { ["file"] = "one" }
    local function uploading()
      return { ct.hook.start_env { name = "up", upload = ct.data.file(folder:at "file", "/file") } }
    end
    local calls = {
      plain = start { mark "a" },
      script = start { mark("a", { run = ct.script "cat /proc/sys/kernel/random/uuid >/a" }) },
      env = start({ mark "a" }, nil, { env = { COLOUR = "blue" } }),
      instance = start({ mark "a" }, nil, {
        image = { { name = results.image, config = { ["user.spec"] = "1" } } },
      }),
      upload = start(uploading()),
    }
    local all = all_of(calls)
    folder:write("file", "two")
    all.content = start(uploading())()
    process.output("touch -d 2001-01-01 " .. folder:at "file")
    assert.equal(all.content.base, base_of(uploading()))
    local owner = {}
    for name, result in pairs(all) do
      assert.is_nil(owner[result.base], name)
      owner[result.base] = name
    end
  end)

  it("is the same one in another process", function()
    local here = run { mark "a" }
    local folder <close> = new_folder { ["suite.lua"] = bases.prelude() .. [[
      mark "a"
      for _, result in show "a" () do tell(result) end
    ]] }
    local said = process.output { "lua5.4", folder:at "suite.lua" }
    assert.equal(("a\tpass\t%s\tfalse\t%s\tnil"):format(here.base,
      here.value.a:gsub("\n", ",")), said)
  end)

  it("is not changed by what a testlet does in its clone", function()
    local function spoil()
      assert(os.execute "echo spoiled >>/a; echo more >/b; rm -rf /etc")
    end
    local before = run { mark "a" }
    run({ mark "a" }, spoil)
    local after = run { mark "a" }
    assert.equal(before.value.a, after.value.a)
    assert.is_nil(after.value.b)
    assert.equal(before.base, after.base)
  end)
end)

describe("what is not kept", function()
  it("is volatile steps and all that come after them", function()
    local hooks = { mark "a", mark("b", { volatile = true }), mark "c" }
    local one, other = run(hooks), run(hooks)
    assert.equal(one.value.a, other.value.a)
    assert.not_equal(one.value.b, other.value.b)
    assert.not_equal(one.value.c, other.value.c)
    for _, name in ipairs { "a", "b", "c" } do -- each step ran once in each
      assert.matches("^[%x-]+\n$", one.value[name])
      assert.matches("^[%x-]+\n$", other.value[name])
    end
    assert.equal(one.base, base_of { mark "a" })
  end)

  it("is an upload to /tmp, which is done in each", function()
    local hooks = { mark "a", ct.hook.start_env {
      name = "up", upload = ct.data.file({ text = "uploaded" }, "/tmp/a"),
    } }
    for _ = 1, 2 do assert.equal("uploaded", run(hooks).value["tmp/a"]) end
    assert.equal(base_of { mark "a" }, run(hooks).base)
  end)

  it("is anything, when an instance is to be fresh", function()
    local kept = run { mark "a" }
    local fresh = run({ mark "a" }, nil, { fresh = true })
    assert.is_nil(fresh.base)
    assert.is_false(fresh.base_built)
    assert.matches("^[%x-]+\n$", fresh.value.a)
    assert.not_equal(kept.value.a, fresh.value.a)
    local folder <close> = new_folder { ["suite.lua"] = bases.prelude() .. [[
      mark "a"
      for _, result in show "a" () do tell(result) end
    ]] }
    local suite = folder:at "suite.lua"
    for _, said in ipairs {
      process.output({ "lua5.4", suite }, { env = { CLEANTEST_FRESH = "1" } }),
      process.output { "cleantest", "--fresh", suite },
    } do
      assert.matches("a\tpass\tnil\tfalse\t[%x-]+,", said)
      assert.is_nil(said:find(kept.value.a:sub(1, -2), 1, true))
    end
  end)
end)
