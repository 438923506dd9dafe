-- SPDX-License-Identifier: MIT
--
-- The four kinds of testlets, and how the way they end becomes a status. What goes in and out
-- as values is in value_spec; testlets that misbehave are in bad_days_spec.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"
local where = require "cleantest.where"

describe("a function", function()
  local all
  local word, numbers = "hello", { 1, 2, deep = { "three" } }
  local function shout(s) return s:upper() .. word end
  local function factorial(n) return n == 0 and 1 or n * factorial(n - 1) end
  local count = 0
  local function increase() count = count + 1 end

  lazy_setup(function()
    all = results.run {
      returns = function() return "value" end,
      prints = function()
        print("one", 2)
        io.write "three"
        io.stderr:write "four\n"
      end,
      ["exits-3"] = function() os.exit(3) end,
      ["exits-true"] = function() os.exit(true) end,
      ["exits-false"] = function() os.exit(false) end,
      ["exits-closing"] = function() print "kept" os.exit(5, true) end,
      skips = function() os.exit(77) end,
      fails = function() error "no good" end,
      ["fails-with-table"] = function() error { code = 12 } end,
      ["takes-upvalues"] = function()
        return { shout "well ", numbers.deep[1], #numbers }
      end,
      recurses = function() return factorial(20) end,
      ["shares-upvalues"] = function()
        increase()
        increase()
        return count
      end,
      ["has-the-guest"] = function()
        local r = require("cleantest.utils.run")("echo $((6 * 7))")
        return { r.exit_code, r.stdout }
      end,
      requires = function() return require "no.such.module" end,
    }
  end)

  it("passes when it returns", function()
    assert.equal("pass", all.returns.status, tostring(all.returns))
    assert.equal(0, all.returns.exit_code)
    assert.equal("value", all.returns.value)
    assert.is_nil(all.returns.error)
    assert.is_nil(all.returns.signal)
  end)

  it("prints to stdout and stderr, which stay apart", function()
    assert.equal("one\t2\nthree", all.prints.stdout)
    assert.equal("four\n", all.prints.stderr)
  end)

  it("exits with the code it gives to os.exit", function()
    assert.equal("fail", all["exits-3"].status)
    assert.equal(3, all["exits-3"].exit_code)
    assert.equal(0, all["exits-true"].exit_code)
    assert.equal("pass", all["exits-true"].status)
    assert.equal(1, all["exits-false"].exit_code)
    assert.equal("fail", all["exits-false"].status)
    assert.equal(5, all["exits-closing"].exit_code)
    assert.equal("kept\n", all["exits-closing"].stdout)
  end)

  it("is skipped when it exits with 77", function()
    assert.equal("skip", all.skips.status)
    assert.equal(77, all.skips.exit_code)
  end)

  it("fails with exit code 1 and a traceback that names the suite's line", function()
    assert.equal("fail", all.fails.status)
    assert.equal(1, all.fails.exit_code)
    assert.matches("testlet_spec%.lua:%d+: no good", all.fails.stderr)
    assert.matches("traceback", all.fails.stderr)
    assert.matches("exit", all.fails.error)
    assert.equal(1, all["fails-with-table"].exit_code)
    assert.matches("^{code = 12}\n", all["fails-with-table"].stderr)
  end)

  it("takes along upvalues: data, and functions with upvalues of their own", function()
    assert.same({ "WELL hello", "three", 2 }, all["takes-upvalues"].value)
  end)

  it("may call itself, and share an upvalue with another", function()
    assert.equal(2432902008176640000, all.recurses.value)
    assert.equal(2, all["shares-upvalues"].value)
    assert.equal(0, count) -- what travels is a copy
  end)

  it("has the guest's own library", function()
    assert.same({ 0, "42\n" }, all["has-the-guest"].value)
  end)

  it("fails when it requires what the instance does not have", function()
    assert.equal("fail", all.requires.status)
    assert.matches("no%.such%.module", all.requires.stderr)
  end)
end)

describe("a script, a command, a file", function()
  local folder <const> = new_folder()
  local all

  -- A suite in a folder of its own; it takes the place of a file a user would run.
  local function from_suite()
    folder:write("suite.lua", [[
      local ct = require "cleantest"
      return {
        shell = ct.file "files/check.sh",
        lua = ct.file "files/check.lua",
        ["lua-fails"] = ct.file "files/bad.lua",
      }]])
    folder:write("files/check.sh", "#!/bin/sh\necho \"from a file: $1 $2\"\n")
    folder:write("files/check.lua", "local a, b = ...\nprint(a, b)\nreturn { kind = type(b) }\n")
    folder:write("files/bad.lua", "\n\nerror 'on line 3'\n")
    where.enter_suite(folder:at "suite.lua") -- as the command does
    local files = dofile(folder:at "suite.lua")
    where.enter_suite(nil)
    return files
  end

  lazy_setup(function()
    local files = from_suite()
    all = results.run {
      script = ct.script "#!/bin/sh\necho out; echo err >&2; exit 4\n",
      ["script-indented"] = ct.script [[
        #!/bin/sh
        echo indented
      ]],
      ["script-plain"] = ct.script "echo plain; exit 0",
      ["script-lost"] = ct.script "#!/no/such/interpreter\necho never\n",
      ["script-stdin"] = ct.script "#!/bin/sh\ncat; echo end\n",
      ["script-kills-itself"] = ct.script "#!/bin/sh\nkill -KILL $$\n",
      ["script-terminates-itself"] = ct.script "#!/bin/sh\nkill -TERM $$\n",
      command = ct.command { "sh", "-c", 'printf "%s|" "$0" "$@"', "a b", "$HOME", "'", "" },
      ["command-lost"] = ct.command { "no-such-program", "-x" },
      ["command-fails"] = ct.command { "false" },
      lua = files.lua,
      ["lua-fails"] = files["lua-fails"],
    }
    all.shell = results.only(results.decorate(files.shell)("first arg", 2))
  end)

  lazy_teardown(function() folder:remove() end)

  it("runs a script by the interpreter its first line names", function()
    assert.equal("out\n", all.script.stdout)
    assert.equal("err\n", all.script.stderr)
    assert.equal(4, all.script.exit_code)
    assert.equal("fail", all.script.status)
  end)

  it("drops blank space before the first line, and runs by sh what names no interpreter",
    function()
      assert.equal("indented\n", all["script-indented"].stdout, tostring(all["script-indented"]))
      assert.equal("plain\n", all["script-plain"].stdout, tostring(all["script-plain"]))
    end)

  it("names the interpreter or program that is not there", function()
    for name, wanted in pairs {
      ["script-lost"] = "/no/such/interpreter", ["command-lost"] = "no%-such%-program",
    } do
      local result = all[name]
      assert.not_equal("pass", result.status)
      assert.matches(wanted, (result.error or "") .. result.stderr)
    end
  end)

  it("gives an empty stdin", function()
    assert.equal("end\n", all["script-stdin"].stdout)
  end)

  it("tells a signal from an exit code", function()
    local killed, ended = all["script-kills-itself"], all["script-terminates-itself"]
    assert.equal(9, killed.signal)
    assert.equal(-1, killed.exit_code)
    assert.equal("fail", killed.status)
    assert.matches("signal 9", killed.error)
    assert.equal(15, ended.signal)
  end)

  it("passes a command's words on as they are", function()
    assert.equal("a b|$HOME|'||", all.command.stdout, tostring(all.command))
    assert.equal(1, all["command-fails"].exit_code)
  end)

  it("finds a file in the suite's folder, and passes arguments", function()
    assert.equal("from a file: first arg 2\n", all.shell.stdout, tostring(all.shell))
  end)

  it("runs a .lua file by the guest's own Lua", function()
    assert.equal("pass", all.lua.status, tostring(all.lua))
    assert.same({ kind = "nil" }, all.lua.value)
    assert.equal("fail", all["lua-fails"].status)
    assert.matches("bad%.lua:3: on line 3", all["lua-fails"].stderr)
  end)

  it("says at the call that a file can't be read, with the suite's line", function()
    local ok, message = pcall(function()
      return results.decorate(ct.file "no/such/file.sh")()
    end)
    assert.is_false(ok)
    assert.matches("testlet_spec%.lua:%d+: .*no/such/file%.sh", message)
  end)
end)

describe("on Debian", function()
  it("a Python script and a Python file run", function()
    local folder <close> = new_folder {
      ["check.py"] = "#!/usr/bin/env python3\n"
        .. "import sys\nprint(sys.version_info[0], sys.argv[1:])\nsys.exit(6)\n",
    }
    local image = "debian-bookworm-amd64"
    local script = ct.lxd { name = "script", image = image } (ct.script [[
      #!/usr/bin/env python3
import json
print(json.dumps({"answer": 42}))
]])
    local file = ct.lxd { name = "file", image = image } (ct.file(folder:at "check.py"))
    local both = results.collect(ct.run { script, file, num_threads = 2 })
    assert.equal('{"answer": 42}\n', both["script-" .. image].stdout, tostring(both[1]))
    assert.equal("3 []\n", both["file-" .. image].stdout, tostring(both[2]))
    assert.equal(6, both["file-" .. image].exit_code)
  end)
end)

describe("what is no testlet", function()
  local function refusal(f)
    local ok, message = pcall(f)
    assert.is_false(ok)
    assert.matches("testlet_spec%.lua:%d+: ", message)
    return message
  end

  it("is refused with the suite's line", function()
    assert.matches("testlet must be a function, ct%.script", refusal(function()
      ct.lxd { image = "x" } "echo hello"
    end))
    assert.matches("ct%.command must be a string, or a list", refusal(function() ct.command(7) end))
    assert.matches("ct%.command must be a string, or a list", refusal(function() ct.command {} end))
    assert.matches("ct%.script must be a string", refusal(function() ct.script(3) end))
    assert.matches("ct%.file must be a string", refusal(function() ct.file {} end))
  end)

  it("is refused as an argument of a program", function()
    assert.matches("argument 2 must be a string or a number", refusal(function()
      results.decorate(ct.command { "ls" })("a", {})
    end))
  end)
end)
