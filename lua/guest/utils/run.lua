-- SPDX-License-Identifier: MIT
--
-- run.lua - commands, from inside a testlet: require "cleantest.utils.run".
local guest = require "cleantest.guest"

local run = {}

local known = { env = "table", cwd = "string", stdin = "string", timeout = "number",
  check = "boolean", output_limit = "number" }

local function check_options(options)
  for key, value in pairs(options) do
    if not known[key] then
      error(("run: unknown option '%s'; there are check, cwd, env, output_limit, stdin, timeout")
        :format(tostring(key)), 4)
    elseif type(value) ~= known[key] then
      error(("run: %s must be a %s, not a %s"):format(key, known[key], type(value)), 4)
    end
  end
end

local function check_env(env)
  local strings = {}
  for key, value in pairs(env or {}) do
    if type(key) ~= "string" or (type(value) ~= "string" and type(value) ~= "number") then
      error("run: env must have strings by name", 4)
    end
    strings[key] = tostring(value)
  end
  return strings
end

local function to_argv(command)
  if type(command) == "string" then return { "sh", "-c", command } end
  if type(command) ~= "table" or #command == 0 then
    error("run: the command must be a string, for sh, or a list of strings", 4)
  end
  local argv = {}
  for i, word in ipairs(command) do
    if type(word) ~= "string" and type(word) ~= "number" then
      error(("run: word %d of the command is a %s"):format(i, type(word)), 4)
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
  elseif result.signal then
    how = ("killed by signal %d"):format(result.signal)
  end
  return ("%s: %s\n%s%s"):format(what, how, result.stdout, result.stderr)
end

local function run_one(command, options)
  options = options or {}
  if type(options) ~= "table" then error("run: options must be a table", 3) end
  check_options(options)
  local result = guest.execute(to_argv(command), {
    env = check_env(options.env), cwd = options.cwd, stdin = options.stdin,
    timeout = options.timeout, output_limit = options.output_limit,
  })
  if options.check and result.exit_code ~= 0 then error(run.describe(command, result), 3) end
  return result
end

--- Runs commands one after the other, up to the first that fails.
-- @param ... each a string, for `sh -c`, or a list, executed as it is
-- @treturn table a list of results; the last one is the failure, if there was one
function run.all(...)
  local results = {}
  for _, command in ipairs { ... } do
    results[#results + 1] = run_one(command)
    if results[#results].exit_code ~= 0 then break end
  end
  return results
end

--- run(command, options) runs a command and waits for its end. A daemon that the command
-- leaves behind is not waited for.
-- @function run
-- @param command a string, for `sh -c`, or a list, executed as it is
-- @tparam[opt] table options env (strings by name), cwd, stdin (a string; default: nothing),
--   timeout (seconds; default: none), check (throw, with the output, unless the exit code is
--   0), output_limit (bytes of stdout, and of stderr; default 16 MiB)
-- @treturn table exit_code (-1 when it did not end by itself), signal, timed_out, stdout, stderr
return setmetatable(run, { __call = function(_, command, options)
  return run_one(command, options)
end })
