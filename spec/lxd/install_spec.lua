-- SPDX-License-Identifier: MIT
--
-- The three uses: in place from the build, installed for C programs and suites, and as a rock.
-- Each is put into a folder of its own, and used from there by somebody who has nothing else.

local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local BUILD = assert(os.getenv "BUILD")
local ROOT = process.output { "pwd" }

-- For compilers and make: nothing of an outer make's.
local plain = {
  MAKEFLAGS = false, MAKELEVEL = false, MFLAGS = false,
  LUA_PATH = false, LUA_CPATH = false,
}

local SUITE = [[
  local ct = require "cleantest"
  for name, result in ct.lxd { image = "busybox-amd64" } (function() return 42 end)() do
    print(name, result.status, result.value)
  end
]]

describe("the build", function()
  local function from_build(script, env)
    env = env or {}
    env.LUA_PATH, env.LUA_CPATH = env.LUA_PATH or false, env.LUA_CPATH or false
    return process.run(". " .. BUILD .. "/env; " .. script, { cwd = "/", env = env })
  end

  it("is usable in place, from anywhere", function()
    local folder <close> = new_folder { ["suite.lua"] = SUITE }
    local result = from_build("exec lua5.4 " .. folder:at "suite.lua")
    assert.equal("test-busybox-amd64\tpass\t42\n", result.stdout, result.stderr)
    result = process.run({ BUILD .. "/bin/cleantest", "--version" },
      { cwd = "/", env = { LUA_PATH = false, LUA_CPATH = false } })
    assert.equal(0, result.status, result.stderr)
  end)

  it("keeps the paths one has, and names the LXD in use", function()
    local result = from_build('echo "$LUA_PATH $LUA_CPATH"; echo "${LXD_DIR:-}"',
      { LUA_PATH = "/mine/?.lua", LUA_CPATH = "/mine/?.so" })
    assert.matches("/mine/%?%.lua", result.stdout)
    assert.matches("/mine/%?%.so", result.stdout)
    assert.equal(os.getenv "LXD_DIR" or "", result.stdout:match "\n(.*)\n$")
  end)
end)

