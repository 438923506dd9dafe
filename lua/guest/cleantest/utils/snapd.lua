-- SPDX-License-Identifier: MIT

--- Snapd's REST API over its socket, for snap.lua: requests, their answers, and
-- waiting for the changes that they start. It knows no snap.
-- @internal cleantest.utils.snapd
local cjson = require "cjson"
local guest = require "cleantest.guest"
local where = require "cleantest.where"

local snapd = {}

--- Where snapd listens.
snapd.path = "/run/snapd.socket"

local REQUEST_TIMEOUT = 60 -- seconds
local CHANGE_TIMEOUT = 600
local INTERVAL = 0.1 -- seconds between two looks at a change; snapd tells nobody

-- null is nil here, and 2.0 is 2.
local function plain(value)
  if value == cjson.null then return nil end
  if math.type(value) == "float" then return math.tointeger(value) or value end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

--- Parses one JSON document.
-- @tparam string text
-- @return plain data, null being nil; or nil when it is none
function snapd.decode(text)
  local ok, value = pcall(cjson.decode, text)
  if ok then return plain(value) end
end

--- Stands for a list without items in what is sent: {} is an object without members.
snapd.empty_list = {}

local EMPTY_LIST <const> = "cleantest-empty-list-0b6f2d41" -- while JSON is made

local function mark(value)
  if value == snapd.empty_list then return EMPTY_LIST end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = mark(item) end
  return copy
end

--- Makes a JSON document.
-- @tparam table content plain data, snapd.empty_list and cjson.null
-- @treturn string
function snapd.encode(content)
  return (cjson.encode(mark(content)):gsub('"' .. EMPTY_LIST:gsub("%-", "%%-") .. '"', "[]"))
end

-- HTTP/1.0: snapd closes after its answer, which is then in no chunks.
local function head(method, path, kind, length)
  return ("%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n")
    :format(method, path, kind, length)
end

local function exchange(message)
  message.path, message.seconds = snapd.path, message.seconds or REQUEST_TIMEOUT
  local answer, why = guest.exchange(message)
  if not answer then where.fail("snap: snapd does not answer: %s", why) end
  local status, body = answer:match "^HTTP/1%.%d (%d+)[^\n]*\r\n.-\r\n\r\n(.*)$"
  if not status then where.fail "snap: snapd did not answer in HTTP" end
  return tonumber(status), body
end

--- Sends a request.
-- @tparam string method
-- @tparam string path
-- @tparam[opt] table content sent as JSON
-- @treturn int the HTTP status
-- @treturn string the body
function snapd.request(method, path, content)
  local body = content and snapd.encode(content) or ""
  return exchange { head = head(method, path, "application/json", #body) .. body }
end

-- The answer's result, or nil, message, kind.
local function result_of(body)
  local answer = snapd.decode(body)
  if type(answer) ~= "table" then return nil, "snapd did not answer in JSON: " .. body end
  if answer.type ~= "error" then return answer end
  local why = answer.result or {}
  return nil, why.message or answer.status or "no reason given", why.kind
end

--- Asks for something.
-- @tparam string path
-- @return what it is; or nil, message, kind: "snap-not-found"
function snapd.get(path)
  local _, body = snapd.request("GET", path)
  local answer, why, kind = result_of(body)
  if not answer then return nil, why, kind end
  return answer.result
end

-- A task's log tells more than the change's error; the error names the tasks.
local function finish(what, id)
  local deadline = os.time() + CHANGE_TIMEOUT
  while os.time() < deadline do
    local change, why = snapd.get("/v2/changes/" .. id)
    if not change then where.fail("snap: %s: %s", what, why) end
    if change.ready then
      if change.err then where.fail("snap: %s: %s", what, change.err) end
      return change
    end
    guest.sleep(INTERVAL)
  end
  where.fail("snap: %s: not done after %d s", what, CHANGE_TIMEOUT)
end

local function settle(what, body, wait)
  local answer, why = result_of(body)
  if not answer then where.fail("snap: %s: %s", what, why) end
  if answer.change and wait ~= false then return finish(what, answer.change) end
  return answer
end

--- Has snapd do something, and waits until it is done; throws snapd's reason when it is not.
-- @tparam string what it is, for messages
-- @tparam string method
-- @tparam string path
-- @tparam table content
-- @tparam[opt] boolean wait false: not for its end
-- @treturn table the change, or the answer
function snapd.act(what, method, path, content, wait)
  local _, body = snapd.request(method, path, content)
  return settle(what, body, wait)
end

local BOUNDARY = "cleantest-5f3b1c7ad2"

local function part(name, value)
  return ('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n')
    :format(BOUNDARY, name, value)
end

--- Sends a snap file with some fields, and waits until it is installed.
-- @tparam string what as for act
-- @tparam string path of the file
-- @tparam table fields name -> string
-- @treturn table the change
function snapd.upload(what, path, fields)
  local file <close>, why = io.open(path, "rb")
  if not file then where.fail("snap: %s", why) end
  local size = file:seek "end"
  local names, first = {}, {}
  for name in pairs(fields) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do first[i] = part(name, fields[name]) end
  first[#first + 1] = ('--%s\r\nContent-Disposition: form-data; name="snap"; filename="%s"\r\n'
    .. "Content-Type: application/octet-stream\r\n\r\n")
    :format(BOUNDARY, path:match("[^/]*$"):gsub('[\r\n"]', "_"))
  local before, after = table.concat(first), ("\r\n--%s--\r\n"):format(BOUNDARY)
  local kind = "multipart/form-data; boundary=" .. BOUNDARY
  local _, body = exchange {
    head = head("POST", "/v2/snaps", kind, #before + size + #after) .. before,
    file = path, tail = after, seconds = CHANGE_TIMEOUT,
  }
  return settle(what, body)
end

--- Waits until snapd has installed what its image came with.
-- @tparam number seconds the longest wait
function snapd.wait_seeded(seconds)
  local deadline = os.time() + seconds
  local why
  repeat
    local ok, conf = pcall(snapd.get, "/v2/snaps/system/conf?keys=seed.loaded")
    if ok and conf and conf["seed.loaded"] == true then return end
    if not ok then why = conf end
    guest.sleep(INTERVAL)
  until os.time() >= deadline
  where.fail("snap: snapd was not seeded after %d s%s", seconds, why and ": " .. why or "")
end

return snapd
