-- SPDX-License-Identifier: MIT
--
-- Options that the command line does not say: variables, and the profiles of .cleantest.lua.

local cli = require "cleantest.command.cli"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

-- Runs f with variables of the environment.
local function with_env(env, f)
  local getenv = os.getenv
  os.getenv = function(name) -- luacheck: ignore 122
    return env[name] or getenv(name)
  end
  local results = table.pack(pcall(f))
  os.getenv = getenv -- luacheck: ignore 122
  assert(results[1], results[2])
  return table.unpack(results, 2, results.n)
end

-- What the options are for a suite in a project with this .cleantest.lua; or nil, what is wrong.
local function options_of(configuration, words, env)
  local folder <close> = new_folder { ["a/b/suite.lua"] = "" }
  if configuration then folder:write(".cleantest.lua", configuration) end
  local all = { folder:at "a/b/suite.lua", table.unpack(words or {}) }
  local parsed, message = with_env(env or {}, function() return cli.parse(all) end)
  return parsed and parsed.options, message
end

local PROFILES <const> = [[return {
  default = { jobs = 4, exclude_tag = "slow", no_tests = "warn" },
  ci = { jobs = 8, report = { "junit:a.xml", "tap:b.tap" }, shuffle = true, fresh = true,
    timeout = "5m", max_fail = 3, lf = true, image = { "debian-*", "x" } },
}]]

describe("the configuration", function()
  it("is found from the suite upwards, and its default profile always holds", function()
    local options = options_of(PROFILES)
    assert.same({ 4, { "slow" }, "warn" }, { options.jobs, options.exclude_tag, options.no_tests })
    assert.is_nil(options_of(nil).jobs)
  end)

  it("has profiles, which are built on the default", function()
    local options = assert(options_of(PROFILES, { "--profile", "ci" }))
    assert.same({ 8, { "slow" }, { "junit:a.xml", "tap:b.tap" }, true, 300, 3, true,
      { "debian-*", "x" } }, { options.jobs, options.exclude_tag, options.report, options.fresh,
      options.timeout, options.max_fail, options.last_failed, options.image })
    assert.equal("integer", math.type(options.shuffle))
    assert.equal(8, options_of(PROFILES, nil, { CLEANTEST_PROFILE = "ci" }).jobs)
  end)

  it("comes after variables, and these after options", function()
    local env = { CLEANTEST_NUM_THREADS = "6", CLEANTEST_TAG = "a,b", CLEANTEST_FRESH = "no",
      CLEANTEST_MAX_FAIL = "2" }
    local options = options_of(PROFILES, { "--profile=ci" }, env)
    assert.same({ 6, { "a,b" }, false, 2 },
      { options.jobs, options.tag, options.fresh, options.max_fail })
    options = options_of(PROFILES, { "--profile=ci", "-j", "2", "--tag", "c" }, env)
    assert.same({ 2, { "c" } }, { options.jobs, options.tag })
  end)

  it("may be another file", function()
    local folder <close> = new_folder { ["other.lua"] = "return { default = { jobs = 3 } }" }
    assert.equal(3, options_of(PROFILES, { "--config", folder:at "other.lua" }).jobs)
  end)

  it("is none of a testlet's business: a variable that tells it its image selects nothing",
    function()
      assert.same({}, options_of(nil, nil, { CLEANTEST_IMAGE = "here" }).image or {})
    end)

  it("that is rubbish is refused by name", function()
    local function refused(pattern, ...)
      local options, message = options_of(...)
      assert.is_nil(options)
      assert.matches(pattern, message)
    end
    refused("the configuration can't be loaded: .*%.cleantest%.lua:1: unexpected", "return =")
    refused("the configuration can't be loaded: .*%.cleantest%.lua:1: no", "error 'no'")
    refused("%.cleantest%.lua must return a table of profiles, not 7", "return 7")
    refused("a profile must have a name, not the number 1", "return { {} }")
    refused("profile 'ci' must be a table of options, not true", "return { ci = true }")
    refused("profile 'ci': there is no option 'repotr' %(did you mean 'report'%?%)",
      "return { ci = { repotr = 'tap' } }")
    refused("profile 'ci': there is no option 'list'", "return { ci = { list = true } }")
    refused("profile 'ci': jobs must be a positive integer, not 'many'",
      "return { ci = { jobs = 'many' } }")
    refused("profile 'ci': fresh must be true or false, not 1", "return { ci = { fresh = 1 } }")
    refused("profile 'ci': max_fail must be a positive integer, not a table",
      "return { ci = { max_fail = {} } }")
    refused("there is no profile 'ic' %(did you mean 'ci'%?%) in .*%.cleantest%.lua", PROFILES,
      { "--profile", "ic" })
    refused("there is no profile 'ci' in a %.cleantest%.lua", nil, { "--profile", "ci" })
    refused("the configuration can't be loaded: .*no%-such", nil, { "--config", "no-such.lua" })
    refused("CLEANTEST_MAX_FAIL must be a positive integer, not 'x'", nil, nil,
      { CLEANTEST_MAX_FAIL = "x" })
    refused("CLEANTEST_UNTIL_FAIL must be 1 or 0, not 'maybe'", nil, nil,
      { CLEANTEST_UNTIL_FAIL = "maybe" })
    refused("no report 'nonsense'", "return { default = { report = 'nonsense' } }")
  end)

  it("that is rubbish ends the command with 2", function()
    local folder <close> = new_folder { ["suite.lua"] = "", [".cleantest.lua"] = "return 7" }
    local ran = process.run({ "cleantest", "suite.lua" }, { cwd = folder.path })
    assert.equal(2, ran.status)
    assert.equal("", ran.stdout)
  end)
end)
