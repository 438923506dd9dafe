-- SPDX-License-Identifier: MIT
--
-- Hooks: their steps in order around a testlet, and what becomes of the result when one fails.
-- Packages are in package_spec, files in data_spec.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local results = require "spec.support.results"

local function start_env(options)
  ct.configure("lxd"):register_hook(ct.hook.start_env(options))
end

local function stop_env(options)
  ct.configure("lxd"):register_hook(ct.hook.stop_env(options))
end

-- Runs a testlet with hooks of its own.
local function with_hooks(register, testlet, options)
  local config = ct.configure "lxd"
  config:reset()
  register()
  local decorated = results.decorate(testlet, options)
  local iterate, batch, control, closing = decorated()
  config:reset()
  return { iterate, batch, control, closing }
end

local function note(word)
  return ct.script(('#!/bin/sh\necho %s >>/notes\n'):format(word))
end

local function read_notes()
  local file <close> = assert(io.open "/notes")
  return file:read "a"
end

describe("hooks", function()
  local all = {}

  -- All these calls run at the same time.
  lazy_setup(function()
    local calls = {
      ordered = with_hooks(function()
        start_env { name = "first", upload = ct.data.file({ text = "upload\n" }, "/notes"),
          run = { note "run-1", function()
            local file <close> = assert(io.open("/notes", "a"))
            file:write "function\n"
          end, ct.command { "sh", "-c", "echo command >>/notes" } } }
        start_env { name = "second", run = note "second" }
      end, read_notes),
      ["start-fails"] = with_hooks(function()
        start_env { name = "broken", run = {
          ct.script "echo the reason >&2; echo and more; exit 9", note "never" } }
        start_env { name = "later", run = note "never" }
      end, function() print "the testlet ran" end),
      ["start-raises"] = with_hooks(function()
        start_env { name = "raising", run = function() error "raised in a hook" end }
      end, function() end),
      ["start-too-slow"] = with_hooks(function()
        start_env { name = "slow", timeout = 1, run = ct.command { "sleep", "60" } }
      end, function() end),
      ["start-ends-late"] = with_hooks(function()
        local late = ct.script "trap 'exit 0' TERM; sleep 60 & wait"
        start_env { name = "slow", timeout = 1, run = late }
      end, function() end),
      ["stop-fails"] = with_hooks(function()
        stop_env { name = "collector", run = ct.script "echo nothing to collect; exit 3" }
      end, function() return "kept" end),
      ["stop-after-failure"] = with_hooks(function()
        stop_env { name = "collector", run = ct.script "exit 3" }
      end, function() os.exit(5) end),
      ["stop-misses"] = with_hooks(function()
        stop_env { name = "logs", download = ct.data.file("/out/report.xml", "/tmp/no-report.xml") }
      end, ct.script "echo why >&2; exit 3"),
      ["stop-misses-late"] = with_hooks(function()
        stop_env { name = "logs", download = ct.data.file("/out/report.xml", "/tmp/no-report.xml") }
      end, ct.command { "sleep", "60" }, { timeout = 1 }),
      ["stop-without-instance"] = with_hooks(function()
        stop_env { name = "logs", run = ct.command { "true" } }
      end, ct.script "kill -9 $(cut -d ' ' -f 4 /proc/$PPID/stat); sleep 60"),
      ["with-env"] = with_hooks(function()
        ct.env:add { COLOUR = "blue" }
        start_env { name = "env", run = ct.script 'echo "$COLOUR" >/notes' }
      end, read_notes),
    }
    ct.env:reset()
    for name, call in pairs(calls) do all[name] = results.only(table.unpack(call, 1, 4)) end
  end)

  it("do their steps in order, and run in the order they were registered", function()
    assert.equal("pass", all.ordered.status, tostring(all.ordered))
    assert.equal("upload\nrun-1\nfunction\ncommand\nsecond\n", all.ordered.value)
  end)

  it("that fail at the start make the result an error, with the step's own output", function()
    local result = all["start-fails"]
    assert.equal("error", result.status)
    assert.matches("broken", result.error)
    assert.matches("the reason", result.error)
    assert.matches("and more", result.error)
    assert.matches("9", result.error)
    assert.equal("", result.stdout) -- the testlet did not run
    assert.equal(-1, result.exit_code)
    assert.is_nil(result.phases.testlet)
  end)

  it("that raise an error or take too long are errors too", function()
    assert.equal("error", all["start-raises"].status)
    assert.matches("hook_spec%.lua:%d+: raised in a hook", all["start-raises"].error)
    assert.equal("error", all["start-too-slow"].status)
    assert.matches("slow", all["start-too-slow"].error)
    assert.matches("timed out after 1 s", all["start-too-slow"].error)
    assert.equal("error", all["start-ends-late"].status)
    assert.matches("timed out after 1 s", all["start-ends-late"].error)
  end)

  it("that fail at the stop make the result an error, which keeps what the testlet left",
    function()
      local result = all["stop-fails"]
      assert.equal("error", result.status)
      assert.matches("collector", result.error)
      assert.matches("nothing to collect", result.error)
      assert.equal("kept", result.value)
      assert.equal(0, result.exit_code)
    end)

  it("never make a bad status better", function()
    assert.equal("error", all["stop-after-failure"].status)
    assert.equal(5, all["stop-after-failure"].exit_code)
  end)

  it("that fail behind a testlet that failed are told beside it", function()
    local result = all["stop-misses"]
    assert.equal("fail", result.status)
    assert.equal(3, result.exit_code)
    assert.matches("^the testlet exited with code 3\nthen: hook logs: download: .*"
      .. "/out/report.xml: No such file or directory$", result.error)
    assert.matches("report%.xml.*| why", tostring(result))
    assert.matches("^the testlet timed out after 1 s\nthen: hook logs: download: ",
      all["stop-misses-late"].error)
    assert.is_true(all["stop-misses-late"].timed_out)
    assert.matches("^the testlet exited with code 5\nthen: hook collector: run: exit code 3$",
      all["stop-after-failure"].error)
  end)

  it("that have nothing to run in are told, too", function()
    local result = all["stop-without-instance"]
    assert.matches("\nthen: the stop hooks did not run", result.error)
  end)

  it("are told in the report, with how the testlet ended", function()
    local folder <close> = new_folder { ["suite.lua"] = [[
      local ct = require "cleantest"
      ct.configure("lxd"):register_hook(ct.hook.stop_env {
        name = "logs", download = ct.data.file("/out/report.xml", "report.xml") })
      for _ in ct.lxd { image = "busybox-amd64" } (ct.script "exit 3")() do end
    ]] }
    local run = process.run { "cleantest", folder:at "suite.lua" }
    assert.equal(1, run.status)
    assert.matches("fail   test%-busybox%-amd64  the testlet exited with code 3  [^\n]*\n"
      .. "       | then: hook logs: download: [^\n]*/out/report.xml: No such file", run.stdout)
  end)

  it("get the environment variables that the testlet gets", function()
    assert.equal("blue\n", all["with-env"].value, tostring(all["with-env"]))
  end)
end)

