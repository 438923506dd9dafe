-- SPDX-License-Identifier: MIT
--
-- The folder that each testlet has for what it wants to leave.

local artifacts = require "cleantest.call.artifacts"
local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

after_each(function() artifacts.collect(nil) end)

local function leave(text, code)
  return function()
    local job = require "cleantest.job"
    local file <close> = assert(io.open(job.artifacts .. "/left", "w"))
    file:write(text)
    file:close()
    os.exit(code)
  end
end

describe("artifacts", function()
  it("are brought here, whatever became of the testlet, and each one's own", function()
    local folder <close> = new_folder {}
    artifacts.collect(function(job)
      return job.testlet_name ~= "unwanted" and folder:at(job.testlet_name) or nil
    end)
    local all = results.run {
      passes = { leave("of passes", 0), isolation = "image" },
      fails = { leave("of fails", 3), isolation = "image" },
      script = ct.script [[ls -A "$CLEANTEST_ARTIFACTS"; mkdir "$CLEANTEST_ARTIFACTS/d"]],
      nothing = function() end,
      unwanted = { leave("x", 0), isolation = "image" },
    }
    assert.equal("of passes", folder:read "passes/left")
    assert.equal("of fails", folder:read "fails/left")
    assert.same({ "fail", nil }, { all.fails.status, folder:read "unwanted/left" })
    assert.equal("", all.script.stdout)
    assert.equal("755", folder:mode "script/d")
    assert.is_nil(folder:mode "nothing")
    for name, result in pairs(all) do
      assert.equal(name == "fails" and "fail" or "pass", result.status, tostring(result))
    end
  end)

  it("have a folder of an instance that exists only when they are wanted", function()
    local cluster <close> = ct.archon()
    cluster:add("one", results.image)
    local function folder() return require("cleantest.job").artifacts end
    local testlet = ct.lxd.target("one", { archon = cluster })(folder)
    assert.is_nil(testlet():only().value)
    local here <close> = new_folder {}
    artifacts.collect(function() return here:at "one" end)
    local where = testlet():only().value
    assert.matches("^/%.cleantest", where)
    cluster:execute("one", { "test", "!", "-e", where }, { check = true })
    assert.is_nil(cluster:execute("one", folder).one.value)
  end)

  it("are brought by the command's --artifacts, beside what was printed", function()
    local folder <close> = new_folder { ["some_suite.lua"] = ([[
      local ct = require "cleantest"
      local image = %q
      return {
        leaves = ct.lxd { image = image } (ct.script "echo here >$CLEANTEST_ARTIFACTS/log; exit 3"),
        leaves_nothing = ct.lxd { image = image } (function() print "nothing" end),
      }
    ]]):format(results.image) }
    for _ = 1, 2 do -- the second time over the first
      local said = process.run({ "cleantest", "--artifacts", folder:at "out", "some_suite.lua" },
        { cwd = folder.path })
      assert.equal(1, said.status, said.stdout .. said.stderr)
    end
    local of = "out/some_suite.lua/%s@" .. results.image
    assert.equal("here\n", folder:read(of:format "leaves" .. "/artifacts/log"))
    assert.equal("nothing\n", folder:read(of:format "leaves_nothing" .. "/stdout"))
    assert.is_nil(folder:mode(of:format "leaves_nothing" .. "/artifacts"))
  end)
end)
