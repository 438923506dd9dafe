-- SPDX-License-Identifier: MIT

--- ct.pkg: what a start hook can install, by kind. One file each under pkg/; what
-- they do inside the instance is the guest's (lua/guest).
-- @module cleantest.pkg

return {
  apk = require "cleantest.pkg.apk",
  apt = require "cleantest.pkg.apt",
  charmlib = require "cleantest.pkg.charmlib",
  dnf = require "cleantest.pkg.dnf",
  npm = require "cleantest.pkg.npm",
  pacman = require "cleantest.pkg.pacman",
  pip = require "cleantest.pkg.pip",
  rock = require "cleantest.pkg.rock",
  snap = require "cleantest.pkg.snap",
  system = require "cleantest.pkg.system",
  zypper = require "cleantest.pkg.zypper",
}
