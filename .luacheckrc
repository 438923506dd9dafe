-- SPDX-License-Identifier: MIT
--
-- What luacheck holds the Lua files to; `make lint` runs it.

std = "lua54"
max_line_length = 100
cache = false

files["spec"] = { std = "+busted" }
files["lua/types"] = { ignore = { "212", "241" } } -- declarations: nothing is done in them
