-- SPDX-License-Identifier: MIT

--- ct.pkg.pacman: packages of Arch Linux and its kin, from the instance's own
-- repositories or from .pkg.tar files that lie here.
-- @submodule cleantest.pkg

local distribution = require "cleantest.pkg.distribution"

--- Packages of Arch Linux and its kin for a start hook, from the instance's own repositories or
-- from .pkg.tar files that lie here.
-- @function ct.pkg.pacman
-- @tparam string|table options options, or a list of packages, which may have options in it
-- @tparam string|{string,...} options.packages each a package's name as the package manager takes
--   it, or the path of a local package file, relative to the suite's folder (a URL is a name);
--   required
-- @tparam[opt=false] boolean options.update fetch the package lists even where there are some
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env
-- @treturn Package
return distribution.constructor("pacman", "%.pkg%.tar%.?%w*$")
