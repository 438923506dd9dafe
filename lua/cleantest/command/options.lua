-- SPDX-License-Identifier: MIT

--- Options that several commands have, and how their values are read.
-- @internal cleantest.command.options

local threads = require "cleantest.call.threads"
local units = require "cleantest.units"

local options = {}

--- Where the provider is, for commands that run no suite.
-- @tparam parser parser from argparse; it gets --endpoint, --cert, --key, --verify, --project, -v
function options.add_connection(parser)
  parser:option("--endpoint", "A unix socket's path or https://HOST:PORT.")
  parser:option("--cert", "Client certificate, a PEM file."):target "client_cert"
  parser:option("--key", "Client key, a PEM file."):target "client_key"
  parser:option("--verify", "'no', a CA file, or the server's fingerprint.")
  parser:option("--project", "The project's name.")
  options.add_log(parser)
end

--- How much of the engine's work is shown.
-- @tparam parser parser from argparse; it gets -v, whose target is `log`, as in the binding's
--   lct_settings_read
function options.add_log(parser)
  parser:flag("-v --verbose", "Show on stderr what is done; twice: each request to LXD, too.")
    :count("0-2"):target("log"):init(nil)
    :action(function(given, target) given[target] = given[target] and "debug" or "info" end)
end

--- What tells of a run.
-- @tparam parser parser from argparse; it gets --report, --artifacts, --color, --verbose
--   (targets `verbose`, and `log`, as in the binding's lct_settings_read)
function options.add_reports(parser)
  local report = parser:option("--report", "Write a report: junit, tap, tap13, json, html, github, "
    .. "markdown, chrome-trace, plain, terminal, none, or one of your own, ./NAME.lua. Any number.")
    :argname "KIND[:FILE]":count "*"
  local artifacts = parser:option("--artifacts", "Keep each test's output in a folder below DIR.")
    :argname "DIR"
  local color = parser:option("--color", "Colours: auto, always or never."):argname "WHEN"
    :choices { "auto", "always", "never" }
  local verbose = parser:flag("-v --verbose", "Show all output, also of what passed; twice: on "
    .. "stderr what is done, and each request to LXD, too."):count "0-2":init(nil)
    :action(function(given)
      given.log = given.verbose and "debug"
      given.verbose = true
    end)
  parser:group("What is told", report, artifacts, color, verbose)
end

--- The value of a variable that stands for an option.
-- @tparam string name
-- @treturn ?string nil where it is not set, or empty
function options.from_environment(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Makes a converter for argparse.
-- @tparam string option its name, for messages: "--age"
-- @tparam string wanted what its value must be
-- @tparam function parse string -> value; nil for what it doesn't take
-- @treturn function string -> value; or nil, message
function options.convert(option, wanted, parse)
  return function(s)
    local value = parse(s)
    if value then return value end
    return nil, ("%s must be %s, not '%s'"):format(option, wanted, s)
  end
end

--- A converter of positive integers.
-- @tparam string option its name, for messages
function options.count(option)
  return options.convert(option, "a positive integer", threads.parse)
end

--- A converter of ages.
-- @tparam string option its name, for messages
function options.age(option)
  return options.convert(option, "a time with its unit, like '12h' or '7d'", units.seconds)
end

--- A converter of sizes.
-- @tparam string option its name, for messages
function options.size(option)
  return options.convert(option, "a number of bytes, or like '2GiB'", function(s)
    return units.bytes(tonumber(s) or s)
  end)
end

return options
