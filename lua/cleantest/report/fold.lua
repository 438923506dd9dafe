-- SPDX-License-Identifier: MIT

--- Long outputs in the logs of a CI that can fold them: lines that begin and end a fold.
-- @internal cleantest.report.fold

local fold = {}

local makers = {}

function makers.github(_, title)
  return "::group::" .. title:match "%S.*", "::endgroup::"
end

-- What GitLab takes out of the log, and a name for each section.
function makers.gitlab(number, title)
  local now = os.time()
  local name = ("cleantest_%d"):format(number)
  return ("\27[0Ksection_start:%d:%s[collapsed=true]\r\27[0K%s"):format(now, name, title),
    ("\27[0Ksection_end:%d:%s\r\27[0K"):format(now, name)
end

--- What folds under a CI.
-- @tparam ?string ci from surroundings.ci
-- @treturn ?function title -> the line before, the line after; nil where nothing can be folded
function fold.of(ci)
  local make = makers[ci]
  local count = 0
  return make and function(title)
    count = count + 1
    return make(count, title)
  end
end

return fold
