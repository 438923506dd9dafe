-- SPDX-License-Identifier: MIT

--- What the `image` option may be: a name, a table that says more, or a list of
-- those. Whether the image exists is the engine's to find out.
-- @module cleantest.image

local cjson = require "cjson"
local check = require "cleantest.check"
local where = require "cleantest.where"

local image = {}

local function plain_table(what, value)
  if type(value) ~= "table" then check.refuse(what, "a table", value) end
  return value
end

-- LXD takes configuration as strings only.
local function strings_by_key(what, value)
  local checked = {}
  for key, entry in pairs(plain_table(what, value)) do
    check.string(what .. ": a key", key)
    local kind = type(entry)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
      check.refuse(("%s: %s"):format(what, key), "a string, number or boolean", entry)
    end
    checked[key] = kind == "number" and check.number_word(entry) or tostring(entry)
  end
  return checked
end

local function devices(what, value)
  local checked = {}
  for name, device in pairs(plain_table(what, value)) do
    check.string(what .. ": a name", name)
    checked[name] = strings_by_key(("%s: %s"):format(what, name), device)
  end
  return checked
end

local fields = {
  name = check.string,
  image = check.string,
  source = plain_table,
  config = strings_by_key,
  devices = devices,
  profiles = check.strings,
  type = check.choice { "container", "virtual-machine" },
  architecture = check.string,
  description = check.string,
  ephemeral = check.boolean,
  instance_type = check.string,
}

local function encode(what, key, value)
  local ok, json = pcall(cjson.encode, value)
  if not ok then where.fail("%s: %s can't be JSON: %s", what, key, json) end
  -- An empty table is "{}" to cjson, and the profiles are a list.
  if key == "profiles" and #value == 0 then json = "[]" end
  return ('"%s":%s'):format(key, json)
end

--- Checks that an image is said as a table; what is in it is image.check_one's to look at.
-- @local
function image.check_table(what, value)
  if type(value) ~= "table" then check.refuse(what, "a table with a name", value) end
  return value
end

--- Checks one image.
-- @local
-- @tparam string what its name, for messages
-- @param value as for image.check, but no list
-- @treturn table { name=string, made_from=?string, instance=?string, has_source=boolean },
--   made_from being the image's name where it is not `name`, and instance JSON
function image.check_one(what, value)
  if type(value) == "string" then return { name = check.string(what, value) } end
  if type(value) ~= "table" then check.refuse(what, "an image's name or a table", value) end
  local given, members = check.options(what, value, fields, { "name" }), {}
  local checked = {
    name = given.name, made_from = given.image, has_source = given.source ~= nil,
  }
  if given.source and given.image then
    where.fail("%s: give an image or a source, not both", what)
  end
  given.name, given.image = nil, nil
  if not next(given) then return checked end
  for key, entry in pairs(given) do members[#members + 1] = encode(what, key, entry) end
  table.sort(members)
  checked.instance = "{" .. table.concat(members, ",") .. "}"
  return checked
end

--- What an instance is made from, where it is more than an image's name.
-- @table Image
-- @tfield string name an alias here, a fingerprint, "remote:alias", a stock name or a registered
--   name; results have it as their image; required
-- @tfield[opt] string image what instances are made from, where that is not `name`
-- @tfield[opt] table source or that, in LXD's words: `{ type = "image", alias = "..." }`; not with
--   image
-- @tfield[opt] table config LXD's configuration keys: key -> string, number or boolean
-- @tfield[opt] table devices name -> a table of key -> string, number or boolean
-- @tfield[opt] string|{string,...} profiles names
-- @tfield[opt] string type "container" or "virtual-machine"; default: LXD's, a container
-- @tfield[opt] string architecture
-- @tfield[opt] string description
-- @tfield[opt] boolean ephemeral
-- @tfield[opt] string instance_type LXD's, "c2-m4"
local list_of = check.list_of(image.check_one)

--- Checks an `image` option.
-- @local
-- @tparam string what its name, for messages
-- @param value a name, a table as Image says, or a list of both
-- @treturn table a list of what image.check_one returns
function image.check(what, value)
  local list = list_of(what, value)
  if #list == 0 then where.fail("%s must not be empty", what) end
  return list
end

return image
