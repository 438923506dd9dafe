-- SPDX-License-Identifier: MIT
--
-- apt.lua - installs what a start hook's ct.pkg.apt names.
local apt = require "cleantest.utils.apt"

--- @tparam table spec packages (a list of names, name=version, or paths of .deb files in the
--   instance), update (fetch the lists even when there are some)
return function(spec)
  if spec.update then apt.update() end
  apt.install(table.unpack(spec.packages))
  for _, package in ipairs(spec.packages) do print("installed " .. package) end
end
