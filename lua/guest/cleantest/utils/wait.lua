-- SPDX-License-Identifier: MIT

--- Waiting for what takes a moment, from inside a testlet: require
-- "cleantest.utils.wait". What does not come in time throws, and says what was last seen.
-- @module cleantest.utils.wait
local arguments = require "cleantest.utils.arguments"
local check = require "cleantest.check"
local guest = require "cleantest.guest"
local run = require "cleantest.utils.run"
local socket = require "cleantest.utils.socket"
local where = require "cleantest.where"

local wait = {}

local TIMEOUT <const> = 30 -- seconds
local INTERVAL <const> = 0.1
local ATTEMPT <const> = 5 -- seconds that one connection may take

local fields = { timeout = arguments.seconds, interval = arguments.seconds }

-- Calls look() until it returns true, at most until the deadline; else throws "what: not within
-- 30 s: why", with the last of what look() returned behind false.
local function poll(what, options, look)
  local timeout = options.timeout or TIMEOUT
  local deadline = guest.clock() + timeout
  while true do
    local done, why = look(deadline)
    if done then return end
    if guest.clock() >= deadline then
      where.fail("%s: not within %g s%s", what, timeout, why and ": " .. why or "")
    end
    guest.sleep(math.min(options.interval or INTERVAL, math.max(deadline - guest.clock(), 0)))
  end
end

--- Waits until a function succeeds: until it returns something that is neither nil nor false, and
-- does not throw.
-- @tparam function try
-- @tparam[opt] table options
-- @tparam[opt=30] number|string options.timeout seconds, or "5min"
-- @tparam[opt=0.1] number|string options.interval seconds between two tries
-- @return what it returned at last
function wait.try(try, options)
  if type(try) ~= "function" then check.refuse("wait.try: what is tried", "a function", try) end
  local got
  poll("wait.try", check.options("wait.try", options, fields), function()
    got = table.pack(pcall(try))
    local ok, value, why = got[1], got[2], got[3]
    if ok and value then return true end
    if ok then return false, ("it returned %s"):format(check.describe(why or value)) end
    return false, tostring(value)
  end)
  return table.unpack(got, 2, got.n)
end

-- An address in numbers, of what may be a name.
local function resolve(host)
  if host:find "^[%d.]+$" or host:find ":" then return host end
  local shown = run({ "getent", "ahosts", host })
  return shown.stdout:match "^%S+", ("no address of %s: %s"):format(host,
    shown.exit_code == 2 and "it is not known" or (shown.stderr:gsub("%s+$", "")))
end

--- Waits until a TCP port takes a connection, which is closed at once.
-- @tparam int port
-- @tparam[opt] table options
-- @tparam[opt="127.0.0.1"] string options.host a name, or an address in numbers
-- @tparam[opt=30] number|string options.timeout seconds, or "5min"
-- @tparam[opt=0.1] number|string options.interval seconds between two tries
function wait.port(port, options)
  local known = { host = check.name, timeout = fields.timeout, interval = fields.interval }
  options = check.options("wait.port", options, known)
  port = socket.check_port("wait.port: the port", port)
  local host = options.host or "127.0.0.1"
  poll(("wait.port: %s:%d"):format(host, port), options, function(deadline)
    local address, why = resolve(host)
    if not address then return false, why end
    local seconds = math.max(math.min(deadline - guest.clock(), ATTEMPT), INTERVAL)
    return guest.connect(address, port, seconds)
  end)
end

--- Waits until there is something at a path.
-- @tparam string path absolute
-- @tparam[opt] table options
-- @tparam[opt] string options.contains a text that must be in the file, as it is
-- @tparam[opt=30] number|string options.timeout seconds, or "5min"
-- @tparam[opt=0.1] number|string options.interval seconds between two tries
function wait.file(path, options)
  if check.string("wait.file: the path", path):sub(1, 1) ~= "/" then
    check.refuse("wait.file: the path", "absolute", path)
  end
  local known = { contains = check.string, timeout = fields.timeout, interval = fields.interval }
  options = check.options("wait.file", options, known)
  local timeout = options.timeout or TIMEOUT
  local begun = guest.clock()
  if not guest.wait_file(path, timeout) then
    where.fail("wait.file: %s: not within %g s: nothing is there", path, timeout)
  end
  if not options.contains then return end
  options.timeout = math.max(timeout - (guest.clock() - begun), INTERVAL)
  poll("wait.file: " .. path, options, function()
    local file <close>, why = io.open(path, "rb")
    local text = file and file:read "a"
    if text and text:find(options.contains, 1, true) then return true end
    return false, why or ("there is no '%s' in it"):format(options.contains)
  end)
end

--- Waits until a systemd unit is active; throws at once when it has failed.
-- @tparam string unit "nginx", "ssh.socket"
-- @tparam[opt] table options
-- @tparam[opt="active"] string options.state "active", "inactive" or "failed"
-- @tparam[opt=30] number|string options.timeout seconds, or "5min"
-- @tparam[opt=0.1] number|string options.interval seconds between two tries
function wait.unit(unit, options)
  local known = {
    state = check.choice { "active", "inactive", "failed" },
    timeout = fields.timeout, interval = fields.interval,
  }
  options = check.options("wait.unit", options, known)
  check.name_of("unit", "%s")("wait.unit", unit)
  local wanted = options.state or "active"
  poll(("wait.unit: %s"):format(unit), options, function()
    local shown = run { "systemctl", "is-active", unit }
    local state = shown.stdout:match "^[%w-]+"
    if not state then where.fail("%s", run.describe("systemctl is-active", shown)) end
    if state == wanted then return true end
    if state == "failed" then
      where.fail("wait.unit: %s has failed:\n%s", unit,
        run({ "systemctl", "status", "--no-pager", "--full", unit }).stdout)
    end
    return false, "it is " .. state
  end)
end

return wait
