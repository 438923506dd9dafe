-- SPDX-License-Identifier: MIT
--
-- config:add_instance and its kin: descriptions of instances, used by name.

local cjson = require "cjson"
local ct = require "cleantest"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local results = require "spec.support.results"

local config = ct.configure "lxd"

local function message_of(action)
  local ok, message = pcall(action)
  assert.is_false(ok)
  return message
end

describe("a registered instance", function()
  before_each(function()
    config:add_instance {
      name = "small", description = "few processes", ephemeral = false,
      source = { type = "image", alias = results.image },
      config = { ["limits.processes"] = 400, ["user.colour"] = "green" },
    }
  end)

  it("is used like an image, and leaves nothing though it is not ephemeral", function()
    local small = ct.lxd { image = { "small" } } (function() return "ran" end)
    local instance
    for name, result in small() do
      assert.equal("test-small", name)
      assert.equal("pass", result.status, tostring(result))
      assert.equal("ran", result.value)
      instance = lxd.instance(result.instance)
    end
    assert.equal("400", instance.config["limits.processes"])
    assert.equal("few processes", instance.description)
    assert.is_false(instance.ephemeral)
    assert.is_nil(lxd.instance(instance.name))
  end)

  it("may be a Debian", function()
    config:add_instance {
      name = "large", image = "debian-bookworm-amd64", config = { ["limits.processes"] = 400 },
    }
    local large = ct.lxd { image = "large" } (ct.script "cat /etc/os-release")
    for name, result in large() do
      assert.equal("test-large", name)
      assert.equal("pass", result.status, tostring(result))
      assert.matches("VERSION_CODENAME=bookworm", result.stdout)
      assert.equal("400", lxd.instance(result.instance).config["limits.processes"])
    end
  end)

  it("has the size that its instance_type stands for", function()
    config:add_instance { name = "sized", image = results.image, instance_type = "c1-m1" }
    for _, result in ct.lxd { image = "sized" } (function() end)() do
      assert.equal("pass", result.status, tostring(result))
      local instance = lxd.instance(result.instance)
      assert.equal("1", instance.config["limits.cpu"])
      assert.equal("1024MB", instance.config["limits.memory"])
    end
    local unknown = { name = "unknown", image = results.image, instance_type = "colossal" }
    local result = results.only(ct.lxd { image = unknown } (function() end)())
    assert.equal("error", result.status)
    assert.matches("instance type.*colossal", result.error)
  end)

  it("is made for its architecture, which is LXD's to refuse", function()
    local result = results.only(ct.lxd {
      image = { name = "odd", source = { type = "none" }, architecture = "pdp11" },
    } (function() end)())
    assert.equal("error", result.status)
    assert.matches("Architecture isn't supported: pdp11", result.error)
  end)

  it("is handed out as a copy, to be changed and registered anew", function()
    local other = config:get_instance "small"
    other.config["user.colour"] = "red"
    assert.equal("green", config:get_instance("small").config["user.colour"])
    other.name = "other"
    config:add_instance(other)
    assert.equal("red", config:get_instance("other").config["user.colour"])
  end)

  it("is found when the call is made, not before", function()
    local late = ct.lxd { image = "late" } (function() end)
    config:add_instance { name = "late", source = { type = "image", alias = results.image } }
    assert.equal("pass", results.only(late()).status)
    config:remove_instance "late"
    assert.matches('unknown image "late"', message_of(function() late() end))
  end)

  it("is refused with the suite's line when it makes no sense", function()
    assert.matches("registry_spec.lua:%d+: config:add_instance: an instance 'small' is registered",
      message_of(function() config:add_instance { name = "small" } end))
    assert.matches("registry_spec.lua:%d+: config:get_instance: no instance 'x' is registered; "
      .. "registered are: small", message_of(function() config:get_instance "x" end))
    assert.matches("config:remove_instance: no instance 'x'",
      message_of(function() config:remove_instance "x" end))
    assert.matches("unknown option 'colour'",
      message_of(function() config:add_instance { name = "y", colour = "red" } end))
    config:reset()
    assert.matches("registered are: none",
      message_of(function() config:get_instance "small" end))
  end)
end)

describe("a source in LXD's own words", function()
  local original = ("registry-spec-%d"):format(lxd.own_pid())

  local function made_from(source)
    local image = { name = "made", source = source }
    return results.only(ct.lxd { image = image } (function()
      local file = io.open "/mark"
      return file and file:read "a"
    end)())
  end

  lazy_setup(function()
    lxd.client("init", "--quiet", results.image, original)
    lxd.client("config", "set", original, "user.colour=green")
    local folder <close> = new_folder { mark = "of the original\n" }
    lxd.client("file", "push", "--quiet", folder:at "mark", original .. "/mark")
  end)
  lazy_teardown(function() lxd.delete(original) end)

  it("finds an image by its fingerprint or its properties", function()
    local image = cjson.decode(lxd.client("query", "/1.0/images/aliases/" .. results.image))
    for _, source in ipairs {
      { type = "image", fingerprint = image.target:sub(1, 12) },
      { type = "image", properties = { name = results.image, architecture = "amd64" } },
    } do
      local result = made_from(source)
      assert.equal("pass", result.status, tostring(result))
      assert.is_nil(result.value)
    end
  end)

  it("copies an instance that is there, with the profiles of any other", function()
    local result = made_from { type = "copy", source = original }
    assert.equal("pass", result.status, tostring(result))
    assert.equal("of the original\n", result.value)
    assert.equal("Stopped", lxd.instance(original).status)
  end)

  it("is LXD's to refuse, in whose words the result says why", function()
    local unknown = made_from { type = "copy", source = original, project = "nowhere" }
    assert.equal("error", unknown.status)
    assert.matches("lxd: create test%-made%-.*nowhere", unknown.error)
    local empty = made_from { type = "none" }
    assert.equal("error", empty.status)
    assert.matches("lxd: start test%-made%-", empty.error)
  end)
end)
