-- SPDX-License-Identifier: MIT
--
-- usage.lua - the arguments of the commands that look after what is in LXD: `cleantest clean`
-- and `cleantest cache`. Both are told in the same words where that is.

local argparse = require "argparse"
local threads = require "cleantest.call.threads"
local units = require "cleantest.units"

local usage = {}

local function add_connection(parser)
  parser:add_help(false)
  parser:option("--endpoint", "A unix socket's path or https://HOST:PORT.")
  parser:option("--cert", "Client certificate, a PEM file."):target "client_cert"
  parser:option("--key", "Client key, a PEM file."):target "client_key"
  parser:option("--verify", "'no', a CA file, or the server's fingerprint.")
  parser:option("--project", "The project's name.")
  parser:flag("-h --help", "Show this help message.")
end

--- @treturn table the parser of `cleantest clean`
function usage.clean()
  local parser = argparse("cleantest clean",
    "Deletes the instances that dead runs left behind, and nothing else.")
  add_connection(parser)
  return parser
end

-- Makes a converter for argparse of a function that returns nil for what it doesn't take.
local function convert(option, wanted, parse)
  return function(s)
    local value = parse(s)
    if value then return value end
    return nil, ("%s must be %s, not '%s'"):format(option, wanted, s)
  end
end

-- A plain number is days.
local function parse_age(s)
  return units.seconds(tonumber(s) and s .. "d" or s)
end

local function parse_size(s)
  return units.bytes(tonumber(s) or s)
end

local function add_limits(parser)
  parser:flag("--all", "Delete all that nobody is building.")
  parser:option("--age", "Keep those built at most so many days ago (default 7)."):argname "DAYS"
    :target "base_age"
    :convert(convert("--age", "a number of days above 0, or like '12h'", parse_age))
  parser:option("--count", "Keep at most so many, the last used (default 50)."):argname "N"
    :target "base_count":convert(convert("--count", "a positive integer", threads.parse))
  parser:option("--size", "Keep at most so much of them (default 20GiB)."):argname "SIZE"
    :target "base_size":convert(convert("--size", "a number of bytes, or like '2GiB'", parse_size))
end

local actions = {
  { "list", "Lists them, the last used first." },
  { "prune", "Deletes those that are spoiled, too old, or too many.", add_limits },
  { "explain", "Says why they were built, and of what.", function(parser)
    parser:argument("name", "The name of one, or how it begins."):args "?"
  end },
}

--- @treturn table the parser of `cleantest cache`, which sets `action`; and the parsers of its
--   actions, by name
function usage.cache()
  local parser = argparse("cleantest cache",
    "Looks after prepared environments. Without a word of what to do, it lists them.")
  add_connection(parser)
  parser:require_command(false):command_target "action"
  local parsers = {}
  for _, action in ipairs(actions) do
    local command = parser:command(action[1], action[2])
    add_connection(command)
    if action[3] then action[3](command) end
    parsers[action[1]] = command
  end
  return parser, parsers
end

return usage
