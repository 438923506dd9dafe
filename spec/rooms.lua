-- SPDX-License-Identifier: MIT
--
-- The house rule of engine/: a room is a folder, ROOM/ROOM.h is its door, and a room includes
-- only doors of rooms below it. With the objects of a build, files that need one another in a
-- circle are found, too, whatever room they are in. Lint runs it:
--     lua5.4 spec/rooms.lua [OBJECTS' FOLDER]

-- From the top down. The guest is a tower of its own on tree, wire and basic.
local ROOMS <const> = {
  "binding", "run", "job", "prepared", "reaper", "guest_client", "lxd", "provider", "schedule",
  "model", "guest", "tree", "wire", "net", "basic",
}
local OF_GUEST <const> = { guest = true, tree = true, wire = true, basic = true }
-- The only ones that know Lua: what both ends of the wire speak, and those who hold a lua_State.
local KNOW_LUA <const> = { binding = true, guest = true, wire = true, basic = true }
-- A caller of the public API as any other: beside cleantest.h it has what travels.
local OF_BINDING <const> = { binding = true, wire = true }

local floor = {}
for i, room in ipairs(ROOMS) do floor[room] = i end

local problems = {}

local function complain(...)
  problems[#problems + 1] = string.format(...)
end

local function lines_of(command)
  local pipe <close> = assert(io.popen(command))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  return lines
end

local function check_include(file, room, include)
  local other = include:match "^([%w_]+)/"
  if include == "cleantest.h" or other == room then return end
  if not floor[other or ""] then
    complain("%s: includes %s, which is in no room", file, include)
  elseif include ~= ("%s/%s.h"):format(other, other) then
    complain("%s: includes %s; the door of that room is %s/%s.h", file, include, other, other)
  elseif floor[other] < floor[room] or room == "guest" and not OF_GUEST[other]
    or room == "binding" and not OF_BINDING[other] then
    complain("%s: includes %s, which is no room that %s/ may use", file, include, room)
  end
end

local function check_file(path)
  local file, room = path:match "^engine/(([%w_]+)/.*)$"
  if not floor[room or ""] then
    if path ~= "engine/cleantest.h" then complain("%s: is in no room", path) end
    return
  end
  for line in io.lines(path) do
    local include = line:match '^#include "([^"]+)"'
    if include then check_include(file, room, include) end
    if line:match "^#include <l[uau][ax][uli]" and not KNOW_LUA[room] then
      complain("%s: includes Lua, which only %s/ may know", file, "binding, guest, wire, basic")
    end
  end
end

-- ---- circles, by what objects define and need ----

local function read_symbols(folder)
  local needs, defined_in = {}, {}
  for _, line in ipairs(lines_of(("nm -A -P %s/*/*.o 2>/dev/null"):format(folder))) do
    local object, name, kind = line:match "([%w_]+/[%w_]+)%.o: ([%w_]+) (%a)"
    if kind == "U" then
      needs[object] = needs[object] or {}
      table.insert(needs[object], name)
    elseif kind and kind:match "[TDBR]" then
      defined_in[name] = object
    end
  end
  return needs, defined_in
end

local function check_circles(folder)
  local needs, defined_in = read_symbols(folder)
  local state = {} -- object -> "open" while on the way, "done"
  local way = {}
  local function visit(object)
    state[object], way[#way + 1] = "open", object
    for _, name in ipairs(needs[object] or {}) do
      local other = defined_in[name]
      if other and other ~= object and state[other] == "open" then
        local circle = { other }
        for i = #way, 1, -1 do
          table.insert(circle, 1, way[i])
          if way[i] == other then break end
        end
        complain("a circle of files: %s (by %s)", table.concat(circle, " -> "), name)
      elseif other and other ~= object and not state[other] then
        visit(other)
      end
    end
    state[object], way[#way] = "done", nil
  end
  local objects = {}
  for object in pairs(needs) do objects[#objects + 1] = object end
  table.sort(objects)
  for _, object in ipairs(objects) do
    if not state[object] then visit(object) end
  end
end

for _, path in ipairs(lines_of "git ls-files 'engine/*.c' 'engine/*.h'") do check_file(path) end
if arg[1] then check_circles(arg[1]) end
for _, problem in ipairs(problems) do print(problem) end
os.exit(#problems == 0)
