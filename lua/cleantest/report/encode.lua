-- SPDX-License-Identifier: MIT

--- What instances printed, and any Lua value, as reports in files need it: valid
-- UTF-8, XML and JSON, whatever the bytes were.
-- @internal cleantest.report.encode

local cjson = require "cjson"

local encode = {}

local codec = cjson.new()
codec.encode_max_depth(100)

local REPLACEMENT <const> = "\u{FFFD}"
local DEEPEST <const> = 32
local BLOCK <const> = 4096 -- pieces

-- ---- Text

local function joined(blocks, pieces)
  blocks[#blocks + 1] = table.concat(pieces)
  return {}
end

--- Makes a string valid UTF-8.
-- @tparam string s any bytes
-- @treturn string what is no UTF-8 is U+FFFD in it
function encode.utf8(s)
  if utf8.len(s) then return s end
  local blocks, pieces, at = {}, {}, 1
  while at <= #s do
    local fine, bad = utf8.len(s, at)
    if fine then bad = #s + 1 end
    pieces[#pieces + 1] = s:sub(at, bad - 1)
    if not fine then pieces[#pieces + 1] = REPLACEMENT end
    if #pieces > BLOCK then pieces = joined(blocks, pieces) end
    at = bad + 1
  end
  joined(blocks, pieces)
  return table.concat(blocks)
end

--- Takes out what moves or colours a terminal's text.
-- @tparam string s
-- @treturn string
function encode.without_escapes(s)
  if not s:find("\27", 1, true) then return s end
  s = s:gsub("\27%[[0-?]*[ -/]*[@-~]", ""):gsub("\27%][^\7\27]*\7", ""):gsub("\27[@-_]", "")
  return s
end

local entities = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["\n"] = "&#10;",
  ["\t"] = "&#9;",
}

local function xml(s, pattern)
  s = encode.utf8(encode.without_escapes(s)):gsub("\r\n?", "\n"):gsub("[\0-\8\11-\31]", "")
  s = s:gsub("\xEF\xBF[\xBE\xBF]", REPLACEMENT):gsub(pattern, entities)
  return s
end

--- Text between tags, of XML and HTML.
-- @tparam string s any bytes; control characters are left out, as XML has no way to say them
-- @treturn string
function encode.xml(s)
  return xml(s, "[&<>]")
end

--- The value of an attribute, with its quotes.
function encode.attribute(s)
  return '"' .. xml(tostring(s), '[&<>"\n\t]') .. '"'
end

-- ---- JSON

local plain

local function plain_table(value, above)
  if above[value] or above.depth == DEEPEST then return "..." end
  above[value], above.depth = true, above.depth + 1
  local copy, count = {}, 0
  for _ in pairs(value) do count = count + 1 end
  local list = count == #value
  for key, entry in pairs(value) do
    copy[list and key or encode.utf8(tostring(key))] = plain(entry, above)
  end
  above[value], above.depth = nil, above.depth - 1
  return copy
end

function plain(value, above)
  local kind = type(value)
  if kind == "string" then return encode.utf8(value) end
  if kind == "boolean" or kind == "nil" then return value end
  if kind == "table" then return plain_table(value, above) end
  local finite = kind == "number" and value == value and math.abs(value) < math.huge
  return finite and value or tostring(value)
end

--- A value as JSON, on one line.
-- @param value anything: strings are made valid UTF-8, what JSON has no word for is text
-- @treturn string
function encode.json(value)
  return codec.encode(plain(value, { depth = 0 }))
end

--- The same, to stand in a script of a page.
function encode.json_in_html(value)
  local s = encode.json(value):gsub("<", "\\u003c"):gsub("\u{2028}", "\\u2028")
  s = s:gsub("\u{2029}", "\\u2029")
  return s
end

--- The last bytes of an output, where all of it is too much.
-- @tparam string s
-- @tparam int most bytes
-- @treturn string begins with a line that says what is missing
function encode.tail(s, most)
  if #s <= most then return s end
  local from = #s - most + 1
  from = s:find("\n", from, true) or from
  if #s - from < most // 2 then from = #s - most + 1 end
  return ("[the first %d bytes of %d are left out]\n"):format(from, #s) .. s:sub(from + 1)
end

return encode
