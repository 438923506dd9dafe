rockspec_format = "3.0"
package = "cleantest"
version = "0.1.0-1"
source = {
  url = "git+https://github.com/cleantest/cleantest.git",
  tag = "v0.1.0",
}
description = {
  summary = "Run tests in clean machines: each testlet in its own pristine LXD instance",
  detailed = [[
    A test suite is a Lua script: it declares images and testlets; for each image a fresh LXD
    instance is brought up, the testlet runs in it, exit code and output come back, and the
    instance is gone.
  ]],
  license = "MIT",
}
supported_platforms = { "linux" }
dependencies = {
  "lua ~> 5.4",
  "lua-cjson >= 2.1.0",
  "argparse >= 0.7.1",
}
build = {
  type = "make",
  build_target = "all",
  install_target = "install-rock",
  build_variables = { CFLAGS = "$(CFLAGS)" },
  install_variables = {
    LUA_LMOD = "$(LUADIR)",
    LUA_CMOD = "$(LIBDIR)",
    ROCK_BINDIR = "$(BINDIR)",
  },
}
