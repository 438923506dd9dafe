-- SPDX-License-Identifier: MIT
--
-- cleantest.utils.dnf with dnf 5, which is in no image here: a script says what the real one was
-- recorded to say. dnf 4 is in guest_manager_spec.

local results = require "spec.support.results"

-- Printed by rpm-software-management/dnf5, `dnf5 --version`: as quoted in
-- github.com/sosreport/sos/issues/4308.
local recorded = "dnf5 version 5.2.18.0\ndnf5 plugin API version 2.0\n"
  .. "libdnf5 version 5.2.18.0\nlibdnf5 plugin API version 2.2\n"

-- Printed by dnf 4.14, `dnf --version`, of Debian bookworm.
local older = "4.14.0\n"

describe("dnf 5, by recorded output,", function()
  it("tells its version, and not that of its name", function()
    local result = results.only(results.decorate(function()
      local dnf = require "cleantest.utils.dnf"
      local function say(text)
        local file <close> = assert(io.open("/bin/dnf", "w"))
        file:write("#!/bin/sh\ncat <<'END'\n", text, "END\n")
        file:close()
        require "cleantest.utils.run" "chmod 755 /bin/dnf"
        return dnf.version()
      end
      return { say(recorded), say(older) }
    end)())
    assert.equal("pass", result.status, tostring(result))
    assert.same({ "5.2.18.0", "4.14.0" }, result.value)
  end)
end)
