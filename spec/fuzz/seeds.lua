-- SPDX-License-Identifier: MIT
--
-- Inputs for the fuzzers to start from: lua5.4 seeds.lua FUZZER FOLDER.
local fuzzer, folder = arg[1], arg[2]

local function text(s) return "s" .. ("<s4"):pack(s) end
local function frame(kind, bytes) return kind .. ("<s4"):pack(bytes) end

local ACCEPT <const> = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
  .. "Sec-WebSocket-Accept: @\r\n\r\n"
local EXIT <const> = frame("x", "T" .. ("<I4"):pack(2) .. text "exit_code" .. "i"
  .. ("<i8"):pack(3) .. text "timed_out" .. "f")

local function entry(path, kind, target)
  return frame("f", "T" .. ("<I4"):pack(9) .. text "path" .. text(path) .. text "name"
    .. text "n" .. text "type" .. text(kind) .. text "target" .. text(target) .. text "uid"
    .. "i" .. ("<i8"):pack(1000) .. text "gid" .. "i" .. ("<i8"):pack(1000) .. text "mode"
    .. "i" .. ("<i8"):pack(420) .. text "mtime" .. "i"
    .. ("<i8"):pack(-1) .. text "mtime_nanoseconds" .. "i" .. ("<i8"):pack(999999999))
end

-- A message's first bytes, its header's fields and its body.
local function message(kind, fields, body)
  return "l" .. string.char(kind) .. "\0\1" .. ("<I4I4I4"):pack(#body, 1, #fields) .. fields
    .. ("\0"):rep(-#fields % 8) .. body
end

local function integer(n) return "i" .. ("<i8"):pack(n) end
local function map(...)
  local fields = table.pack(...)
  return "T" .. ("<I4"):pack(fields.n // 2) .. table.concat(fields)
end

local LEASE = [["user.cleantest.run":"3lftre0jdj","user.cleantest.host":"boot/pid:[4026531836]",
  "user.cleantest.pid":"1","user.cleantest.started":"2","user.cleantest.expiry":"1700000000",
  "user.cleantest.preserved":"false"]]
local INSTANCE = [[{"name":"ct-base-0","status":"Stopped","last_used_at":"x","type":"container",
  "config":{"user.cleantest.base":"0123","user.cleantest.complete":"true",
  "user.cleantest.sealed":"x","user.cleantest.label":"l",]] .. LEASE .. "}}"
local OPERATION = [[{"operation":"/1.0/operations/1","metadata":{"status_code":200,"id":"1"}}]]

local seeds = {
  dbus = {
    message(2, "\5\1u\0" .. ("<I4"):pack(1), "\1s\0\0" .. ("<s4"):pack "starting" .. "\0"),
    message(4, "\3\1s\0" .. ("<s4"):pack "StartupFinished" .. "\0", ""),
  },
  value = {
    "T" .. ("<I4"):pack(2) .. text "exit_code" .. "i" .. ("<i8"):pack(1) .. text "list"
      .. "T" .. ("<I4"):pack(1) .. "i" .. ("<i8"):pack(1) .. "t",
    "d" .. ("<d"):pack(0.5), "n", text "bytes",
    "F" .. text "\27Lua" .. "\1" .. ("<I4"):pack(1) .. "n",
  },
  json = {
    '/metadata/0/name\n{"metadata":[{"name":"a","config":{"k":"v","n":1.5}}],"b":true,"e":[]}',
    "/a/b\n{}", '\n"text \\u0000\\ud83d\\ude00"', "/0\n[1,2,[null]]", "/a\n{\"a\":1e400}",
  },
  lxd = {
    table.concat({
      "\0{\"metadata\":[" .. INSTANCE .. "]}", "\0{\"metadata\":[" .. INSTANCE .. "]}",
      '\0{"metadata":{"target":"fingerprint"}}', '\0{"metadata":[]}',
      "\0{\"metadata\":" .. INSTANCE .. "}", '\0{"metadata":{"status":"Running"}}',
      "\0{\"metadata\":" .. INSTANCE .. "}",
      '\0{"metadata":{"devices":{"root":{"pool":"p"}},"config":{}}}',
      '\0{"metadata":[{"name":"p","driver":"btrfs"}]}', "\1" .. OPERATION, "\0" .. OPERATION,
      '\0{"metadata":{"running":[{"id":"1","resources":{"instances":["/a-run-1"]}}]}}',
      "\0" .. OPERATION,
    }, "\0"),
    '\3{"error":"not found"}\0\4{"error":""}\0\0nonsense',
  },
  lease = { "3lftre0jdj\nboot/pid:[4026531836]\n1\n2\n1700000000\ntrue", "\n\n-1\n\n9e99\n" },
  durations = {
    "cleantest durations 1\n1500 test busybox-amd64\n20 the fuzzer's\n", "something else\n", "",
    "cleantest durations 1\n99999999999999999999 x\nbroken", "cleantest durations 1\n1 a\n1 a\n",
  },
  request = {
    map(text "op", text "run", text "kind", text "script", text "name", text "a/b.py",
      text "code", text "#!/bin/sh\n", text "timeout", integer(3), text "env",
      map(text "KEY", text "value"), text "argv", map(integer(1), text "word")),
    map(text "op", text "run", text "kind", text "lua", text "code", text "return 1", text "args",
      map(text "n", integer(2), integer(1), text "/.cleantest/x", integer(2), map())),
    map(text "op", text "run", text "kind", text "command", text "argv",
      map(integer(1), text "true"), text "output_limit", integer(10)),
  },
  tree = {
    entry("", "directory", "") .. entry("a", "file", "") .. frame("c", "bytes")
      .. entry("l", "link", "..") .. entry("l/x", "file", "") .. frame("z", ""),
    entry("", "directory", "") .. entry("up/x", "file", "") .. frame("z", ""),
    entry("", "directory", "") .. entry("../x", "file", "") .. frame("z", ""),
  },
  -- The first byte: how many arrive at a time.
  websocket_head = {
    "\255" .. ACCEPT, "\0" .. ACCEPT .. "\x82\x03abc", "\7HTTP/1.1 403 Forbidden\r\n\r\n",
    "\255HTTP/1.1 101 x\r\nsec-websocket-accept:\t@x\r\n\r\n",
  },
  websocket_frames = {
    "\255\x82\x03abc\x82\x00\x88\x02\x03\xe8", "\0\x02\x01a\x80\x01b\x89\x04ping",
    "\3\x82\x7e\x01\x00" .. ("x"):rep(256), "\255\x82\x7f" .. ("\xff"):rep(8),
  },
  -- The first byte: how many arrive at a time; the second: the program's exit code.
  guest_frames = {
    "\255\0" .. frame("r", "") .. frame("o", "out") .. frame("e", "err") .. frame("v", "n") .. EXIT,
    "\2\137" .. frame("r", "") .. frame("o", "out"), "\255\125" .. frame("r", ""),
    "\255\0" .. frame("!", "it can't"), "\0\0" .. frame("z", "1048576"),
  },
}

for i, seed in ipairs(seeds[fuzzer]) do
  local file <close> = assert(io.open(("%s/seed-%d"):format(folder, i), "wb"))
  file:write(seed)
end
