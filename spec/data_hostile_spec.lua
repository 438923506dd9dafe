-- SPDX-License-Identifier: MIT
--
-- Downloads from an instance that means harm: they end in their own place, and at their limit.
-- What frames can do that no honest guest would send is in internals_spec.lua.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"
local transfer = require "spec.support.transfer"

describe("downloads of a hostile instance", function()
  it("write nothing outside of their dest", function()
    local folder <close> = new_folder { ["outside/kept"] = "kept" }
    local download = ct.data.dir("/left", folder:at "in", { overwrite = true })
    local result = results.only(transfer.start({ download = download }, function()
      os.execute("mkdir /left && ln -s ../outside /left/out && ln -s / /left/root")
    end))
    assert.equal("pass", result.status, tostring(result))
    assert.equal("../outside", folder:link "in/out")
    -- A second one, over the links that the first one brought.
    result = results.only(transfer.start({ download = download }, function()
      os.execute "mkdir -p /left/out && echo escaped >/left/out/kept"
    end))
    assert.equal("error", result.status)
    assert.equal("kept", folder:read "outside/kept", tostring(result))
  end)

  it("write no more than their limit, however it is made up", function()
    local folder <close> = new_folder()
    local function download(name, limit)
      return ct.data.dir("/left", folder:at(name), { limit = limit })
    end
    local function leave_bytes()
      os.execute "mkdir /left && head -c 300000 /dev/zero >/left/zeros"
    end
    local all = transfer.run {
      bytes = { download = download("bytes", 200000), testlet = leave_bytes },
      entries = { download = download("entries", 100 * 1024), testlet = function()
        os.execute "mkdir /left && cd /left && for i in $(seq 150); do mkdir $i; done"
      end },
      enough = { download = download("enough", 310000), testlet = leave_bytes },
    }
    assert.equal("error", all.bytes.status)
    assert.matches("more than 200000 bytes", all.bytes.error)
    assert.is_true(#(folder:read "bytes/zeros" or "") <= 200000)
    assert.equal("error", all.entries.status)
    assert.matches("more than 102400 bytes", all.entries.error)
    assert.equal("pass", all.enough.status, tostring(all.enough))
    assert.equal(300000, #folder:read "enough/zeros")
  end)
end)
