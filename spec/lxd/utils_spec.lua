-- SPDX-License-Identifier: MIT
--
-- The guest's own library, as a testlet uses it: run and os. apt is in guest_apt_spec.

local ct = require "cleantest"
local results = require "spec.support.results"

local BOOKWORM = "debian-bookworm-amd64"

-- What run does with what it may be asked for. The same in any system.
local function use_options()
  local run = require "cleantest.utils.run"
  local once = { timeout = 20 }
  return {
    env = run("echo $ONE-$TWO", { env = { ONE = "a b", TWO = 2 } }).stdout,
    cwd = run("pwd", { cwd = "/usr" }).stdout,
    no_folder = run("pwd", { cwd = "/no/such/folder" }),
    stdin = run({ "cat" }, { stdin = "line\n\0last" }).stdout,
    no_stdin = run({ "cat" }, once).stdout,
    slow = run("echo early; exec sleep 600", { timeout = 0.5 }),
    quick = run("true", once),
    flood = run("yes", { output_limit = 1000, timeout = 60 }),
    killed = run "kill -9 $$",
    checked = run("echo fine", { check = true }).stdout,
    all = run.all("echo one", { "sh", "-c", "echo two; exit 7" }, "echo three"),
    none = run.all(),
  }
end

-- Each throws, and is to say the line it is in.
local function misuse()
  local run = require "cleantest.utils.run"
  local got = {}
  local function try(line, what)
    local ok, message = pcall(what)
    got[#got + 1] = { ok = ok, message = message, line = line }
  end
  local function here() return debug.getinfo(2, "l").currentline end
  try(here(), function() run("echo out; echo err >&2; exit 3", { check = true }) end)
  try(here(), function() run("kill -9 $$", { check = true }) end)
  try(here(), function() run("sleep 60", { check = true, timeout = 0.1 }) end)
  try(here(), function() run({ "yes" }, { check = true, output_limit = 9 }) end)
  try(here(), function() run("true", { shell = "sh" }) end)
  try(here(), function() run("true", { timeout = "5" }) end)
  try(here(), function() run("true", 5) end)
  try(here(), function() run() end)
  try(here(), function() run {} end)
  try(here(), function() run { "echo", {} } end)
  try(here(), function() run("true", { env = { "A=b" } }) end)
  try(here(), function() run("true", { env = { A = {} } }) end)
  try(here(), function() run("true", { env = { ["A=B"] = "c" } }) end)
  try(here(), function() run("true", { env = { ["A\0B"] = "c" } }) end)
  try(here(), function() run("true", { env = { [""] = "c" } }) end)
  try(here(), function() run("true", { env = { A = "b\0c" } }) end)
  try(here(), function() run.all(7) end)
  try(here(), function() run.all("true", nil) end)
  try(here(), function() run.all("touch /tmp/begun", { "echo", false }) end)
  got.begun = run("test -e /tmp/begun").exit_code == 0
  return got
end

local misuses = {
  "echo out; echo err >&2; exit 3: exit code 3\nout\nerr\n",
  "kill %-9 %$%$: killed by signal 9", "sleep 60: timed out", "yes: wrote too much",
  "run: unknown option 'shell'; the options are: check, cwd, env, output_limit, stdin, timeout",
  "run: timeout must be seconds, above 0 and at most %d+, or a time like '5min', not '5'",
  "run: the options must be a table, not 5",
  "run: the command must be a string, for sh, or a list of strings, not nil",
  "run: the command must be a string, for sh, or a list of strings, not a table",
  "run: word 2 of the command must be a string or a number, not a table",
  "run: env: invalid name of a variable: 1",
  "run: env: A must be a string, a number, or false to unset it, not a table",
  'run: env: invalid name of a variable: "A=B"', 'run: env: invalid name of a variable: "A\\0B"',
  'run: env: invalid name of a variable: ""', "run: env: A must not have a NUL in it",
  "run: the command must be a string, for sh, or a list of strings, not 7",
  "run: the command must be a string, for sh, or a list of strings, not nil",
  "run: word 2 of the command must be a string or a number, not false",
}

describe("cleantest.utils.run", function()
  local seen
  local used, misused = {}, {}

  lazy_setup(function()
    local result = results.only(results.decorate(function()
      local run = require "cleantest.utils.run"
      local list = run { "printf", "%s|", "a b", "$HOME", "" }
      local both = run "echo out; echo err >&2; exit 3"
      local killed = run "kill -9 $$"
      local missing = run { "no-such-program" }
      local long = run "head -c 3000000 /dev/zero"
      return {
        list = list, both = both, killed = killed, missing = missing, long = #long.stdout,
      }
    end)())
    assert(result.status == "pass", tostring(result))
    seen = result.value
    local images = { results.image, BOOKWORM }
    local given = { image = images, num_threads = 2, ready = "exec" }
    for i, one in ipairs(results.collect(ct.lxd(given)(use_options)())) do
      assert(one.status == "pass", tostring(one))
      used[i] = one.value
    end
    for i, one in ipairs(results.collect(ct.lxd(given)(misuse)())) do
      assert(one.status == "pass", tostring(one))
      misused[i] = one.value
    end
  end)

  it("runs a line of shell, or a list of words as they are", function()
    assert.equal("a b|$HOME||", seen.list.stdout)
    assert.equal(0, seen.list.exit_code)
  end)

  it("gives the exit code, stdout and stderr", function()
    assert.equal(3, seen.both.exit_code)
    assert.equal("out\n", seen.both.stdout)
    assert.equal("err\n", seen.both.stderr)
    assert.equal(3000000, seen.long)
  end)

  it("does not take a signal or a missing program for success", function()
    assert.not_equal(0, seen.killed.exit_code)
    assert.not_equal(0, seen.missing.exit_code)
    assert.matches("no%-such%-program", seen.missing.stderr)
  end)

  it("takes an environment, a folder and an input", function()
    assert.equal(2, #used)
    for _, got in ipairs(used) do
      assert.equal("a b-2\n", got.env)
      assert.equal("/usr\n", got.cwd)
      assert.equal(126, got.no_folder.exit_code)
      assert.matches("can't change to /no/such/folder: No such file", got.no_folder.stderr)
      assert.equal("line\n\0last", got.stdin)
      assert.equal("", got.no_stdin)
    end
  end)

  it("ends what takes too long or writes too much, and says which", function()
    for _, got in ipairs(used) do
      assert.is_true(got.slow.timed_out)
      assert.equal(-1, got.slow.exit_code)
      assert.equal("early\n", got.slow.stdout)
      assert.is_false(got.slow.truncated)
      assert.is_false(got.quick.timed_out)
      assert.is_true(got.flood.truncated)
      assert.is_false(got.flood.timed_out)
      assert.is_true(#got.flood.stdout <= 1000)
      assert.not_equal(0, got.flood.exit_code)
    end
  end)

  it("gives the signal that ended a command, and -1 for its exit code", function()
    for _, got in ipairs(used) do
      assert.equal(9, got.killed.signal)
      assert.equal(-1, got.killed.exit_code)
      assert.is_nil(got.quick.signal)
      assert.equal(0, got.quick.exit_code)
    end
  end)

  it("runs several up to the first that fails", function()
    for _, got in ipairs(used) do
      assert.equal("fine\n", got.checked)
      assert.equal(2, #got.all)
      assert.equal("one\n", got.all[1].stdout)
      assert.equal("two\n", got.all[2].stdout)
      assert.equal(7, got.all[2].exit_code)
      assert.same({}, got.none)
    end
  end)

  it("throws at the testlet's own line, with the output or what is wrong", function()
    assert.equal(2, #misused)
    for _, got in ipairs(misused) do
      assert.equal(#misuses, #got)
      for i, one in ipairs(got) do
        assert.is_false(one.ok)
        assert.matches(("^[^\n]*utils_spec%%.lua:%d: "):format(one.line) .. misuses[i],
          one.message)
      end
      assert.is_false(got.begun)
    end
  end)
end)

describe("cleantest.utils.os", function()
  it("knows the release, without the quotes that its file may have", function()
    local images = {
      "debian-bookworm-amd64", "debian-trixie-amd64", "debian-bullseye-amd64", results.image,
    }
    local testlet = ct.lxd { image = images, num_threads = 2 } (function()
      return require("cleantest.utils.os").release()
    end)
    local all = results.collect(testlet())
    for i, version in ipairs { "12", "13", "11" } do
      assert.equal("pass", all[i].status, tostring(all[i]))
      assert.equal("debian", all[i].value.id)
      assert.equal(version, all[i].value.version_id)
      assert.matches("^Debian GNU/Linux", all[i].value.name)
    end
    assert.equal("busybox", all[4].value.id, tostring(all[4]))
    local result = results.only(results.decorate(function()
      local file <close> = assert(io.open("/etc/os-release", "w"))
      file:write 'ID="rocky"\nID_LIKE="rhel fedora"\nPRETTY_NAME=\'A "name"\'\n'
      file:close()
      return require("cleantest.utils.os").release()
    end)())
    assert.same({ id = "rocky", like = { "rhel", "fedora" }, name = 'A "name"' }, result.value)
  end)
end)
