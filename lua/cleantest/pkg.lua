-- SPDX-License-Identifier: MIT
--
-- pkg.lua - ct.pkg: what a start hook can install, by kind. One file each under pkg/; what
-- they do inside the instance is the guest's (lua/guest).

return {
  apt = require "cleantest.pkg.apt",
  pip = require "cleantest.pkg.pip",
}
