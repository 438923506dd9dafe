-- SPDX-License-Identifier: MIT
--
-- `cleantest run --image NAME FILE` and `... -- COMMAND`: programs in clean machines, without a
-- suite.

local cleantest = require "spec.unit.support.command"
local cli = require "cleantest.command.cli"

local function run(files, options)
  return cleantest(files, options)
end

describe("a file with --image", function()
  it("is run on each image, and what it prints is shown", function()
    local got = run({ ["check.sh"] = "#!/bin/sh\necho hello\n" },
      { suites = { "check.sh" }, image = { "a,b", "c" } })
    assert.equal(0, got.status, got.stderr)
    assert.same({ "check.sh@a", "check.sh@b", "check.sh@c" }, got.ids)
    assert.matches("pass   check%.sh%-a", got.stdout)
    assert.matches("| hello", got.stdout)
    assert.matches("3 passed", got.stdout)
    assert.is_nil(got.stdout:find "selected")
  end)

  it("may be Lua, which the guest runs, and fails as it fails", function()
    local got = run({ ["check.lua"] = "print(6 * 7) os.exit(3)" },
      { suites = { "check.lua" }, image = { "here" } })
    assert.equal(1, got.status)
    assert.matches("fail   check%.lua%-here", got.stdout)
    assert.matches("| 42", got.stdout)
  end)

  it("is a suite, of which images are selected, when it requires cleantest", function()
    local suite = 'return { (ct.lxd { image = { "a", "b" } } (function() end)) }'
    assert.same({ "test@b" }, run({ ["suite.lua"] = suite }, { image = { "b" } }).ids)
  end)

  it("is uploaded when it was compiled, and there may be more files and packages", function()
    local got = run({ ["tool"] = "\127ELF...", ["data.txt"] = "x", ["more/a"] = "" },
      { suites = { "tool" }, image = { "here" }, package = { "curl,git" }, ready = "exec" })
    local job = got.jobs[1]
    assert.same({ "/usr/local/bin/tool" }, job.testlet.argv)
    assert.equal("exec", job.ready)
    local steps = {}
    for i, step in ipairs(job.start_hooks[1].steps) do
      steps[i] = step.dest or step.name or step.kind
    end
    assert.equal("/usr/local/bin/tool", steps[#steps])
    assert.equal(2, #steps)
  end)

  it("has stock images by their names without an architecture", function()
    local got = run({ ["check.sh"] = "#!/bin/sh\n" },
      { suites = { "check.sh" }, image = { "debian-12,jammy,mine" }, list = "ids" })
    assert.matches("@debian%-12%-%l+%d+\n.*@jammy%-%l+%d+\n.*@mine\n$", got.stdout)
  end)

  it("can't be run where a pattern is given for its image, or what is to travel is not there",
    function()
      local files = { ["check.sh"] = "#!/bin/sh\n" }
      local got = run(files, { suites = { "check.sh" }, image = { "debian-*" } })
      assert.equal(2, got.status)
      assert.matches("%-%-image debian%-%*: a program runs on images that are named", got.stderr)
      got = run(files, { suites = { "check.sh" }, image = { "a" }, upload = { "no-such:/x" } })
      assert.equal(2, got.status)
      assert.matches("%-%-upload: no%-such: No such file", got.stderr)
      assert.equal(0, #got.jobs)
      got = run(files, { suites = { "chekc.sh" }, image = { "a" } })
      assert.equal(2, got.status)
    end)
end)

describe("a command behind --", function()
  it("is run as it is", function()
    local parsed = assert(cli.parse { "run", "--image", "here", "--", "echo", "-n", "a  b" })
    local got = run({}, { suites = {}, image = parsed.options.image,
      words = parsed.options.words })
    assert.same({ "echo@here" }, got.ids)
    assert.equal("-::echo@here", got.jobs[1].id)
    assert.matches("| a  b", got.stdout)
  end)

  it("needs an image, and no file beside it", function()
    local _, message = cli.parse { "--", "true" }
    assert.matches("which image is the command to be run on%? Give %-%-image NAME", message)
    _, message = cli.parse { "--image", "a", "x.sh", "--", "true" }
    assert.matches("give a file or a command, not both", message)
    _, message = cli.parse { "--image", "a", "--" }
    assert.matches("no suite given", message)
  end)
end)

describe("a file that is no Lua, given as a suite,", function()
  it("is told how to be run", function()
    for name, text in pairs { ["check.sh"] = "#!/bin/sh\n", ["check.py"] = "import os\n" } do
      local got = run({ [name] = text }, { suites = { name } })
      assert.equal(2, got.status)
      assert.matches(name .. " is no Lua, and a suite is a Lua script. To run it in a clean"
        .. " machine: cleantest run %-%-image debian%-12 ", got.stderr)
    end
  end)

  it("has no options of programs", function()
    local got = run({ ["suite.lua"] = "" }, { ready = "exec" })
    assert.equal(2, got.status)
    assert.matches("%-%-ready is for a program, with %-%-image", got.stderr)
  end)
end)
