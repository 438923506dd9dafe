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
