-- SPDX-License-Identifier: MIT
--
-- What busted does around every unit test: no hook, setting or variable reaches the next one. No
-- daemon and no root is needed.

require("cleantest_internals").unset "LD_PRELOAD"

local busted = require "busted"
local ct = require "cleantest"

busted.after_each(function()
  ct.configure("lxd"):reset()
  ct.env:reset()
  collectgarbage()
end)