describe("registering hooks", function()
  local config = ct.configure "lxd"
  local nothing = ct.command { "true" }

  local function refusal(f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok)
    return message
  end

  it("twice under one name is refused with the name and the suite's line", function()
    start_env { name = "twice", run = nothing }
    local message = refusal(function()
      config:register_hook(ct.hook.stop_env { name = "twice", run = nothing })
    end)
    assert.matches("hook_spec%.lua:%d+: ", message)
    assert.matches("'twice' is registered already", message)
  end)

  it("can be undone, by the hook or its name", function()
    local one = ct.hook.start_env { name = "one", run = ct.script "exit 1" }
    config:register_hook(one)
    start_env { name = "two", run = ct.script "exit 1" }
    config:unregister_hook(one)
    config:unregister_hook "two"
    local result = results.only(results.decorate(function() end)())
    assert.equal("pass", result.status, tostring(result))
    local message = refusal(function() config:unregister_hook "two" end)
    assert.matches("hook_spec%.lua:%d+: config:unregister_hook: no hook 'two'", message)
  end)

  it("can be undone altogether by reset, for names too", function()
    start_env { name = "one", run = ct.script "exit 1" }
    config:reset()
    start_env { name = "one", run = ct.script "exit 0" }
    local result = results.only(results.decorate(function() end)())
    assert.equal("pass", result.status, tostring(result))
  end)

  it("takes hooks only, with known options, of the right type", function()
    for _, case in ipairs {
      { "must be made by ct%.hook", function() config:register_hook { name = "x" } end },
      { "name is missing", function() ct.hook.start_env { run = nothing } end },
      { "unknown option 'download'", function()
        ct.hook.start_env { name = "x", download = ct.data.file("/a", "b") }
      end },
      { "unknown option 'packages'", function()
        ct.hook.stop_env { name = "x", packages = {} }
      end },
      { "must be made by ct%.pkg", function()
        ct.hook.start_env { name = "x", packages = { "tabulate" } }
      end },
      { "must be made by ct%.data", function()
        ct.hook.start_env { name = "x", upload = "file" }
      end },
      { "must be a number of seconds above 0", function()
        ct.hook.start_env { name = "x", timeout = "soon" }
      end },
    } do
      local message = refusal(case[2])
      assert.matches("hook_spec%.lua:%d+: ", message)
      assert.matches(case[1], message)
    end
  end)

  it("does not load a hook's function that can't travel", function()
    local handle = io.tmpfile()
    start_env { name = "captive", run = function() handle:write "x" end }
    local message = refusal(function() results.decorate(function() end)() end)
    assert.matches("hook 'captive'", message)
    assert.matches("upvalue 'handle' is a userdata", message)
  end)
end)
