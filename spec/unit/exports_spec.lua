-- SPDX-License-Identifier: MIT
--
-- What the library exports is what cleantest.h declares, and nothing else: see spec/exports.lua.

describe("libcleantest", function()
  it("exports what its header declares, the shared one as the static one", function()
    local command = "lua5.4 spec/exports.lua '" .. os.getenv "BUILD" .. "' 2>&1"
    local pipe <close> = assert(io.popen(command))
    assert.equal("", pipe:read "a")
    assert.is_true(pipe:close())
  end)
end)
