-- SPDX-License-Identifier: MIT

--- A value in one line, for messages about what was thrown or returned. The host and the
-- guest share it.
-- @internal cleantest.show

local MOST_DEPTH <const> = 3 -- of tables in tables
local MOST_ENTRIES <const> = 20 -- of each table
local MOST_BYTES <const> = 500 -- of each string

local show

local function show_string(s)
  local more = #s > MOST_BYTES and ".." or ""
  return ('"%s"%s'):format(s:sub(1, MOST_BYTES):gsub('[%c\\"]', function(byte)
    local named = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" }
    return named[byte] or ("\\x%02X"):format(byte:byte())
  end), more)
end

-- Names first, as they are written; numbers by value, whatever else there is behind.
local function before(one, other)
  local first, second = type(one), type(other)
  if first ~= second then return first > second end
  if first == "number" or first == "string" then return one < other end
  return tostring(one) < tostring(other)
end

local function show_key(key, depth)
  if type(key) == "string" and key:find "^[%a_][%w_]*$" then return key end
  return ("[%s]"):format(show(key, depth))
end

local function show_table(t, depth)
  if depth >= MOST_DEPTH then return next(t) == nil and "{}" or "{..}" end
  local keys, parts, listed = {}, {}, rawlen(t)
  for i = 1, listed do parts[i] = i <= MOST_ENTRIES and show(rawget(t, i), depth + 1) or nil end
  for key in next, t do
    local is_listed = math.type(key) == "integer" and key >= 1 and key <= listed
    if not is_listed then keys[#keys + 1] = key end
  end
  table.sort(keys, before)
  for _, key in ipairs(keys) do
    if #parts >= MOST_ENTRIES then break end
    parts[#parts + 1] = ("%s = %s"):format(show_key(key, depth), show(rawget(t, key), depth + 1))
  end
  if listed + #keys > #parts then parts[#parts + 1] = ".." end
  return "{" .. table.concat(parts, ", ") .. "}"
end

-- What has a word of its own says it.
local function has_word(value)
  local class = getmetatable(value)
  return type(class) == "table" and (class.__tostring or class.__name) ~= nil
end

function show(value, depth)
  if type(value) == "string" then return show_string(value) end
  if type(value) == "table" and not has_word(value) then return show_table(value, depth) end
  local ok, text = pcall(tostring, value)
  return ok and text or ("a %s"):format(type(value))
end

--- Shows a value.
-- @param value anything
-- @treturn string a string as it is; a table by its fields, nested ones, too: {code = 7}
return function(value)
  if type(value) == "string" then return value end
  return show(value, 0)
end
