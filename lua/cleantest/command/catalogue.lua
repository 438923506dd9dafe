-- SPDX-License-Identifier: MIT

--- What some suites have, before any of it is run: what a selection is checked
-- against, and what `--list` shows.
-- @internal cleantest.command.catalogue

local declared = require "cleantest.call.declared"
local encode = require "cleantest.report.encode"

local catalogue = {}

--- Reads suites.
-- @tparam table entries from paths.find
-- @treturn table jobs: a list; problems: a list of { path=, message=, unloadable= }, of suites that
--   may have more, or can't be loaded
function catalogue.read(entries)
  local all = { jobs = {}, problems = {} }
  for _, entry in ipairs(entries) do
    local jobs, message, unloadable = declared.list(entry.path, entry.chunk)
    table.move(jobs, 1, #jobs, #all.jobs + 1, all.jobs)
    if message then
      table.insert(all.problems, { path = entry.path, message = message, unloadable = unloadable })
    end
  end
  return all
end

--- Says what is wrong with a selection: what it names, and nobody has. Where a suite could not be
-- listed to its end, nothing is: it may be there.
-- @tparam table all from catalogue.read
-- @tparam selection selection
-- @treturn ?string
function catalogue.check(all, selection)
  return #all.problems == 0 and selection:check(all.jobs) or nil
end

local function as_json(job)
  local file, line = (job.position or ""):match "^(.*):(%d+)$"
  local json = encode.json {
    id = job.id, name = job.label, suite = job.suite, testlet = job.testlet_name, image = job.image,
    matrix = job.matrix, tags = job.tags, file = file, line = math.tointeger(tonumber(line)),
  }
  return (json:gsub('"tags":{}', '"tags":[]')) -- in a string the quotes had backslashes
end

local write = {}

function write.ids(out, jobs)
  for _, job in ipairs(jobs) do out:write(job.id, "\n") end
end

-- One JSON array, a line for each job.
function write.json(out, jobs)
  out:write "["
  for i, job in ipairs(jobs) do out:write(i > 1 and ",\n" or "\n", as_json(job)) end
  out:write "\n]\n"
end

--- Shows jobs.
-- @tparam table all from catalogue.read
-- @tparam table jobs those of it that are selected
-- @tparam string how "ids" or "json"
-- @tparam file out for the jobs
-- @tparam file err for what is said beside them
-- @treturn int exit status: 0; 2 when a suite can't be loaded
function catalogue.show(all, jobs, how, out, err)
  write[how](out, jobs)
  local status = 0
  for _, problem in ipairs(all.problems) do
    if problem.unloadable then status = 2 end
    err:write(("cleantest: %s: %s%s\n"):format(problem.path,
      problem.unloadable and "" or "it could not be listed to its end: ", problem.message))
  end
  if #jobs < #all.jobs then
    err:write(("cleantest: %d of %d selected\n"):format(#jobs, #all.jobs))
  end
  return status
end

return catalogue
