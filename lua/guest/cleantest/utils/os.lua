-- SPDX-License-Identifier: MIT

--- cleantest.utils.release under the name that the original has for it, whose functions
-- are called so: require "cleantest.utils.os". A local called os would hide Lua's own.
-- @module cleantest.utils.os
local release = require "cleantest.utils.release"

--- What release() of cleantest.utils.release returns.
-- @function release
-- @treturn Release

--- The architecture.
-- @function arch
-- @treturn string as release.arch() of cleantest.utils.release
return { release = function() return release() end, arch = release.arch }
