-- SPDX-License-Identifier: MIT
--
-- Lua's prompt: what is defined there can be used in a testlet, and what is printed says what it
-- is.

local ct = require "cleantest"
local local_guest = require "spec.unit.support.local_guest"
local process = require "spec.support.process"
require "spec.unit.support.refuses"

setup(local_guest.use)

local HEAD <const> = [[
ct = require "cleantest"
require("spec.unit.support.local_guest").use()
]]

-- What Lua's prompt answers to lines; what it says on stderr follows.
local function prompt(lines)
  local ran = process.run("lua5.4 -i", { stdin = HEAD .. lines, deadline = 60 })
  return ran.stdout:gsub("> ", ""), ran.stderr
end

describe("at Lua's prompt", function()
  it("globals travel with the testlet that uses them, and those that they use", function()
    local said, wrong = prompt [[
limit = { 7 }
function helper() return limit[1] + more() end
function more() return 1 end
run = require "cleantest.utils.run"
function f(n) return { helper() + n, run("echo x").stdout, limit[1] } end
t = ct.lxd { image = "here" } (f)
r = t(2):only()
print("got", r.status, r.value[1], r.value[2], r.value[3], r.id)
limit = { 70 }
print("got", t(2):only().value[1])
]]
    assert.matches("\ngot\tpass\t10\tx\n\t7\t%-::test@here\n.*\ngot\t73\n", said, nil, nil, wrong)
  end)

  it("says which of them can't travel", function()
    local _, wrong = prompt [[
t = ct.lxd { image = "here" } (function() return ct.version end)
t()
]]
    assert.matches("test: the function can't travel into an instance: upvalue 'global'.ct is"
      .. " cleantest's own, of the host: in an instance there are cleantest.utils", wrong)
  end)

  it("shows what things are", function()
    local said = prompt [[
= ct.script "echo x"
t = ct.lxd { name = "install", image = { "a", "b" } } (function() end)
= t
c = t()
= (c)
= c:wait()
= c:all()[1]
= ct.lxd
]]
    for _, line in ipairs {
      "ct.script 'echo x'", "ct.lxd 'install' on a, b", "install-a: pass: exit code 0", "ct.lxd",
      "call of install-a, install-b: 0 of 2 results",
      "call of install-a, install-b: 2 of 2 results",
    } do
      assert.is_truthy(("\n" .. said):find("\n" .. line .. "\n", 1, true), line .. " in " .. said)
    end
  end)
end)

describe("what there is not", function()
  it("is said by its name, with what there is", function()
    assert.refuses("ct.lxc: there is no such function; there are archon, command, configure,",
      function() ct.lxc {} end)
    assert.refuses("ct.pkg.aptt: there is no such function; there are apk, apt,", function()
      ct.pkg.aptt {}
    end)
    assert.refuses("ct.hook.start: there is no such function; there are start_env, stop_env",
      function() ct.hook.start {} end)
    assert.refuses("ct.data.text: there is no such function; there are dir, file", function()
      ct.data.text()
    end)
    assert.refuses("ct.lxd.targets: there is no such function; there is target", function()
      ct.lxd.targets "x"
    end)
    local config = ct.configure "lxd"
    assert.refuses("config:register: there is no such method; there are add_instance,", function()
      config:register()
    end)
    assert.refuses("config.client can be assigned, and not read", function()
      config.client.timeout = 5
    end)
    assert.refuses("config: 'clients' can't be assigned; what can be: cache, client", function()
      config.clients = {}
    end)
  end)
end)

describe("what suites print", function()
  it("says what it is", function()
    local upload = ct.data.file({ text = "x" }, "/x")
    local all = {
      ["ct.file 'spec/unit/x.sh'"] = ct.file "x.sh",
      ["ct.command { 'true', 'x' }"] = ct.command { "true", "x" },
      ["ct.pkg.apt (curl, git)"] = ct.pkg.apt { "curl", "git" },
      ["ct.data.file(a text, '/x')"] = upload,
      ["hook 'tools' (apt, upload)"] = ct.hook.start_env {
        name = "tools", packages = ct.pkg.apt "curl", upload = upload,
      },
      ["the configuration of lxd (hooks: none)"] = ct.configure "lxd",
      ["ct.env (none)"] = ct.env,
      ["ct.hook (start_env, stop_env)"] = ct.hook,
      ["ct.archon (none)"] = ct.archon(),
    }
    for text, value in pairs(all) do assert.equal(text, tostring(value)) end
  end)
end)
