-- SPDX-License-Identifier: MIT

--- For GitHub Actions: what is wrong as annotations, at the end, and the page of
-- markdown.lua as the step's summary. GitHub shows ten annotations of a kind and drops the others
-- without a word, so there are nine, and one that counts.
-- @internal cleantest.report.github

local encode = require "cleantest.report.encode"
local Markdown = require "cleantest.report.markdown"
local output = require "cleantest.report.output"
local Sink = require "cleantest.report.sink"
local told = require "cleantest.report.told"

local Github = {}
Github.__index = Github

local MOST <const> = 9
local LINES <const> = 10 -- of an output

--- @tparam sink out where the annotations go
-- @tparam table place summary: the file of the step's summary, which is added to; may be nil
-- @treturn table handlers for events.subscribe
function Github.new(out, place)
  local page = Sink.temporary()
  return setmetatable({
    out = out, path = place.summary, page = page, markdown = Markdown.new(page),
    kinds = { error = { count = 0 }, warning = { count = 0 }, notice = { count = 0 } },
  }, Github)
end

local function escape(s)
  s = encode.utf8(encode.without_escapes(s)):gsub("[\0-\8\11\12\14-\31]", "")
  s = s:gsub("%%", "%%25"):gsub("\r", "%%0D"):gsub("\n", "%%0A")
  return s
end

local function escape_property(s)
  return (escape(s):gsub(":", "%%3A"):gsub(",", "%%2C"))
end

function Github:annotate(kind, title, message, file, line)
  local list = self.kinds[kind]
  list.count = list.count + 1
  if list.count > MOST then return end
  local properties = { "title=" .. escape_property(title) }
  if line then table.insert(properties, 1, "line=" .. line) end
  if file then table.insert(properties, 1, "file=" .. escape_property(file)) end
  list[#list + 1] = ("::%s %s::%s\n"):format(kind, table.concat(properties, ","),
    escape(encode.tail(message, 4096)))
end

function Github:result(job, result)
  self.markdown:result(job, result)
  if job.directed or not told.is_bad(job, result) then return end
  local file, line = told.place(job, result)
  local last = output.tail(result.stderr, LINES)
  if #last == 0 then last = output.tail(result.stdout, LINES) end
  self:annotate("error", ("%s: %s"):format(result.status, job.id),
    table.concat({ told.reason(job, result), table.unpack(last) }, "\n"), file, line)
end

function Github:done(job, event)
  self.markdown:done(job, event)
  if not event.message then return end
  self:annotate(event.preserved and "notice" or "warning",
    (event.preserved and "kept: " or "not torn down: ") .. job.id, event.message, job.suite)
end

function Github:raised(path, message)
  self.markdown:raised(path, message)
  self:annotate("error", "the suite broke: " .. path, message, path, message:match ":(%d+):")
end

Github.unloadable = Github.raised

function Github:broken(message)
  self.markdown:broken(message)
  self:annotate("error", "cleantest", message)
end

function Github:note(message)
  self:annotate("notice", "note", message)
end

function Github:write_summary(tally)
  self.markdown:summary(tally)
  if not self.path then return end
  local done
  local sink, message = Sink.adding(self.path)
  if sink then
    sink:append(self.page)
    done, message = sink:close()
  end
  if not done then error("the step's summary: " .. message, 0) end
end

function Github:summary(tally)
  for _, kind in ipairs { "error", "warning", "notice" } do
    local list = self.kinds[kind]
    local more = list.count - #list
    if more > 0 then
      list[#list + 1] = ("::%s title=cleantest::and %d more of this kind\n"):format(kind, more)
    end
    self.out:write(table.concat(list))
  end
  self:write_summary(tally)
end

return Github
