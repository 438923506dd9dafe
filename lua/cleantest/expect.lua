-- SPDX-License-Identifier: MIT

--- The options `expect`, `xfail` and `skip` of a testlet: what its result must be,
-- that it is known to fail, that it is not to run. They turn the engine's verdict into the
-- suite's; an error of the environment stays one.
-- @internal cleantest.expect

local check = require "cleantest.check"
local tables = require "cleantest.tables"

local expect = {}

local function is_same(wanted, got)
  if type(wanted) ~= "table" or type(got) ~= "table" then return wanted == got end
  for key, value in pairs(wanted) do
    if not is_same(value, got[key]) then return false end
  end
  for key in pairs(got) do
    if wanted[key] == nil then return false end
  end
  return true
end

-- Fields of a result that can be expected, and what they must be declared as.
local fields = {
  exit_code = check.integer,
  signal = check.integer,
  timed_out = check.boolean,
  stdout = check.any_string,
  stderr = check.any_string,
  value = function(_, value) return value end,
}

--- Checks an `expect` option.
-- @tparam string what its name, for messages
-- @param value "fail"; or a table of fields a result must have (exit_code, signal, timed_out,
--   value; stdout and stderr: a Lua pattern that must be found in it); or a function of the
--   result, which returns whether it is as expected, and why not
function expect.check(what, value)
  if value == "fail" or type(value) == "function" then return value end
  if type(value) ~= "table" then
    check.refuse(what, "'fail', a table of a result's fields, or a function of the result", value)
  end
  local checked = check.options(what, value, fields)
  if not next(checked) then check.refuse(what, "a table of at least one field", value) end
  return checked
end

--- Checks a `skip` option: false, a reason, or a function of the job (its id, name, image, label,
-- matrix and tags) that returns either.
function expect.check_skip(what, value)
  if value == false or type(value) == "function" then return value end
  return check.string(what, value)
end

local function mismatch(field, wanted, got)
  if (field == "stdout" or field == "stderr") and got:find(wanted) then return nil end
  if is_same(wanted, got) then return nil end
  if field == "stdout" or field == "stderr" then
    return ("%s has no match for %s"):format(field, check.describe(wanted))
  end
  return ("%s is %s, not %s"):format(field, check.describe(got), check.describe(wanted))
end

-- Whether a result is what was expected, and why it is not.
local function judge(wanted, result)
  if wanted == "fail" then
    return result.status == "fail", "it was expected to fail, and passed"
  end
  if type(wanted) == "function" then
    local ok, verdict, why = pcall(wanted, result)
    if not ok then return false, tostring(verdict) end
    return verdict and true or false, why and tostring(why) or "it is not as expected"
  end
  for _, field in ipairs(tables.keys(wanted)) do
    local why = mismatch(field, wanted[field], result[field])
    if why then return false, why end
  end
  return true
end

local function set(result, status, reason)
  result.status, result.reason = status, reason
end

--- Changes the status of a result to what the testlet's options make of it, and says why in
-- `reason`: an expected failure is a pass, a known one is "xfail".
-- @tparam result result its status is the engine's
-- @tparam table options expect and xfail, checked
function expect.apply(result, options)
  if result.status == "error" or result.status == "skip" then return end
  if options.expect ~= nil then
    local fine, why = judge(options.expect, result)
    set(result, fine and "pass" or "fail", not fine and "not as expected: " .. why or nil)
  end
  if not options.xfail then return end
  if result.status == "fail" then
    set(result, "xfail", options.xfail)
  else
    set(result, "fail", "it passed, and was expected to fail: " .. options.xfail)
  end
end

--- Why a job is not to run.
-- @tparam table options skip, checked
-- @tparam table job from jobs.describe
-- @treturn ?string the reason; nil: it is to run
function expect.skipped(options, job)
  local skip = options.skip
  if type(skip) == "function" then
    skip = skip {
      id = job.id, name = job.testlet_name, image = job.image, label = job.label,
      matrix = tables.copy(job.matrix), tags = tables.copy(job.tags),
    }
  end
  if skip == true then return "no reason given" end
  return skip or nil
end

return expect
