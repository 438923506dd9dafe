-- SPDX-License-Identifier: MIT
--
-- Inputs for the fuzzers to start from: lua5.4 seeds.lua FUZZER FOLDER.
local fuzzer, folder = arg[1], arg[2]

local function text(s) return "s" .. ("<s4"):pack(s) end
local function frame(kind, bytes) return kind .. ("<s4"):pack(bytes) end

local function entry(path, kind, target)
  return frame("f", "T" .. ("<I4"):pack(8) .. text "path" .. text(path) .. text "name"
    .. text "n" .. text "type" .. text(kind) .. text "target" .. text(target) .. text "uid"
    .. "i" .. ("<i8"):pack(1000) .. text "gid" .. "i" .. ("<i8"):pack(1000) .. text "mode"
    .. "i" .. ("<i8"):pack(420) .. text "mtime" .. "d" .. ("<d"):pack(1.0))
end

local seeds = {
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
}

for i, seed in ipairs(seeds[fuzzer]) do
  local file <close> = assert(io.open(("%s/seed-%d"):format(folder, i), "wb"))
  file:write(seed)
end