describe("what is installed", function()
  local folder <const> = new_folder { ["suite.lua"] = SUITE, ["raises.lua"] = "error 'early'\n" }
  local prefix = folder:at "root/opt/ct"

  lazy_setup(function()
    process.output({ "make", "install", "DESTDIR=" .. folder:at "root", "PREFIX=/opt/ct",
      "BUILD=" .. BUILD }, { env = plain, deadline = 300 })
    process.output { "chmod", "-R", "a+rX", folder.path }
  end)

  lazy_teardown(function() folder:remove() end)

  local function pkg_config(options)
    return process.output(("pkg-config --define-variable=prefix=%s %s cleantest"):format(
      prefix, options), { env = { PKG_CONFIG_PATH = prefix .. "/lib/pkgconfig" } })
  end

  local function compile(source, flags)
    local program = source:match "([^/]+)%.c$"
    process.output(("cc -std=gnu11 -Wall -Wextra -Werror %s -o %s %s"):format(
      source, folder:at(program), flags), { env = plain })
  end

  -- A program of ours, with the sanitizer's runtime first if the library was built with one.
  local function start(words, cwd)
    local env = { LD_LIBRARY_PATH = prefix .. "/lib", LUA_PATH = false, LUA_CPATH = false }
    local preload = os.getenv "PRELOAD"
    if preload then words = { "env", "LD_PRELOAD=" .. preload, table.unpack(words) } end
    return process.start(words, { env = env, cwd = cwd })
  end

  it("is the library, its header, its pkg-config file, the modules and the command", function()
    local listed = process.output("cd " .. prefix .. " && find . ! -type d | sort")
    for _, path in ipairs {
      "./bin/cleantest", "./include/cleantest.h", "./lib/libcleantest.a", "./lib/libcleantest.so",
      "./lib/libcleantest.so.0", "./lib/lua/5.4/cleantest/core.so", "./lib/pkgconfig/cleantest.pc",
      "./share/lua/5.4/cleantest/init.lua", "./share/lua/5.4/cleantest/command/cli.lua",
    } do
      assert.is_truthy(("\n" .. listed .. "\n"):find("\n" .. path .. "\n", 1, true), path)
    end
    local version = process.output("pkg-config --modversion cleantest",
      { env = { PKG_CONFIG_PATH = prefix .. "/lib/pkgconfig" } })
    assert.equal(require("cleantest").version, version)
  end)

  it("has a header that needs no other of ours, and exports nothing but its own names", function()
    for _, compiler in ipairs { "cc -std=c99 -x c", "c++ -std=c++11 -x c++" } do
      process.output(("%s -Wall -Wpedantic -Werror -fsyntax-only %s/include/cleantest.h"):format(
        compiler, prefix), { env = plain })
    end
    local symbols = process.output("nm -D --defined-only --format=posix " .. prefix
      .. "/lib/libcleantest.so | cut -d ' ' -f 1 | cut -d @ -f 1", { env = plain })
    for symbol in symbols:gmatch "%S+" do
      assert.is_truthy(symbol:match "^ct_" or symbol:match "^luaopen_cleantest" or
        symbol == "CLEANTEST_0" or symbol:match "^_", symbol)
    end
    assert.matches("ct_run_open", symbols)
  end)

  it("runs a testlet on two images from C", function()
    compile("examples/embed/two_images.c", pkg_config "--cflags --libs")
    local one = start { folder:at "two_images", "debian-bookworm-amd64", "busybox-amd64" }
    local result = one:close()
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.matches("uname%-debian%-bookworm%-amd64: pass: .* runs on Linux\n", result.stdout)
    assert.matches("uname%-busybox%-amd64: pass: .* runs on Linux\n", result.stdout)
    assert.same({}, lxd.of_process(one.pid))
    result = start({ folder:at "two_images", "no-such-image" }):close()
    assert.equal(2, result.status)
    assert.matches("UNKNOWN_IMAGE: .*no%-such%-image", result.stderr)
  end)

  it("is linked statically with a program that has names of the engine's insides", function()
    folder:write("clash.c",
      "int lxd_call, ct_buf_add; void ct_fail(void);\nvoid ct_fail(void) {}\n")
    compile("examples/embed/two_images.c", ("%s -I%s/include %s/lib/libcleantest.a %s %s"):format(
      folder:at "clash.c", prefix, prefix, process.output(
        "pkg-config --libs libcurl libssl libcrypto lua5.4 lua5.4-cjson"),
      "-lwslay -lm -pthread " .. (os.getenv "SANITIZE" or "")))
    local result = start({ folder:at "two_images", "busybox-amd64" }):close()
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.matches("uname%-busybox%-amd64: pass: .* runs on Linux\n", result.stdout)
  end)

  it("leaves nothing of a host that is killed, though a child it forked lives on", function()
    compile("spec/programs/forker.c", pkg_config "--cflags --libs")
    local host = start { folder:at "forker", "busybox-amd64" }
    local name = host:close().stdout:match "%S+"
    assert.matches("^forker%-", name)
    assert.is_true(process.within(15, function() return not lxd.instance(name) end))
  end)

  it("takes no descriptor of a standard stream for its own, where a host has none", function()
    compile("spec/programs/closed_streams.c", pkg_config "--cflags --libs")
    assert.equal(0, start({ folder:at "closed_streams", "busybox-amd64" }):close().status)
  end)

  it("runs a suite from C, without any Lua file of ours", function()
    compile("examples/embed/run_suite.c", pkg_config "--cflags --libs")
    local result = start({ folder:at "run_suite", folder:at "suite.lua" }, "/"):close()
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.matches("test%-busybox%-amd64\tpass\t42", result.stdout)
    assert.matches("1 passed", result.stdout)
    result = start({ folder:at "run_suite", folder:at "raises.lua" }):close()
    assert.equal(1, result.status)
    assert.matches("raises%.lua:1: early", result.stderr)
  end)

  it("runs suites by its own modules and command", function()
    local env = {
      LUA_PATH = prefix .. "/share/lua/5.4/?.lua;" .. prefix .. "/share/lua/5.4/?/init.lua;;",
      LUA_CPATH = prefix .. "/lib/lua/5.4/?.so;;",
    }
    local result = process.run({ prefix .. "/bin/cleantest", folder:at "suite.lua" },
      { cwd = "/", env = env })
    assert.equal(0, result.status, result.stdout .. result.stderr)
    assert.matches("test%-busybox%-amd64\tpass\t42", result.stdout)
    -- For somebody who may not speak to LXD.
    local refused = process.run({ "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
      "lua5.4", folder:at "suite.lua" }, { cwd = "/", env = env })
    assert.matches("\terror\t", refused.stdout .. refused.stderr)
    local cleaning = process.run({ "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
      "lua5.4", prefix .. "/bin/cleantest", "clean" }, { cwd = "/", env = env })
    assert.equal(2, cleaning.status)
    assert.matches("permission denied", cleaning.stderr)
    assert.matches("root or join the group", cleaning.stderr)
  end)
end)

describe("the rock", function()
  it("is built and installed by luarocks, and used from its tree", function()
    local folder <close> = new_folder { ["suite.lua"] = SUITE }
    local tree = folder:at "tree"
    local env = {
      LUAROCKS_CONFIG = ROOT .. "/rockspec/debian.lua", BUILD = folder:at "build",
      -- without the build's own command; a rock has no sanitizer in it
      PATH = os.getenv("PATH"):gsub("[^:]*/build[^:/]*/bin:", ""), SANITIZE = false,
    }
    for name, value in pairs(plain) do env[name] = value end
    env.MAKEFLAGS = "-j2"
    local rockspec = process.output "ls rockspec/cleantest-*.rockspec"
    process.output({ "luarocks", "--lua-version", "5.4", "--tree", tree, "make", rockspec },
      { env = env, deadline = 300 })
    local paths = {
      PATH = env.PATH,
      LUA_PATH = tree .. "/share/lua/5.4/?.lua;" .. tree .. "/share/lua/5.4/?/init.lua;;",
      LUA_CPATH = tree .. "/lib/lua/5.4/?.so;;",
    }
    local result = process.run({ "lua5.4", folder:at "suite.lua" }, { cwd = "/", env = paths })
    assert.equal("test-busybox-amd64\tpass\t42\n", result.stdout, result.stderr)
    result = process.run({ tree .. "/bin/cleantest", "--version" }, { cwd = "/", env = paths })
    assert.equal("cleantest " .. require("cleantest").version .. "\n", result.stdout,
      result.stderr)
  end)
end)
