-- SPDX-License-Identifier: MIT

--- The report for other programs: the events, one a line, each an object with `version`,
-- `event` and `time` (seconds since the first). See call/events.lua for what they are.
-- @internal cleantest.report.json

local core = require "cleantest.core"
local encode = require "cleantest.report.encode"
local events = require "cleantest.call.events"
local tables = require "cleantest.tables"
local told = require "cleantest.report.told"

local Json = {}
Json.__index = Json

--- @tparam sink out
-- @treturn table handlers for events.subscribe
function Json.new(out)
  return setmetatable({ out = out, began = core.clock() }, Json)
end

function Json:line(event, fields, time)
  fields.version, fields.event = events.VERSION, event
  fields.time = math.max((time or core.clock()) - self.began, 0)
  self.out:write(encode.json(fields), "\n")
end

function Json:start(info)
  self.began = info.clock
  self:line("start", { cleantest = info.cleantest, since_1970 = info.time }, info.clock)
end

function Json:suite(path)
  self:line("suite", { suite = path })
end

function Json:pool(paths)
  self:line("pool", { suites = paths })
end

local function fields_of(job)
  return {
    number = job.number, id = job.id, name = job.name, suite = job.suite, testlet = job.testlet,
    image = job.image, tags = job.tags, matrix = job.matrix, directed = job.directed,
  }
end

function Json:jobs(jobs)
  for _, job in ipairs(jobs) do self:line("job", fields_of(job)) end
end

function Json:phase(job, event)
  local fields = { number = job.number, phase = event.phase, instance = event.instance }
  self:line("phase", fields, event.time)
end

function Json:result(job, result)
  self:line("result", tables.update(told.fields(job, result), {
    number = job.number, stdout = result.stdout, stderr = result.stderr,
  }))
end

function Json:done(job, event)
  self:line("done", {
    number = job.number, seconds = event.seconds, message = event.message,
    preserved = event.preserved or false, instance = event.instance,
  }, event.time)
end

for _, name in ipairs { "note", "broken" } do
  Json[name] = function(self, message) self:line(name, { message = message }) end
end

for _, name in ipairs { "raised", "unloadable" } do
  Json[name] = function(self, path, message)
    self:line(name, { suite = path, message = message })
  end
end

function Json:interrupted(path, signal)
  self:line("interrupted", { suite = path, signal = signal })
end

function Json:summary(tally)
  local fields = {}
  for key, value in pairs(tally) do
    if type(value) ~= "table" then fields[key] = value end
  end
  self:line("summary", fields)
end

return Json
