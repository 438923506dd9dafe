-- SPDX-License-Identifier: MIT
--
-- One folder into an instance that exists, for the benchmark:
--     lua5.4 upload.lua INSTANCE FOLDER DEST
-- prints the upload's seconds, and peak memory (bytes) of this process.
local ct = require "cleantest"

local instance, folder, dest = table.unpack(arg, 1, 3)

local function peak_memory()
  for line in io.lines "/proc/self/status" do
    local kib = line:match "^VmHWM:%s+(%d+) kB"
    if kib then return math.tointeger(kib) * 1024 end
  end
end

ct.configure("lxd"):register_hook(ct.hook.start_env {
  name = "upload", upload = ct.data.dir(folder, dest),
})
for _, result in ct.lxd.target(instance)(function() end)() do
  assert(result.status == "pass", tostring(result))
  print(("%.3f %d"):format(result.phases.hooks, peak_memory()))
end
