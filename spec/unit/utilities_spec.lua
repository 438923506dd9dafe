-- SPDX-License-Identifier: MIT
--
-- The guest's own library, where it needs no instance: run, file, process, socket, wait, release.

local inside = require "spec.unit.support.inside"
local new_folder = require "spec.support.folder"

-- What a function in the testlet throws, without its position.
local function refusals(list)
  return inside(function(given)
    local got = {}
    for i, one in ipairs(given) do
      local f = assert(load("local run, wait, file, socket = ...; local _ = " .. one,
        "=testlet"))
      local ok, message = pcall(f, require "cleantest.utils.run", require "cleantest.utils.wait",
        require "cleantest.utils.file", require "cleantest.utils.socket")
      got[i] = ok and "(nothing was refused)" or message
    end
    return got
  end, nil, list)
end

local function check_refusals(cases)
  local calls = {}
  for i, case in ipairs(cases) do calls[i] = case[1] end
  for i, message in ipairs(refusals(calls)) do
    assert.equal("testlet:1: " .. cases[i][2], message)
  end
end

describe("run", function()
  it("writes a number as a program takes it", function()
    assert.equal("2 0.5 3 4\n", inside(function()
      local run = require "cleantest.utils.run"
      return run({ "sh", "-c", 'echo "$1 $2 $A $B"', "sh", 4 / 2, 0.5 },
        { env = { A = 6 / 2, B = 4 } }).stdout
    end))
  end)

  it("unsets a variable that is false", function()
    assert.same({ "x", "none" }, inside(function()
      local run = require "cleantest.utils.run"
      local shown = [[printf %s "${CT_SPEC-none}"]]
      return { run(shown).stdout, run(shown, { env = { CT_SPEC = false } }).stdout }
    end, { env = { CT_SPEC = "x" } }))
  end)

  it("has limits that limit", function()
    local seconds <const> = "run: timeout must be seconds, above 0 and at most 3162240000, or a"
      .. " time like '5min', not "
    local bytes <const> = "run: output_limit must be bytes, from 1 to 1099511627776, or a size like"
      .. " '2MiB', not "
    check_refusals {
      { 'run("true", { timeout = 0 })', seconds .. "0" },
      { 'run("true", { timeout = -1 })', seconds .. "-1" },
      { 'run("true", { timeout = 0/0 })', seconds .. tostring(0 / 0) },
      { 'run("true", { timeout = 1e30 })', seconds .. "1e+30" },
      { 'run("true", { timeout = "5 years" })', seconds .. "'5 years'" },
      { 'run("true", { output_limit = -1 })', bytes .. "-1" },
      { 'run("true", { output_limit = 1e30 })', bytes .. "1e+30" },
      { 'run("true", { output_limit = 1 << 60 })', bytes .. "1152921504606846976" },
    }
    assert.same({ true, true }, inside(function()
      local run = require "cleantest.utils.run"
      return { run("sleep 60", { timeout = "0.1s" }).timed_out,
        run("yes", { output_limit = "1KiB" }).truncated }
    end))
  end)

  it("does several with the same options", function()
    assert.same({ "/\na\n", "b\n", 3, "testlet:1: run.all: unknown option 'shell'" },
      inside(function()
        local run = require "cleantest.utils.run"
        local options = { env = { A = "a", B = "b" }, cwd = "/", check = true }
        local all = run.all("pwd; echo $A", { "sh", "-c", "echo $B" }, options)
        local some = run.all({ "true" }, "exit 3", "echo never", { timeout = 9 })
        local f = load([[(...).all("true", { shell = "sh" })]], "=testlet")
        local _, message = pcall(f, run)
        return { all[1].stdout, all[2].stdout, some[2].exit_code + #some - 2,
          message:match "^[^;]*" }
      end))
  end)
end)

