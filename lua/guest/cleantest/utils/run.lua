-- SPDX-License-Identifier: MIT

--- Commands, from inside a testlet: require "cleantest.utils.run".
-- @module cleantest.utils.run
local arguments = require "cleantest.utils.arguments"
local check = require "cleantest.check"
local guest = require "cleantest.guest"
local where = require "cleantest.where"

local run = {}

--- What a command left.
-- @table Completed
-- @tfield int exit_code -1 when it did not end by itself
-- @tfield ?int signal nil when none ended it
-- @tfield boolean timed_out it was killed, since it took too long
-- @tfield boolean truncated it was killed, since it wrote more than output_limit
-- @tfield string stdout what came before that
-- @tfield string stderr what came before that

-- The value of a variable: a string; false for none at all.
local function check_variable(what, value)
  if value == false then return value end
  if math.type(value) then return check.number_word(value) end
  if type(value) ~= "string" then
    check.refuse(what, "a string, a number, or false to unset it", value)
  end
  return check.word(what, value)
end

local function check_env(what, env)
  local checked = {}
  for name, value in pairs(check.any_table(what, env)) do
    if type(name) ~= "string" or name == "" or name:find "[=\0]" then
      where.fail("%s: invalid name of a variable: %s", what,
        type(name) == "string" and ("%q"):format(name) or check.describe(name))
    end
    checked[name] = check_variable(("%s: %s"):format(what, name), value)
  end
  return checked
end

local fields = {
  env = check_env, cwd = check.string, stdin = check.any_string, timeout = arguments.seconds,
  check = check.boolean, output_limit = arguments.bytes,
}

local function to_argv(command)
  if type(command) == "string" then
    return { "sh", "-c", check.word("run: the command", command) }
  end
  if type(command) ~= "table" or #command == 0 then
    check.refuse("run: the command", "a string, for sh, or a list of strings", command)
  end
  local argv = {}
  for i = 1, #command do
    local word, what = command[i], ("run: word %d of the command"):format(i)
    if type(word) ~= "string" and not math.type(word) then
      check.refuse(what, "a string or a number", word)
    end
    argv[i] = math.type(word) and check.number_word(word) or check.word(what, word)
  end
  return argv
end

--- What a command left, in words, for messages.
-- @function run.describe
-- @tparam string|{string,...} command
-- @tparam Completed result
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

local function execute(command, argv, options)
  local result = guest.execute(argv, options)
  if options.check and result.exit_code ~= 0 then
    where.fail("%s", run.describe(command, result))
  end
  return result
end

-- All but a lone table in a row of commands is a command; the last table without a first item is
-- the options.
local function split_options(commands)
  local last = commands[commands.n]
  if type(last) ~= "table" or last[1] ~= nil or next(last) == nil then return {} end
  commands.n = commands.n - 1
  return last
end

--- Runs commands one after the other, up to the first that fails.
-- @function run.all
-- @tparam string|{string,...} ... each a string, for `sh -c`, or a list, executed as it is; all are
--   looked at before the first is run
-- @tparam[opt] table options behind them; they hold for each
-- @tparam[opt] table options.env as for run
-- @tparam[opt] string options.cwd as for run
-- @tparam[opt] string options.stdin as for run
-- @tparam[opt] number|string options.timeout as for run
-- @tparam[opt=false] boolean options.check as for run
-- @tparam[opt="16MiB"] int|string options.output_limit as for run
-- @treturn {Completed,...} a list of results; the last one is the failure, if there was one
function run.all(...)
  local commands, argvs, results = table.pack(...), {}, {}
  local options = check.options("run.all", split_options(commands), fields)
  for i = 1, commands.n do argvs[i] = to_argv(commands[i]) end
  for i, argv in ipairs(argvs) do
    results[i] = execute(commands[i], argv, options)
    if results[i].exit_code ~= 0 then break end
  end
  return results
end

--- Runs a command and waits for its end. What the command leaves behind is not waited for: it lives
-- on, and its later output goes nowhere. But when the command is made to end, by timeout or
-- output_limit, all that it started ends with it. Wrong arguments throw.
-- @function run
-- @tparam string|{string,...} command a string, for `sh -c`, or a list, executed as it is
-- @tparam[opt] table options
-- @tparam[opt] table options.env strings or numbers by name; false: none of that name
-- @tparam[opt] string options.cwd a folder
-- @tparam[opt] string options.stdin its input; default: nothing
-- @tparam[opt] number|string options.timeout seconds, or "5min"; default: none
-- @tparam[opt=false] boolean options.check throw, with the output, unless the exit code is 0
-- @tparam[opt="16MiB"] int|string options.output_limit bytes, or "2MiB", of stdout, and of stderr
-- @treturn Completed
return setmetatable(run, { __call = function(_, command, options)
  options = check.options("run", options, fields)
  return execute(command, to_argv(command), options)
end })
