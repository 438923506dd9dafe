-- SPDX-License-Identifier: MIT
--
-- What luacheck holds the Lua files to; `make lint` runs it.

std = "lua54"
max_line_length = 100
cache = false

files["spec"] = { std = "+busted" }
