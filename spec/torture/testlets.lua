-- SPDX-License-Identifier: MIT
--
-- testlets.lua - testlets whose results are known, whatever happens around them.

local testlets = {}

local LINES <const> = 2000

local function numbered()
  local list = {}
  for i = 1, LINES do list[i] = ("line %d of the torture\n"):format(i) end
  return table.concat(list)
end

--- By name: what runs, and what is right. `timeout` is the testlet's.
-- @tparam table ct the module
function testlets.all(ct)
  local number <const> = 41
  return {
    value = {
      function() return { sum = number + 1, text = ("\0\n"):rep(300), list = { 1, 2 } } end,
      status = "pass", exit_code = 0, stdout = "",
      value = { sum = 42, text = ("\0\n"):rep(300), list = { 1, 2 } },
    },
    fails = { ct.script "echo out; echo err >&2; exit 3",
      status = "fail", exit_code = 3, stdout = "out\n", stderr = "err\n" },
    prints = {
      function()
        for i = 1, 2000 do print(("line %d of the torture"):format(i)) end
      end,
      status = "pass", exit_code = 0, stdout = numbered(),
    },
    skips = { ct.script "exit 77", status = "skip", exit_code = 77 },
    late = { ct.command { "sleep", "120" }, status = "fail", timed_out = true, timeout = 1 },
    dies = { ct.script "kill -SEGV $$", status = "fail", signal = 11 },
    slow = { ct.script "sleep 1; echo slept", status = "pass", exit_code = 0,
      stdout = "slept\n" },
  }
end

local function equal(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not equal(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

--- What is wrong with a result; nil: nothing.
-- @tparam table wanted one of testlets.all
-- @tparam table result
function testlets.wrong(wanted, result)
  for _, field in ipairs { "status", "exit_code", "signal", "timed_out", "stdout", "stderr",
    "value" } do
    if wanted[field] ~= nil and not equal(wanted[field], result[field]) then
      return ("%s is %.80q"):format(field, tostring(result[field]))
    end
  end
end

return testlets
