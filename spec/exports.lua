-- SPDX-License-Identifier: MIT
--
-- The walls around the public API: cleantest.h declares what engine/libcleantest.map lists, and
-- both libraries export that, and nothing else; the Lua module exports its opener; and the
-- binding is a caller as any other: of the engine it needs what is exported, and wire/. What it
-- leaves unbound is in engine/binding/unbound, with the reason. Lint runs it, after a build:
--     lua5.4 spec/exports.lua BUILD

local BUILD <const> = assert(arg[1], "usage: exports.lua BUILD")
local OPENER <const> = "luaopen_cleantest_core"

local problems = {}

local function complain(...)
  problems[#problems + 1] = string.format(...)
end

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

-- The names in lines of nm, by kind: "T", "U" ...
local function symbols(options, files, kinds)
  local pipe <close> = assert(io.popen(("nm -P %s %s"):format(options, files)))
  local found, count = {}, 0
  for line in pipe:lines() do
    local name, kind = line:match "^([%w_]+)%S* (%a)"
    if name and kinds:find(kind, 1, true) then found[name], count = true, count + 1 end
  end
  if count == 0 then complain("%s: nm tells nothing of it: is it built?", files) end
  return found
end

-- A sanitizer puts names of its own into what it makes.
local function is_foreign(name)
  return name:match "^_" or name:match "^%l?%lsan_"
end

local function compare(what, wanted, found)
  for name in pairs(wanted) do
    if not found[name] then complain("%s lacks %s", what, name) end
  end
  for name in pairs(found) do
    if not wanted[name] and not is_foreign(name) then complain("%s has %s, too", what, name) end
  end
end

-- ---- what is public ----

local declared, listed = { [OPENER] = true }, {}
local header = read("engine/cleantest.h"):gsub("/%*.-%*/", "")
for declaration in header:gmatch "\nCT_API([^;]*);" do
  declared[declaration:match "(ct_[%w_]+)%s*%("] = true
end
local map = read("engine/libcleantest.map"):gsub("/%*.-%*/", "")
for name in map:match("global:(.-)local:"):gmatch "[%w_]+" do listed[name] = true end

compare("engine/libcleantest.map", declared, listed)
compare("libcleantest.so", listed, symbols("-D --defined-only", BUILD .. "/libcleantest.so", "TDB"))
compare("libcleantest.a", listed, symbols("-g --defined-only", BUILD .. "/libcleantest.a", "TDBRV"))
compare("cleantest/core.so", { [OPENER] = true },
  symbols("-D --defined-only", BUILD .. "/clib/cleantest/core.so", "TDB"))

-- ---- what the binding needs ----

local unbound = {}
for line in io.lines "engine/binding/unbound" do
  local name, reason = line:match "^(%S+)%s+(.+)$"
  if line:sub(1, 1) ~= "#" then
    if not reason then complain("engine/binding/unbound: no reason in '%s'", line) end
    unbound[name or line] = true
  end
end

local needed = symbols("-u", BUILD .. "/obj/binding/*.o", "U")
local own = symbols("-g --defined-only", BUILD .. "/obj/binding/*.o", "TDBR")
local wire = symbols("-g --defined-only", BUILD .. "/obj/wire/*.o", "TDBR")
for name in pairs(needed) do
  -- ct_buf is what wire/ puts bytes into; the embedded modules are the binding's own
  local inner = name:match "^ct_" and not (wire[name] or own[name] or name:match "^ct_buf_")
  if inner and not listed[name] and name ~= "ct_embedded_lua" then
    complain("the binding needs %s, which is neither public nor wire's", name)
  end
end
for name in pairs(listed) do
  if name ~= OPENER and not needed[name] and not unbound[name] then
    complain("%s is neither bound nor in engine/binding/unbound", name)
  end
end
for name in pairs(unbound) do
  if not listed[name] then complain("engine/binding/unbound: %s is no public function", name) end
  if needed[name] then complain("engine/binding/unbound: %s is bound", name) end
end

table.sort(problems)
for _, problem in ipairs(problems) do print(problem) end
os.exit(#problems == 0)
