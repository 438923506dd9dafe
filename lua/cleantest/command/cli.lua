-- SPDX-License-Identifier: MIT

--- The `cleantest` command: reads its arguments and hands over to one of the commands
-- listed here, each a file of its own. Only its caller exits.
--
-- A command has a name, a description, add_options(parser), run(options, out, err) -> exit
-- status, and where it needs them complete(words) -> words, and those behind a "--"
-- (options.words); check(options) -> what is wrong; actions: a list of commands of its own.
-- @internal cleantest.command.cli

local argparse = require "argparse"
local core = require "cleantest.core"

require "cleantest" -- its own report is replaced by the command's

local cli = {}

local commands = {
  require "cleantest.command.run",
  require "cleantest.command.clean",
  (require "cleantest.command.cache"),
}

local EPILOG = "A command may be left out: `cleantest -j 4 SUITE.lua` runs the suite.\n"
  .. "`cleantest COMMAND --help` shows the options of a command.\n"
  .. "Exit status: 0 all passed; 1 a testlet failed or a suite raised an error;\n"
  .. "2 the environment failed, a suite can't be loaded, a report can't be written,\n"
  .. "or bad usage; 3 nothing ran; 130, 143 interrupted (128 and the signal's number)."

-- Adds commands to a parser. Returns the tree of what was made: { parser=, commands= }, by name.
local function add_commands(parser, list)
  local tree = { parser = parser, commands = {} }
  for _, command in ipairs(list) do
    local own = parser:command(command.name, command.description):add_help(false)
    own:flag("-h --help", "Show this help message.")
    if command.add_options then command.add_options(own) end
    if command.actions then own:require_command(false):command_target "action" end
    tree.commands[command.name] = add_commands(own, command.actions or {})
  end
  return tree
end

local function new_tree()
  local parser = argparse("cleantest", "Runs tests in clean machines.", EPILOG)
  parser:add_help(false):require_command(false):command_target "command":help_max_width(79)
  parser:flag("-h --help", "Show this help message.")
  parser:flag("--version", "Show the version.")
  return add_commands(parser, commands)
end

-- The parser of the innermost command that the words name.
local function innermost(tree, words)
  for _, word in ipairs(words) do
    if not tree.commands[word] then break end
    tree = tree.commands[word]
  end
  return tree.parser
end

local of_command_itself = { ["-h"] = true, ["--help"] = true, ["--version"] = true }

local function find(name)
  for _, command in ipairs(commands) do
    if command.name == name then return command end
  end
end

-- Without a command's name, "run" is meant. Returns the words, and those behind a "--".
local function complete(args, tree)
  local words = table.move(args, 1, #args, 1, {})
  if not tree.commands[words[1]] and not of_command_itself[words[1]] then
    table.insert(words, 1, "run")
  end
  local command = find(words[1])
  if command and command.complete then return command.complete(words) end
  return words
end

--- Reads the command's arguments.
-- @tparam table args a list of strings
-- @treturn table command (nil: only `text` is to be shown), options, text; or nil, a message
--   that ends in how it is used
function cli.parse(args)
  local tree = new_tree()
  local words, behind = complete(args, tree)
  local parser = innermost(tree, words)
  local ok, options = tree.parser:pparse(words)
  if not ok then return nil, ("%s\n%s"):format(options, parser:get_usage()) end
  if options.help then return { text = parser:get_help() } end
  if options.version then return { text = "cleantest " .. core.version } end
  local command = find(options.command)
  options.words = behind
  local wrong = command.check and command.check(options)
  if wrong then return nil, ("%s\n%s"):format(wrong, parser:get_usage()) end
  return { command = command, options = options }
end

--- The command.
-- @tparam table args a list of strings
-- @treturn int exit status: 0 to 3
function cli.main(args)
  local parsed, message = cli.parse(args)
  if not parsed then
    io.stderr:write("cleantest: ", message, "\n")
    return 2
  end
  if parsed.command then return parsed.command.run(parsed.options, io.stdout, io.stderr) end
  io.stdout:write(parsed.text, "\n")
  return 0
end

return cli
