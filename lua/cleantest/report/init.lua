-- SPDX-License-Identifier: MIT

--- The reports there are, by their words on the command line: `KIND[:FILE]`; which of them a run
-- has; and their end. A report is a module that returns a table with new(out, place), which returns
-- handlers for events; one of a user's is the same, or just the handlers.
-- @internal cleantest.report

local Artifacts = require "cleantest.report.artifacts"
local events = require "cleantest.call.events"
local nearest = require "cleantest.nearest"
local own = require "cleantest.report.own"
local Sink = require "cleantest.report.sink"
local surroundings = require "cleantest.report.surroundings"
local tables = require "cleantest.tables"

local report = {}

-- kind -> module. `terminal` is the live view where there can be one, else `plain`.
local kinds = {
  ["chrome-trace"] = "cleantest.report.chrome_trace",
  github = "cleantest.report.github",
  html = "cleantest.report.html",
  json = "cleantest.report.json",
  junit = "cleantest.report.junit",
  markdown = "cleantest.report.markdown",
  plain = "cleantest.report.plain",
  tap = "cleantest.report.tap",
  tap13 = "cleantest.report.tap",
  terminal = "cleantest.report.terminal",
}

local NONE <const> = "none"

local function split(spec)
  local kind, file = spec:match "^(.-%.lua):(.+)$"
  if not kind and spec:find "%.lua$" then return spec end
  if not kind then kind, file = spec:match "^([^:]*):(.*)$" end
  return kind or spec, file
end

--- Reads the value of one `report` option.
-- @tparam string spec "KIND", "KIND:FILE", "./mine.lua", "./mine.lua:FILE"
-- @treturn table kind, file (nil: standard output), spec; or nil, what is wrong
function report.parse(spec)
  local kind, file = split(spec)
  if file == "" then return nil, ("--report %s: no file behind the colon"):format(spec) end
  if file == "-" or file == "/dev/stdout" then file = nil end
  if not kinds[kind] and kind ~= NONE and not kind:find "%.lua$" then
    return nil, ("--report: there is no report '%s'%s; there are: %s, %s, and files that end in "
      .. ".lua"):format(kind, nearest.hint(kind, kinds), tables.list(kinds), NONE)
  end
  if file and (kind == NONE or kind == "terminal") then
    return nil, ("--report %s: '%s' takes no file"):format(spec, kind)
  end
  return { kind = kind, file = file, spec = spec }
end

-- Only these may share standard output with another one.
local function needs_stdout(entry)
  return not entry.file and entry.kind ~= "github" and entry.kind ~= NONE
end

--- Looks at all reports of a run together.
-- @tparam table specs a list of strings
-- @treturn table a list from report.parse, and those that come by themselves; or nil, what is wrong
function report.choose(specs)
  local list, files, has, first = {}, {}, {}, nil
  for i, spec in ipairs(specs) do
    local entry, wrong = report.parse(spec)
    if not entry then return nil, wrong end
    if needs_stdout(entry) and first then
      return nil, ("--report %s and --report %s would both write to standard output; give one of "
        .. "them a file: --report %s:FILE"):format(first, spec, entry.kind)
    end
    first = first or needs_stdout(entry) and spec
    if entry.file and files[entry.file] then
      return nil, ("--report %s: another report is written to that file"):format(spec)
    end
    files[entry.file or 1] = entry.file
    list[i], has[entry.kind] = entry, true
  end
  if not first and not has.none then table.insert(list, 1, { kind = "terminal" }) end
  if surroundings.ci() == "github" and not has.github and not has.none then
    list[#list + 1] = { kind = "github" }
  end
  list.shared = first and not (first:find "^terminal" or first:find "^plain")
  return list
end

-- ---- Opening and closing

local Reports = {}
Reports.__index = Reports

local function module_of(kind, place)
  -- a log's lines would get into the live view
  if kind == "terminal" and (place.ci or place.log or not surroundings.is_terminal(place.out)) then
    kind = "plain"
  end
  if kind:find "%.lua$" then return own.load(kind) end
  return require(kinds[kind])
end

-- Annotations must not get into another report's standard output.
local function stream_of(entry, place, list)
  return entry.kind == "github" and list.shared and place.err or place.out
end

function Reports:open(entry, place, list)
  if entry.kind == NONE then return true end
  local module, message = module_of(entry.kind, place)
  if not module then return nil, message end
  local sink
  if entry.file then
    sink, message = Sink.open(entry.file)
    if not sink then
      return nil, ("the report %s can't be written: %s"):format(entry.spec, message)
    end
  else
    sink = Sink.over(stream_of(entry, place, list))
  end
  self.sinks[#self.sinks + 1] = { sink = sink, name = entry.spec or entry.kind }
  local handlers
  handlers, message = module.new(sink, place, entry.kind)
  if not handlers then return nil, message end
  events.subscribe(handlers, entry.spec or entry.kind)
  return true
end

--- Opens reports and subscribes them.
-- @tparam table list from report.choose
-- @tparam table place out, err (files); color, verbose, log, artifacts (a folder), from the
--   options
-- @treturn reports; or nil, why a report can't be written: then nothing is left of any
function report.open(list, place)
  local self = setmetatable({ sinks = {} }, Reports)
  place.ci = surroundings.ci()
  place.colours = surroundings.colours(place.color, surroundings.is_terminal(place.out))
  place.summary = surroundings.step_summary()
  if place.artifacts then
    local artifacts, message = Artifacts.new(place.artifacts)
    if not artifacts then return nil, "--artifacts: " .. message end
    events.subscribe(artifacts, "--artifacts " .. place.artifacts)
  end
  for _, entry in ipairs(list) do
    local opened, message = self:open(entry, place, list)
    if not opened then
      self:discard()
      return nil, message
    end
  end
  return self
end

--- Takes away what was opened: nothing was run.
function Reports:discard()
  for _, each in ipairs(self.sinks) do
    each.sink.problem = "given up"
    each.sink:close()
  end
end

--- Puts the files into their places.
-- @treturn table why some are not there: a list of messages
function Reports:close()
  local problems = {}
  Artifacts.close()
  for _, each in ipairs(self.sinks) do
    local closed, message = each.sink:close()
    if not closed then
      problems[#problems + 1] = ("the report %s can't be written: %s"):format(each.name, message)
    end
  end
  return problems
end

return report
