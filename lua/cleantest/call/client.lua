-- SPDX-License-Identifier: MIT

--- The setting `client` of ct.configure: where the provider is and how to speak to
-- it, checked, and in the engine's words.
-- @internal cleantest.call.client

local check = require "cleantest.check"
local units = require "cleantest.units"
local where = require "cleantest.where"

local client = {}

-- { crt =, key = }, or both in a list
local function check_cert(what, value)
  if type(value) == "table" and #value == 2 and not getmetatable(value) then
    value = { crt = value[1], key = value[2] }
  end
  return check.options(what, value, { crt = check.string, key = check.string }, { "crt", "key" })
end

local function check_verify(what, value)
  if type(value) == "boolean" then return value end
  return check.string(what, value)
end

local fields = {
  endpoint = check.string,
  cert = check_cert,
  verify = check_verify,
  timeout = units.check_timeout,
  project = check.string,
}

local function is_fingerprint(verify)
  return verify and #verify == 64 and not verify:find "%X"
end

--- Checks client settings. Files are meant from the suite's folder.
-- @tparam string what their name, for messages
-- @tparam table given see config.configure
-- @treturn table endpoint, client_cert, client_key, verify (nil stands for true), timeout
--   (seconds) and project, as the binding's lct_settings_read takes them
function client.check(what, given)
  local checked, folder = check.options(what, given, fields), where.folder()
  local function file(path)
    return path and where.join(folder, path)
  end
  local verify = checked.verify
  if verify == true then verify = nil end
  return {
    endpoint = checked.endpoint,
    client_cert = checked.cert and file(checked.cert.crt),
    client_key = checked.cert and file(checked.cert.key),
    verify = verify == false and "no" or is_fingerprint(verify) and verify or file(verify),
    timeout = checked.timeout,
    project = checked.project,
  }
end

return client
