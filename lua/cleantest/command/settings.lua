-- SPDX-License-Identifier: MIT

--- The options of `cleantest run`, each said once: what its help says, how its value is read,
-- wherever that comes from.
-- @internal cleantest.command.settings

local options = require "cleantest.command.options"
local shard = require "cleantest.select.shard"
local threads = require "cleantest.call.threads"
local units = require "cleantest.units"

local settings = {}

local function any(text)
  return text ~= "" and text or nil
end

local function one_of(...)
  local known = {}
  for _, word in ipairs { ... } do known[word] = true end
  return function(text) return known[text] and text end
end

local TIME <const> = "a number of seconds above 0, or a time like '90s' or '5m'"

local function time(text)
  local seconds = units.seconds(text) or tonumber(text)
  return seconds and seconds > 0 and seconds < 1e9 and seconds or nil
end

local function seed(text)
  if text == "random" then return math.random(0, 999999) end
  return text:find "^%d+$" and #text <= 9 and math.tointeger(tonumber(text)) or nil
end

-- name; short; arg: what its value is called, nil: a flag; many: may be given again; bare: its
-- value where none is given; parse: string -> value, wanted: what that takes; help; variable: what
-- stands for it, if not CLEANTEST_ and its name; no_variable: nothing does, as a testlet has one of
-- that name; only_option: the configuration file doesn't have it either.
local groups = {
  { "What is run",
    { name = "keyword", short = "k", arg = "EXPR", parse = any, wanted = "an expression",
      help = "Those whose id or tags have these words: 'install and not (slow or net)'." },
    { name = "tag", short = "t", arg = "TAG[,TAG]", many = true, parse = any, wanted = "a tag",
      help = "Those that have one of these tags." },
    { name = "exclude-tag", arg = "TAG[,TAG]", many = true, parse = any, wanted = "a tag",
      help = "But not those that have one of these." },
    { name = "image", no_variable = true, arg = "GLOB[,GLOB]", many = true, parse = any,
      wanted = "an image", help = "Those on these images." },
    { name = "lf", target = "last_failed",
      help = "Those that failed, broke, or were cut short when they last ran, and new ones." },
    { name = "ff", target = "failed_first", help = "Those that failed first, then the others." },
    { name = "shard", arg = "M/N[:HOW]", parse = shard.parse,
      wanted = "M/N, with M from 1 to N, and perhaps :hash, :slice or :time behind it",
      help = "Part M of N: by ids (hash, the default), slice of the list, or time taken." },
    { name = "list", only_option = true, arg = "[=HOW]", bare = "ids",
      parse = one_of("ids", "json"), wanted = "ids or json",
      help = "Run nothing; show what would be: its ids, or json." },
    { name = "no-tests", arg = "WHAT", parse = one_of("fail", "warn", "pass"),
      wanted = "fail, warn or pass", help = "When nothing is run: fail (exit status 3; default), "
        .. "warn or pass." },
  },
  { "A program instead of a suite (--image names what it runs on)",
    { name = "upload", only_option = true, arg = "PATH[:DEST]", many = true, parse = any,
      wanted = "a path", help = "A file or folder to put there before, in /root or at DEST." },
    { name = "package", only_option = true, arg = "NAME[,NAME]", many = true, parse = any,
      wanted = "a package", help = "Packages to install before." },
    { name = "ready", only_option = true, arg = "WHAT",
      parse = one_of("exec", "system", "network", "cloud-init"),
      wanted = "exec, system, network or cloud-init", help = "What is waited for before: exec, "
        .. "system (the default), network or cloud-init." },
  },
  { "How it is run",
    { name = "profile", only_option = true, variable = "CLEANTEST_PROFILE", arg = "NAME",
      parse = any, wanted = "a name", help = "What .cleantest.lua has under this name." },
    { name = "config", only_option = true, variable = "CLEANTEST_CONFIG", arg = "FILE", parse = any,
      wanted = "a file", help = "Instead of .cleantest.lua, looked for from the suite upwards." },
    { name = "jobs", variable = "CLEANTEST_NUM_THREADS", short = "j", arg = "N",
      parse = threads.parse, wanted = "a positive integer",
      help = "The most instances alive at once." },
    { name = "fail-fast", short = "x", help = "Stop after the first failure or error." },
    { name = "max-fail", arg = "N", parse = threads.parse, wanted = "a positive integer",
      help = "Stop after N of them: what runs then is ended." },
    { name = "shuffle", arg = "[=SEED]", bare = "random", parse = seed,
      wanted = "a number from 0 to 999999999", help = "By chance; the seed is told." },
    { name = "repeat", arg = "N", parse = threads.parse, wanted = "a positive integer",
      help = "Run everything N times." },
    { name = "until-fail", help = "Run everything again and again until something fails." },
    { name = "timeout", arg = "TIME", parse = time, wanted = TIME,
      help = "The most that a testlet may take: seconds, or like '5m'." },
    { name = "global-timeout", arg = "TIME", parse = time, wanted = TIME,
      help = "The most that everything may take." },
    { name = "fresh", help = "Make every instance from its image, whatever is prepared." },
  },
}

--- What a setting is called in the table of all.
-- @tparam table setting
-- @treturn string
function settings.target(setting)
  return setting.target or (setting.name:gsub("-", "_"))
end

-- Those that options.add_reports adds.
local others = {
  { name = "report", arg = "KIND[:FILE]", many = true, parse = any, wanted = "a report" },
  { name = "artifacts", arg = "DIR", parse = any, wanted = "a folder" },
  { name = "color", arg = "WHEN", parse = one_of("auto", "always", "never"),
    wanted = "auto, always or never" },
  { name = "verbose" },
}

--- All of them.
-- @treturn table a list
function settings.all()
  local list = table.move(others, 1, #others, 1, {})
  for _, group in ipairs(groups) do table.move(group, 2, #group, #list + 1, list) end
  return list
end

local function flags_of(setting)
  return (setting.short and "-" .. setting.short .. " " or "") .. "--" .. setting.name
end

local function add(parser, setting)
  if not setting.arg then
    return parser:flag(flags_of(setting), setting.help):target(settings.target(setting))
  end
  local option = parser:option(flags_of(setting), setting.help):argname(setting.arg)
  if setting.many then option:count "*" end
  local shown = setting.short and "-" .. setting.short or "--" .. setting.name
  return option:convert(options.convert(shown, setting.wanted, setting.parse))
end

--- Adds the options to a parser.
-- @tparam parser parser from argparse
function settings.add(parser)
  for _, group in ipairs(groups) do
    local made = {}
    for i = 2, #group do made[#made + 1] = add(parser, group[i]) end
    parser:group(group[1], table.unpack(made))
  end
end

-- "--list" -> "--list=ids"
local bare = {}
for _, group in ipairs(groups) do
  for i = 2, #group do
    if group[i].bare then
      bare["--" .. group[i].name] = ("--%s=%s"):format(group[i].name, group[i].bare)
    end
  end
end

--- Completes words of a command line: an option whose value may be left out gets it.
-- @tparam table words a list of strings
-- @treturn table the words up to a "--"
-- @treturn ?table those behind it, at least one; nil: there are none
function settings.complete(words)
  local list = {}
  for i, word in ipairs(words) do
    if word == "--" then
      return list, i < #words and table.move(words, i + 1, #words, 1, {}) or nil
    end
    list[i] = bare[word] or word
  end
  return list
end

return settings
