-- SPDX-License-Identifier: MIT

--- What a testlet printed, as a terminal would show it: after a carriage return a line
-- is written over, and colours are left out. Reports for people show this; results keep the bytes.
-- @internal cleantest.report.output

local encode = require "cleantest.report.encode"
local text = require "cleantest.text"

local output = {}

local TAIL <const> = 1 << 18 -- bytes that are looked at where only the last lines are wanted
local WIDEST <const> = 400

-- What is seen after `piece` was written over `line`.
local function over(line, piece)
  local erased = piece:find "^\27%[[02]?K" ~= nil
  piece = encode.without_escapes(piece)
  if erased then return piece end
  local length = utf8.len(piece)
  local rest = length and utf8.len(line) and utf8.offset(line, length + 1) or #piece + 1
  return piece .. line:sub(rest or #line + 1)
end

local function seen(line)
  line = line:gsub("\r+$", "")
  if not line:find "[\r\27]" then return text.printable(line) end
  local shown = ""
  for piece in line:gmatch "[^\r]+" do shown = over(shown, piece) end
  return text.printable(shown)
end

--- The lines of an output.
-- @tparam string s any bytes
-- @treturn table a list of printable strings without line ends; blank ones at the end are left out
function output.lines(s)
  local lines = {}
  for line in (s:gsub("%s+$", "") .. "\n"):gmatch "([^\n]*)\n" do lines[#lines + 1] = seen(line) end
  if #lines == 1 and lines[1] == "" then return {} end
  return lines
end

local function count_lines(s)
  local count, at = 0, 0
  local stop = #s
  while stop > 0 and s:find("^%s", stop) do stop = stop - 1 end
  if stop == 0 then return 0 end
  repeat
    count = count + 1
    at = s:find("\n", at + 1, true)
  until not at or at > stop
  return count
end

--- The last lines of an output.
-- @tparam string s any bytes
-- @tparam[opt] int most how many at most, each cut to a width; nil: all of them, whole
-- @treturn table as from output.lines
-- @treturn int how many lines there are
function output.tail(s, most)
  if not most then
    local lines = output.lines(s)
    return lines, #lines
  end
  local total = count_lines(s)
  local lines = output.lines(s:sub(-TAIL))
  local first = math.max(#lines - most + 1, 1)
  local last = {}
  for i = first, #lines do last[#last + 1] = text.fit(lines[i], WIDEST) end
  return last, total
end

return output
