-- SPDX-License-Identifier: MIT

--- ct.pkg.apt: Debian packages, from the instance's own
-- repositories or from .deb files that lie here.
-- @submodule cleantest.pkg

local check = require "cleantest.check"
local distribution = require "cleantest.pkg.distribution"

--- Debian packages for a start hook, from the instance's own repositories or from .deb files that
-- lie here.
-- @function ct.pkg.apt
-- @tparam string|table options options, or a list of packages, which may have options in it
-- @tparam string|{string,...} options.packages each a package's name as the package manager takes
--   it, or the path of a local package file, relative to the suite's folder (a URL is a name);
--   required
-- @tparam[opt=false] boolean options.update fetch the package lists even where there are some
-- @tparam[opt] boolean options.recommends install what they recommend, too; default: as the
--   instance's apt is configured, which is true
-- @tparam[opt=false] boolean options.volatile see ct.hook.start_env
-- @treturn Package
return distribution.constructor("apt", "%.deb$", { recommends = check.boolean })