describe("file", function()
  local folder

  lazy_setup(function()
    folder = new_folder { ["a/text"] = "one\ntwo.\n", ["a/empty"] = "" }
    assert(os.execute(("cd '%s' && chmod 640 a/text && ln -s text a/link && ln -s nothing a/gone"
      .. " && chmod 1777 a"):format(folder.path)))
  end)

  lazy_teardown(function() folder:remove() end)

  it("tells what is at a path", function()
    local got = inside(function(at)
      local file = require "cleantest.utils.file"
      local run = require "cleantest.utils.run"
      local text, link, gone, top = file(at .. "/text"), file(at .. "/link"), file(at .. "/gone"),
        file(at)
      return {
        exists = { text:exists(), link:exists(), gone:exists(), top:exists() },
        is_file = { text:is_file(), link:is_file(), gone:is_file(), top:is_file() },
        is_directory = { text:is_directory(), top:is_directory() },
        is_link = { text:is_link(), link:is_link(), gone:is_link() },
        type = { text:type(), top:type(), file("/dev/null"):type() },
        mode = { text:mode(), link:mode(), top:mode() },
        owner = { text:owner() == run("id -un").stdout:match "%S+",
          text:group() == run("id -gn").stdout:match "%S+",
          text:uid() == tonumber(run("id -u").stdout),
          text:gid() == tonumber(run("id -g").stdout) },
        size = text:size(), target = { link:target(), gone:target() }, list = top:list(),
        read = text:read(), contains = { text:contains "two.", text:contains "tw.%." },
        match = text:match "(%a+)%.", new = os.time() - text:mtime() < 1000,
        sha256 = text:sha256(), string = tostring(text) == "file '" .. at .. "/text'",
      }
    end, nil, folder:at "a")
    assert.same({
      exists = { true, true, false, true }, is_file = { true, true, false, false },
      is_directory = { false, true }, is_link = { false, true, true },
      type = { "file", "directory", "device" }, mode = { "0640", "0640", "1777" },
      owner = { true, true, true, true }, size = 9, target = { "text", "nothing" },
      list = { "empty", "gone", "link", "text" }, read = "one\ntwo.\n", contains = { true, false },
      match = "two", new = true, string = true,
      sha256 = "1747b11d78f453a25c59189f39c029b8d659f56b27b1e88fb8a7aa22fecad36d",
    }, got)
  end)

  it("throws for what is not there", function()
    check_refusals {
      { 'file("/no/such"):mode()', "file: /no/such: No such file or directory" },
      { 'file("/no/such"):read()', "file: /no/such: No such file or directory" },
      { 'file("/no/such"):sha256()', "file: /no/such: No such file or directory" },
      { 'file("/no/such"):list()', "file: /no/such: No such file or directory" },
      { 'file("/etc"):target()', "file: /etc: Invalid argument" },
      { 'file("/etc"):read()', "file: Is a directory" },
      { 'file()', "file: the path must be a string, not nil" },
    }
  end)
end)

describe("process", function()
  it("finds what runs, by name, user, parent and arguments", function()
    local got = inside(function()
      local process = require "cleantest.utils.process"
      local run = require "cleantest.utils.run"
      run "sleep 1234.5 & cp $(command -v sleep) /tmp/ct-spec-of-a-long-name; \z
        /tmp/ct-spec-of-a-long-name 600 & sleep 0.2"
      local one = process.find { name = "sleep", args = "1234.5" }
      local long = process.find "ct-spec-of-a-long-name"
      local me = run("id -un").stdout:match "%S+"
      local got = {
        #one, one[1].name, one[1].args, one[1].user == me, #long,
        #process.find { name = "sleep", user = "daemon" },
        process.find({ pid = one[1].pid })[1].args[1],
        #process.find { name = "sleep", ppid = one[1].ppid, args = "1234.5" },
        #process.find() > 2, #process.find "no-such-program",
      }
      run("kill " .. one[1].pid .. " " .. long[1].pid .. "; rm /tmp/ct-spec-of-a-long-name")
      return got
    end)
    assert.same({ 1, "sleep", { "sleep", "1234.5" }, true, 1, 0, "sleep", 1, true, 0 }, got)
  end)
end)

-- Listens at ports and a path, for as long as it is not killed; says where.
local LISTENER <const> = [[
import socket, sys, time
a = socket.socket(); a.bind(("127.0.0.1", 0)); a.listen()
b = socket.socket(socket.AF_INET6); b.bind(("::1", 0)); b.listen()
c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); c.bind(("0.0.0.0", 0))
d = socket.socket(socket.AF_UNIX); d.bind(sys.argv[1]); d.listen()
e = socket.socket(); e.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in (a, b, c, e)], flush=True)
time.sleep(600)
]]

