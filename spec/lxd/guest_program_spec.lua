-- SPDX-License-Identifier: MIT
--
-- Programs that can't be started, and whose fault that is: the message names what is missing or
-- wrong, be it the program, its interpreter, its loader, its mode, its machine or its mount.

local ct = require "cleantest"
local results = require "spec.support.results"

-- Runs programs that are wrong in one way each; returns what came of them.
local function start_all()
  local run = require "cleantest.utils.run"
  local function make(path, content, mode)
    local file <close> = assert(io.open(path, "wb"))
    file:write(content)
    file:close()
    assert(run({ "chmod", mode or "755", path }).exit_code == 0)
  end
  -- an ELF header for another machine, and one of this machine's that names a loader
  local function elf(machine, loader)
    return string.pack("<c4 BBBB I8 I2I2I4 I8I8I8 I4 I2I2I2I2I2I2", "\127ELF", 2, 1, 1, 0, 0, 2,
      machine, 1, 0x400078, 64, 0, 0, 64, 56, loader and 1 or 0, 0, 0, 0)
      .. (loader and string.pack("<I4I4 I8I8I8I8I8I8", 3, 4, 120, 0x400078, 0x400078,
        #loader + 1, #loader + 1, 1) .. loader .. "\0" or "")
  end
  local machines = { x86_64 = 62, aarch64 = 183 }
  local own = require("cleantest.utils.os").arch()
  local here = own == "aarch64" and own or "x86_64"
  make("/tmp/crlf", "#!/bin/sh\r\necho hi\r\n")
  make("/tmp/lost", "#! /no/such/interpreter -x\n")
  make("/tmp/twice", "#!/tmp/lost\n")
  make("/tmp/plain", "echo plain\n")
  make("/tmp/mode", "#!/bin/sh\n", "644")
  make("/tmp/folder-runs-it", "#!/etc\n")
  make("/tmp/unrunnable-runs-it", "#!/tmp/mode\n")
  make("/tmp/alien", elf(here == "x86_64" and machines.aarch64 or machines.x86_64))
  make("/tmp/loaderless", elf(machines[here], "/no/such/loader.so"))
  make("/tmp/garbage", "\1\2\0\3")
  run("mkdir /tmp/noexec; mount -t tmpfs -o noexec none /tmp/noexec", { check = true })
  make("/tmp/noexec/program", "#!/bin/sh\n")
  make("/tmp/noexec/plain", "#!/bin/sh\necho wrong\n")
  local said = {}
  for _, name in ipairs { "crlf", "lost", "twice", "plain", "mode", "folder-runs-it",
    "unrunnable-runs-it", "alien", "loaderless", "garbage", "noexec/program", "none", "noexec",
    "plain/x" } do
    local ended = run { "/tmp/" .. name }
    said[name] = ended.exit_code .. " " .. ended.stdout .. ended.stderr
  end
  said.by_path = run({ "mode" }, { env = { PATH = "/none:/tmp" } }).stderr
  said.not_in_path = run({ "no-such" }, { env = { PATH = "/none:/tmp" } }).stderr
  said.later_in_path = run({ "plain" }, { env = { PATH = "/tmp/noexec:/tmp" } }).stdout
  return said, here
end

describe("a program that can't be started", function()
  it("is named, and what is wrong with it, too", function()
    local said = results.only(results.decorate(start_all)()).value
    assert.is_table(said)
    local does_not_exist = 'names the interpreter "/no/such/interpreter", which does not exist'
    for name, wanted in pairs {
      crlf = '127 .*"/tmp/crlf": its first line names the interpreter "/bin/sh\\r", which does '
        .. "not exist: the line ends in a carriage return",
      lost = '127 .*"/tmp/lost": its first line ' .. does_not_exist,
      twice = '127 .*"/tmp/twice": .* "/tmp/lost": its first line ' .. does_not_exist,
      plain = "0 plain",
      mode = '126 .*"/tmp/mode": it is not executable %(its mode is 644%)',
      ["folder-runs-it"] = '126 .*"/etc": it is a directory',
      ["unrunnable-runs-it"] = '126 .*"/tmp/mode": it is not executable',
      alien = '126 .*"/tmp/alien": it is a program for %w+, and this machine is %w+',
      loaderless = '127 .*"/tmp/loaderless": the loader that it names, "/no/such/loader.so", '
        .. "does not exist",
      garbage = '126 .*"/tmp/garbage": the kernel does not know its format',
      ["noexec/program"] = '126 .*"/tmp/noexec/program": it lies on a file system that is mounted '
        .. "with noexec",
      none = '127 .*"/tmp/none": there is no such file', noexec = "126 .*: it is a directory",
      ["plain/x"] = "126 .*: Not a directory",
      by_path = '"/tmp/mode": it is not executable',
      not_in_path = '"no%-such": there is no such program in PATH %(/none:/tmp%)',
      later_in_path = "^plain\n",
    } do
      assert.matches(wanted, said[name])
    end
  end)

  it("says the same as a testlet", function()
    local all = results.run {
      crlf = ct.script "#!/bin/sh\r\necho hi\r\n", mode = ct.command { "/etc/hostname" },
      none = ct.command { "no-such" },
    }
    for name, wanted in pairs {
      crlf = { 127, 'the interpreter "/bin/sh\\r".* carriage return' },
      mode = { 126, '"/etc/hostname": it is not executable' },
      none = { 127, '"no%-such": there is no such program in PATH' },
    } do
      assert.equal(wanted[1], all[name].exit_code)
      assert.matches(wanted[2], all[name].stderr)
    end
  end)
end)

describe("what a testlet has written before it is killed", function()
  it("is in its result, in the order in which it and its children wrote", function()
    local all = results.run {
      step = { function() io.write "step one\n" while true do end end, timeout = 1 },
      ["no-line"] = { function() io.write "half a line" while true do end end, timeout = 1 },
      many = { function()
        local run = require "cleantest.utils.run"
        for i = 1, 5000 do io.write("line ", i, "\n") end
        os.execute "echo child"
        print("one", nil, 2)
        io.popen("cat", "w"):write "piped\n":close()
        io.stdout:write "own "
        run "kill -9 $PPID"
        io.write "last"
        while true do end
      end, timeout = 2 },
      dies = function()
        io.write "dying"
        os.execute "kill -SEGV $PPID"
        while true do end
      end,
    }
    assert.equal("step one\n", all.step.stdout)
    assert.equal("half a line", all["no-line"].stdout)
    assert.equal("dying", all.dies.stdout)
    local lines = {}
    for i = 1, 5000 do lines[i] = ("line %d\n"):format(i) end
    assert.equal(table.concat(lines) .. "child\none\tnil\t2\npiped\nown last", all.many.stdout)
  end)
end)
