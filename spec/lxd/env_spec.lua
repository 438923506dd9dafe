-- SPDX-License-Identifier: MIT
--
-- ct.env and the `env` option: the variables a testlet gets.

local ct = require "cleantest"
local results = require "spec.support.results"

describe("ct.env", function()
  it("keeps what is added, until it is removed or reset", function()
    ct.env:add { KEY = "value", NUMBER = 7, PATHLIKE = { "/a", "/b" } }
    assert.equal("value", ct.env:get "KEY")
    assert.equal("7", ct.env:get "NUMBER")
    assert.equal("/a:/b", ct.env:get "PATHLIKE")
    ct.env:add { KEY = "other" }
    assert.same({ KEY = "other", NUMBER = "7", PATHLIKE = "/a:/b" }, ct.env:dump())
    ct.env:remove("NUMBER", "NOT_THERE")
    assert.is_nil(ct.env:get "NUMBER")
    ct.env:reset()
    assert.same({}, ct.env:dump())
  end)

  it("hands out copies", function()
    ct.env:add { KEY = "value" }
    ct.env:dump().KEY = "changed"
    assert.equal("value", ct.env:get "KEY")
  end)

  it("refuses what is no variable, with the suite's line", function()
    for _, wrong in ipairs { { KEY = true }, { KEY = {} , [1] = "x" }, { ["A=B"] = "x" },
      { [""] = "x" }, { KEY = "a\0b" }, { KEY = { 1 } } } do
      local ok, message = pcall(function() ct.env:add(wrong) end)
      assert.is_false(ok)
      assert.matches("env_spec%.lua:%d+: ct%.env:add", message)
    end
    assert.same({}, ct.env:dump())
  end)

  it("reaches testlets of all kinds as it is at the call; a testlet's own wins", function()
    ct.env:add { COLOUR = "red", SHAPE = { "round", "flat" }, SPACED = "a  b\n'c'" }
    local script = results.decorate(ct.script 'echo "$COLOUR/$SHAPE/$SPACED"', {
      name = "script", env = { COLOUR = "blue" } })
    local call = table.pack(results.decorate(function()
      return { os.getenv "COLOUR", os.getenv "SHAPE", os.getenv "SPACED", os.getenv "LATER",
        os.getenv "HOST_ONLY" }
    end)())
    local second = table.pack(script())
    ct.env:reset()
    ct.env:add { LATER = "too late" }
    local first = results.only(table.unpack(call, 1, call.n))
    assert.same({ "red", "round:flat", "a  b\n'c'" }, first.value)
    local result = results.only(table.unpack(second, 1, second.n))
    assert.equal("blue/round:flat/a  b\n'c'\n", result.stdout)
  end)

  it("has lists, joined by colons, of all testlets and of one, which no other sees", function()
    local function look()
      return { os.getenv "EVERYWHERE", os.getenv "OWN", os.getenv "OTHER", os.getenv "LISTED" }
    end
    ct.env:add { EVERYWHERE = { "/a", "/b", "/c" }, LISTED = { "/all", "/of" } }
    local all = results.run {
      one = { look, env = { OWN = { "/1", "/2" }, LISTED = { "/mine" } } },
      other = { look, env = { OTHER = { "/3" } } },
      neither = look,
    }
    assert.same({ EVERYWHERE = "/a:/b:/c", LISTED = "/all:/of" }, ct.env:dump())
    ct.env:reset()
    all.later = results.only(results.decorate(look)())
    for name, wanted in pairs {
      one = { "/a:/b:/c", "/1:/2", nil, "/mine" },
      other = { "/a:/b:/c", nil, "/3", "/all:/of" },
      neither = { "/a:/b:/c", nil, nil, "/all:/of" }, later = {},
    } do
      assert.equal("pass", all[name].status, tostring(all[name]))
      assert.same(wanted, all[name].value, name)
    end
  end)

  it("that a testlet sets for itself is gone with it", function()
    local function set_and_look()
      local run = require "cleantest.utils.run"
      local before = os.getenv "SET"
      run("export SET=1")
      return { before = before, after = os.getenv "SET" }
    end
    ct.env:add { KEPT = "as it was" }
    local first = results.only(results.decorate(ct.script "export KEPT=changed SET=1")())
    local second = results.only(results.decorate(set_and_look, { env = { SET = "mine" } })())
    local third = results.only(results.decorate(set_and_look)())
    assert.equal("pass", first.status, tostring(first))
    assert.same({ before = "mine", after = "mine" }, second.value)
    assert.same({}, third.value)
    assert.equal("as it was", ct.env:get "KEPT")
    ct.env:reset()
  end)

  it("is all there is: the host's own environment stays at home", function()
    assert.is_string(os.getenv "LUA_PATH") -- the host has it
    local result = results.only(results.decorate(function()
      return { path = os.getenv "PATH", lua_path = os.getenv "LUA_PATH" }
    end)())
    assert.is_nil(result.value.lua_path)
    assert.matches("/bin", result.value.path)
  end)

  it("reaches a Debian's testlets and its hooks", function()
    ct.env:add { STAGE = "test", LISTED = { "/a", "/b" } }
    ct.configure("lxd"):register_hook(ct.hook.start_env {
      name = "env", run = ct.script 'echo "$STAGE" >/root/stage',
    })
    local result = results.only(results.decorate(ct.script [[
      #!/bin/bash
      echo "$(cat /root/stage) $STAGE $LISTED ${LUA_PATH-none}"
    ]], { image = "debian-bookworm-amd64", env = { STAGE = "own" } })())
    assert.equal("pass", result.status, tostring(result))
    assert.equal("own own /a:/b none\n", result.stdout)
  end)
end)
