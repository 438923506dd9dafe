-- SPDX-License-Identifier: MIT
--
-- What the library exports is what cleantest.h declares, and nothing else.

local build = os.getenv "BUILD"

local function words_of(command, pattern)
  local pipe <close> = assert(io.popen(command))
  local found = {}
  for word in pipe:read("a"):gmatch(pattern) do found[#found + 1] = word end
  table.sort(found)
  return found
end

describe("libcleantest", function()
  it("exports what its header declares, and the Lua module's opener", function()
    local file <close> = assert(io.open "engine/cleantest.h")
    local header = file:read("a"):gsub("/%*.-%*/", "")
    local declared = { "luaopen_cleantest_core" }
    for declaration in header:gmatch "\nCT_API([^;]*);" do
      declared[#declared + 1] = declaration:match "(ct_[%w_]+)%s*%("
    end
    table.sort(declared)
    local exported = words_of(("nm -D --defined-only %s/libcleantest.so"):format(build),
      " [TDB] ([%w_]+)")
    assert.same(declared, exported)
    assert.is_true(#declared > 20)
  end)
end)
