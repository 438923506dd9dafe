-- SPDX-License-Identifier: MIT
--
-- apk.lua - ct.pkg.apk: packages of Alpine Linux, from the instance's own
-- repositories or from .apk files that lie here.

local distribution = require "cleantest.pkg.distribution"

--- Packages of Alpine Linux for a start hook.
-- @function apk
-- @tparam table options packages, update: see distribution.constructor
-- @treturn package
return distribution.constructor("apk", "%.apk$")
