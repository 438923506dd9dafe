-- SPDX-License-Identifier: MIT
--
-- run.lua - commands, from inside a testlet: require "cleantest.utils.run".
local guest = require "cleantest.guest"
local where = require "cleantest.where"

local run = {}

local known = { env = "table", cwd = "string", stdin = "string", timeout = "number",
  check = "boolean", output_limit = "number" }

local function check_options(options)
  for key, value in pairs(options) do
    if not known[key] then
      where.fail("run: unknown option '%s'; there are check, cwd, env, output_limit, stdin, "
        .. "timeout", tostring(key))
    elseif type(value) ~= known[key] then
      where.fail("run: %s must be a %s, not a %s", key, known[key], type(value))
    end
  end
end

local function check_env(env)
  local strings = {}
  for key, value in pairs(env or {}) do
    if type(key) ~= "string" or (type(value) ~= "string" and type(value) ~= "number") then
      where.fail "run: env must have strings by name"
    elseif key == "" or key:find "[=\0]" then
      where.fail("run: env: this is no name of a variable: %s", ("%q"):format(key))
    end
    strings[key] = tostring(value)
    if strings[key]:find("\0", 1, true) then where.fail("run: env: %s has a NUL in it", key) end
  end
  return strings
end

local function to_argv(command)
  if type(command) == "string" then return { "sh", "-c", command } end
  if type(command) ~= "table" or #command == 0 then
    where.fail "run: the command must be a string, for sh, or a list of strings"
  end
  local argv = {}
  for i = 1, #command do
    local word = command[i]
    if type(word) ~= "string" and type(word) ~= "number" then
      where.fail("run: word %d of the command is a %s", i, type(word))
    end
    argv[i] = tostring(word)
  end
  return argv
end

--- What a command left, in words, for messages.
-- @tparam string|table command
-- @tparam table result
-- @treturn string
function run.describe(command, result)
  local what = type(command) == "table" and table.concat(command, " ") or command
  local how = ("exit code %d"):format(result.exit_code)
  if result.timed_out then
    how = "timed out"
  elseif result.truncated then
    how = "wrote too much"
  elseif result.signal then
    how = ("killed by signal %d"):format(result.signal)
  end
  return ("%s: %s\n%s%s"):format(what, how, result.stdout, result.stderr)
end

local function execute(argv, options)
  return guest.execute(argv, {
    env = check_env(options.env), cwd = options.cwd, stdin = options.stdin,
    timeout = options.timeout, output_limit = options.output_limit,
  })
end

local function run_one(command, options)
  options = options or {}
  if type(options) ~= "table" then where.fail "run: options must be a table" end
  check_options(options)
  local result = execute(to_argv(command), options)
  if options.check and result.exit_code ~= 0 then
    where.fail("%s", run.describe(command, result))
  end
  return result
end

--- Runs commands one after the other, up to the first that fails.
-- @param ... each a string, for `sh -c`, or a list, executed as it is; all are looked at before
--   the first is run
-- @treturn table a list of results; the last one is the failure, if there was one
function run.all(...)
  local commands, results = {}, {}
  for i = 1, select("#", ...) do commands[i] = to_argv((select(i, ...))) end
  for i, argv in ipairs(commands) do
    results[i] = execute(argv, {})
    if results[i].exit_code ~= 0 then break end
  end
  return results
end

--- run(command, options) runs a command and waits for its end. What the command leaves behind is
-- not waited for: it lives on, and its later output goes nowhere. But when the command is made to
-- end, by timeout or output_limit, all that it started ends with it. Wrong arguments throw.
-- @function run
-- @param command a string, for `sh -c`, or a list, executed as it is
-- @tparam[opt] table options env (strings by name), cwd, stdin (a string; default: nothing),
--   timeout (seconds; default: none), check (throw, with the output, unless the exit code is
--   0), output_limit (bytes of stdout, and of stderr; default 16 MiB)
-- @treturn table exit_code (-1 when it did not end by itself), signal (nil when none ended it),
--   timed_out, truncated (a boolean each: it was killed, since it took too long, or wrote more
--   than output_limit), stdout, stderr (what came before that)
return setmetatable(run, { __call = function(_, command, options)
  return run_one(command, options)
end })
