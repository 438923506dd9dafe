-- SPDX-License-Identifier: MIT
--
-- For luarocks on Debian, where the packages lua-cjson and lua-argparse stand in for rocks:
--     LUAROCKS_CONFIG=rockspec/debian.lua luarocks --lua-version 5.4 make
rocks_provided = {
  ["lua-cjson"] = "2.1.0-1",
  argparse = "0.7.1-1",
}
