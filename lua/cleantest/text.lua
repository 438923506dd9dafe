-- SPDX-License-Identifier: MIT

--- What instances printed, made fit for a person's screen: no control characters,
-- the last lines only, no wider than the terminal. Results keep the bytes as they came.
-- @internal cleantest.text

local text = {}

local TAIL = 16384 -- bytes; nobody reads more of an output in a report

--- Replaces what could steer a terminal.
-- @tparam string s any bytes
-- @treturn string with "\n" and "\t" as the only control characters
function text.printable(s)
  s = s:gsub("\r\n", "\n"):gsub("[\0-\8\11-\31\127]+", "?"):gsub("\xC2[\x80-\x9F]", "?")
  return s
end

--- The last lines of an output.
-- @tparam string s any bytes
-- @tparam int count how many lines at most
-- @treturn table a list of printable strings without line ends
function text.tail(s, count)
  s = s:sub(-TAIL)
  local lines, stop = {}, #s
  while stop > 0 and s:find("^%s", stop) do stop = stop - 1 end
  while stop > 0 and #lines < count do
    local start = stop
    while start > 0 and s:byte(start) ~= 10 do start = start - 1 end
    -- as a terminal shows it: a carriage return begins the line anew, and that is all of progress
    local line = s:sub(start + 1, stop):gsub("\r+$", ""):match "[^\r]*$"
    table.insert(lines, 1, text.fit(text.printable(line), 400))
    stop = start - 1
  end
  return lines
end

--- The last line of an output that is not blank.
-- @tparam string s any bytes
-- @treturn ?string printable; nil when there is none
function text.last_line(s)
  return text.tail(s, 1)[1]
end

--- Cuts a line to a width.
-- @tparam string line printable
-- @tparam int width characters, at least 3
-- @treturn string
function text.fit(line, width)
  if #line <= width then return line end
  local length = utf8.len(line)
  if not length then return line:sub(1, width - 2) .. ".." end
  if length <= width then return line end
  return line:sub(1, utf8.offset(line, width - 1) - 1) .. ".."
end

--- Cuts a name to a width, in its middle: names often differ in their ends only.
-- @tparam string name printable
-- @tparam int width characters, at least 4
-- @treturn string
function text.shorten(name, width)
  local length = utf8.len(name)
  if not length or length <= width then return text.fit(name, width) end
  local head = (width - 2) // 2
  local tail = width - 2 - head
  return name:sub(1, utf8.offset(name, head + 1) - 1) .. ".." .. name:sub(utf8.offset(name, -tail))
end

--- Pads a line with spaces up to a width.
-- @tparam string line printable
-- @tparam int width characters
-- @treturn string
function text.pad(line, width)
  return line .. (" "):rep(width - (utf8.len(line) or #line))
end

return text
