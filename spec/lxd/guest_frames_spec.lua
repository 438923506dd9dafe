-- SPDX-License-Identifier: MIT
--
-- What a hostile testlet says in the guest's name: it is root, takes the guest's line to the host,
-- and writes frames of its own on it. The host believes none that can't be true.

local ct = require "cleantest"
local results = require "spec.support.results"

-- The guest is the parent of the testlet's parent. Its stdout is taken by pidfd_getfd(2), call 438.
local forge = [[
#!/usr/bin/env python3
import ctypes, os, struct, sys
def parent(pid):
    return int(open("/proc/%d/stat" % pid).read().rpartition(")")[2].split()[1])
guest = os.pidfd_open(parent(os.getppid()))
line = ctypes.CDLL(None).syscall(438, guest, 1, 0)
def text(s): return b"s" + struct.pack("<I", len(s)) + s
def number(n): return b"d" + struct.pack("<d", n)
fields = [(b"exit_code", number(0)), (b"timed_out", b"f"), (b"limit", text(b"\x1b[2J")),
    (b"cpu_user", number(float("nan"))), (b"cpu_system", number(-5)), (b"max_rss", number(1e300))]
table = b"T" + struct.pack("<I", len(fields)) + b"".join(text(k) + v for k, v in fields)
os.write(line, b"x" + struct.pack("<I", len(table)) + table)
sys.stdin.read()
os.kill(os.getpid(), 19)
]]

describe("a testlet that speaks in the guest's name", function()
  it("can't make up what is no number of seconds or bytes, or a limit that there is none of",
    function()
      local testlet = ct.lxd { image = "debian-bookworm-amd64", timeout = 30 } (ct.script(forge))
      local result = results.only(testlet())
      assert.equal("pass", result.status, tostring(result))
      assert.is_false(result.timed_out)
      assert.same({ cpu_user = 0, cpu_system = 0, max_rss = 0 }, result.resources)
    end)
end)