describe("socket", function()
  it("tells what listens", function()
    local folder <close> = new_folder { ["listen.py"] = LISTENER }
    local got = inside(function(at)
      local run = require "cleantest.utils.run"
      local socket = require "cleantest.utils.socket"
      local wait = require "cleantest.utils.wait"
      run(("cd '%s'; python3 listen.py sock >ports & echo $! >pid"):format(at))
      wait.file(at .. "/ports", { contains = "\n" })
      local file <close> = io.open(at .. "/ports")
      local four, six, udp, deaf = file:read("n", "n", "n", "n")
      local listed = {}
      for _, one in ipairs(socket.list()) do
        if one.port == four or one.port == six or one.port == udp then
          listed[one.protocol .. one.address] = true
        end
      end
      local got = {
        listed = listed,
        four = { socket.listening(four), socket.listening(four, { address = "127.0.0.1" }),
          socket.listening(four, { address = "192.0.2.1" }),
          socket.listening(four, { protocol = "udp" }) },
        six = { socket.listening(six), socket.listening(six, { address = "::1" }) },
        udp = { socket.listening(udp), socket.listening(udp, { protocol = "udp" }),
          socket.listening(udp, { protocol = "udp", address = "192.0.2.1" }) },
        deaf = socket.listening(deaf),
        path = { socket.listening "sock", socket.listening "/no/such" },
        waited = { pcall(wait.port, four), pcall(wait.port, six, { host = "::1" }) },
        refused = select(2, pcall(wait.port, deaf, { timeout = 0.2 })),
        unknown = select(2, pcall(wait.port, 1, { host = "no-such-host.invalid", timeout = 0.2 })),
      }
      run(("kill $(cat '%s/pid')"):format(at))
      return got
    end, nil, folder.path)
    assert.same({ ["tcp127.0.0.1"] = true, ["tcp::1"] = true, ["udp0.0.0.0"] = true }, got.listed)
    assert.same({ true, true, false, false }, got.four)
    assert.same({ true, true }, got.six)
    assert.same({ false, true, true }, got.udp)
    assert.is_false(got.deaf)
    assert.same({ true, false }, got.path)
    assert.same({ true, true }, got.waited)
    assert.matches("wait%.port: 127%.0%.0%.1:%d+: not within 0%.2 s: Connection refused$",
      got.refused)
    assert.matches("no%-such%-host%.invalid:1: not within 0%.2 s: no address of", got.unknown)
  end)

  it("refuses what is no port or path", function()
    check_refusals {
      { "socket.listening(0)",
        "socket.listening: the port must be a port, from 1 to 65535, not 0" },
      { "socket.listening {}",
        "socket.listening: the port must be a port, from 1 to 65535, not a table" },
      { 'socket.listening("/x", { protocol = "tcp" })', "socket.listening: unknown option"
        .. " 'protocol'; the options are: none" },
      { "wait.port(1e9)", "wait.port: the port must be a port, from 1 to 65535, not 1000000000.0" },
    }
  end)
end)

describe("wait", function()
  it("waits for a file, which is seen when it comes, and for what is in it", function()
    local folder <close> = new_folder()
    local got = inside(function(at)
      local run = require "cleantest.utils.run"
      local wait = require "cleantest.utils.wait"
      run(("{ sleep 0.2; mkdir '%s/d'; echo begun >'%s/d/f'; sleep 0.2; echo ready >>'%s/d/f'; } &")
        :format(at, at, at))
      wait.file(at .. "/d/f")
      wait.file(at .. "/d/f", { contains = "ready" })
      return {
        select(2, pcall(wait.file, at .. "/none", { timeout = 0.1 })),
        select(2, pcall(wait.file, at .. "/d/f", { contains = "done", timeout = 0.1 })),
      }
    end, nil, folder.path)
    assert.matches("wait%.file: .*/none: not within 0%.1 s: nothing is there$", got[1])
    assert.matches("wait%.file: .*/d/f: not within 0%.1 s: there is no 'done' in it$", got[2])
  end)

  it("tries until something succeeds, and says what it was at last", function()
    local got = inside(function()
      local wait = require "cleantest.utils.wait"
      local count = 0
      local function third()
        count = count + 1
        if count == 1 then error "not yet" end
        return count > 2 and "done", count
      end
      return {
        { wait.try(third, { interval = 0.01 }) },
        select(2, pcall(wait.try, function() error("no luck", 0) end, { timeout = 0.05 })),
        select(2, pcall(wait.try, function() return nil, "why" end, { timeout = 0.05 })),
        select(2, pcall(wait.try, function() end, { timeout = 0.05, interval = 9 })),
      }
    end)
    assert.same({ "done", 3 }, got[1])
    assert.matches("unit/utilities_spec.lua:%d+: wait%.try: not within 0%.05 s: no luck$", got[2])
    assert.matches("wait%.try: not within 0%.05 s: it returned 'why'$", got[3])
    assert.matches("wait%.try: not within 0%.05 s: it returned nil$", got[4])
  end)

  it("refuses what it can't wait for", function()
    check_refusals {
      { 'wait.try("x")', "wait.try: what is tried must be a function, not 'x'" },
      { 'wait.file("x")', "wait.file: the path must be absolute, not 'x'" },
      { 'wait.unit("a b")', "wait.unit: invalid unit name 'a b'" },
      { 'wait.unit("a", { state = "up" })',
        "wait.unit: state must be one of 'active', 'inactive', 'failed', not 'up'" },
    }
  end)
end)

describe("release", function()
  it("says what system this is, and hides no os", function()
    local got = inside(function()
      local release = require "cleantest.utils.release"
      local old = require "cleantest.utils.os"
      return { release().id == old.release().id, release.arch() == old.arch(),
        type(release().name) }
    end)
    assert.same({ true, true, "string" }, got)
  end)
end)
