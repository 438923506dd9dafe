-- SPDX-License-Identifier: MIT

--- What listens in the instance, from inside a testlet: require
-- "cleantest.utils.socket". It reads /proc/net, and connects to nothing.
-- @module cleantest.utils.socket
local check = require "cleantest.check"

local socket = {}

--- One socket.
-- @table Socket
-- @tfield string protocol "tcp", "udp" or "unix"
-- @tfield ?string address of tcp and udp, in numbers
-- @tfield ?int port of tcp and udp
-- @tfield ?string path of unix; that of an abstract one begins with "@"

local TCP_LISTEN <const>, UDP_UNCONNECTED <const> = "0A", "07"
local UNIX_LISTENS <const> = 1 << 16 -- SO_ACCEPTCON, of the flags
local MOST_PORT <const> = 65535

local kinds = {
  { "tcp", "/proc/net/tcp", TCP_LISTEN }, { "tcp", "/proc/net/tcp6", TCP_LISTEN },
  { "udp", "/proc/net/udp", UDP_UNCONNECTED }, { "udp", "/proc/net/udp6", UDP_UNCONNECTED },
}

-- The kernel writes an address as 32-bit words of the machine's own byte order, in hexadecimal.
local function bytes_of(hex)
  return (hex:gsub("%x%x%x%x%x%x%x%x", function(word)
    return string.pack("=I4", tonumber(word, 16))
  end))
end

-- Where the longest row of zeros begins, and how long it is: RFC 5952 writes "::" for it.
local function longest_zeros(groups)
  local best, length, run = 0, 1, 0
  for i, group in ipairs(groups) do
    run = group == "0" and run + 1 or 0
    if run > length then best, length = i - run + 1, run end
  end
  return best, length
end

local function show_v6(bytes)
  local groups = {}
  for i = 1, 16, 2 do groups[#groups + 1] = ("%x"):format(string.unpack(">I2", bytes, i)) end
  local from, length = longest_zeros(groups)
  if from == 0 then return table.concat(groups, ":") end
  return table.concat(groups, ":", 1, from - 1) .. "::" .. table.concat(groups, ":", from + length)
end

local function show_address(hex)
  local bytes = bytes_of(hex)
  if #bytes == 4 then return table.concat({ bytes:byte(1, 4) }, ".") end
  return show_v6(bytes)
end

local function lines_of(path)
  local file <close> = io.open(path)
  local text = file and file:read "a" or ""
  return text:gmatch "[^\n]+"
end

local function add_inet(list, protocol, path, wanted)
  for line in lines_of(path) do
    local address, port, state = line:match "^%s*%d+: (%x+):(%x+) %x+:%x+ (%x%x) "
    if state == wanted then
      list[#list + 1] = {
        protocol = protocol, address = show_address(address), port = tonumber(port, 16),
      }
    end
  end
end

local function add_unix(list)
  for line in lines_of "/proc/net/unix" do
    local flags, path = line:match "^%x+: %x+ %x+ (%x+) %x+ %x+%s+%d+ (.+)$"
    if path and tonumber(flags, 16) & UNIX_LISTENS ~= 0 then
      list[#list + 1] = { protocol = "unix", path = path }
    end
  end
end

--- All sockets that take connections, or datagrams from anybody.
-- @treturn {Socket,...} a list
--
function socket.list()
  local list = {}
  for _, kind in ipairs(kinds) do add_inet(list, table.unpack(kind)) end
  add_unix(list)
  return list
end

-- One that listens at any address listens at each; an IPv6 one of these takes IPv4, too.
local function serves(found, address)
  return not address or found.address == address or found.address == "::"
    or found.address == "0.0.0.0" and not address:find ":"
end

local fields = { protocol = check.choice { "tcp", "udp" }, address = check.string }

--- Checks for the number of a port.
-- @tparam string what its name, for messages
-- @tparam int value what the user gave
-- @treturn int the port
function socket.check_port(what, value)
  local port = math.type(value) and math.tointeger(value)
  if not port or port < 1 or port > MOST_PORT then
    check.refuse(what, ("a port, from 1 to %d"):format(MOST_PORT), value)
  end
  return port
end

--- Does anything listen there?
-- @tparam int|string at a port, or the path of a unix socket
-- @tparam[opt] table options for a port
-- @tparam[opt="tcp"] string options.protocol "tcp" or "udp"
-- @tparam[opt] string options.address in numbers: it must be reached there; default: at any
-- @treturn boolean
function socket.listening(at, options)
  local what = "socket.listening"
  options = check.options(what, options, type(at) == "string" and {} or fields)
  local is_path = type(at) == "string" and check.string(what .. ": the path", at)
  local port = not is_path and socket.check_port(what .. ": the port", at)
  for _, found in ipairs(socket.list()) do
    if is_path and found.path == at then return true end
    if port and found.port == port and found.protocol == (options.protocol or "tcp")
      and serves(found, options.address) then
      return true
    end
  end
  return false
end

return socket
