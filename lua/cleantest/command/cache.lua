-- SPDX-License-Identifier: MIT

--- `cleantest cache`: lists prepared environments, deletes them, and says why they
-- were built. A row has no spaces but in its last column, so that other programs can read it.
-- @internal cleantest.command.cache

local clean = require "cleantest.command.clean"
local core = require "cleantest.core"
local options = require "cleantest.command.options"
local text = require "cleantest.text"
local units = require "cleantest.units"

local function add_limits(parser)
  options.add_connection(parser)
  parser:flag("--all", "Delete all that nobody is building.")
  parser:option("--age", "Keep those built at most so long ago (default 7d)."):argname "TIME"
    :target "base_age":convert(options.age "--age")
  parser:option("--count", "Keep at most so many, the last used (default 50)."):argname "N"
    :target "base_count":convert(options.count "--count")
  parser:option("--size", "Keep at most so much of them (default 20GiB)."):argname "SIZE"
    :target "base_size":convert(options.size "--size")
end

local function add_name(parser)
  options.add_connection(parser)
  parser:argument("name", "The name of one, or how it begins."):args "?"
end

local cache = {
  name = "cache",
  description = "Look after prepared environments. Without an action, lists them.",
  add_options = options.add_connection,
  actions = {
    { name = "list", description = "List them, the last used first.",
      add_options = options.add_connection },
    { name = "prune", description = "Delete those that are spoiled, too old, or too many.",
      add_options = add_limits },
    { name = "explain", description = "Say why they were built, and of what.",
      add_options = add_name },
  },
}

local PREFIX = "ct-base-"
local SHORT = #PREFIX + 8 -- of a name, where the terminal is narrow: as good for `explain`

local function by_use(one, other)
  local first, second = one.used or math.huge, other.used or math.huge
  if first ~= second then return first > second end
  return one.instance < other.instance
end

local function failed(err, message)
  err:write("cleantest: ", text.printable(message), "\n")
  return 2
end

local function since(time, now)
  return time and units.show_seconds(now - time) or "-"
end

-- One line of many, whatever it has in it.
local function one_line(s)
  return s and text.printable(s):gsub("[\n\t]", " ") or "-"
end

-- ---- list ----

local function rows_of(list)
  local now, rows = os.time(), { { "NAME", "STATE", "SIZE", "BUILT", "USED", "WHAT" } }
  for _, base in ipairs(list) do
    rows[#rows + 1] = {
      base.instance, base.state, base.size and units.show_bytes(base.size) or "-",
      since(base.built, now), since(base.used, now), one_line(base.label),
    }
  end
  return rows
end

local function widths_of(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      widths[i] = math.max(widths[i] or 0, utf8.len(cell) or #cell)
    end
  end
  return widths
end

local right = { [3] = true, [4] = true, [5] = true }

local function format_row(row, widths)
  local cells = {}
  for i = 1, #row - 1 do
    local cell = row[i]
    cells[i] = right[i] and (" "):rep(widths[i] - #cell) .. cell or text.pad(cell, widths[i])
  end
  cells[#row] = row[#row]
  return table.concat(cells, "  ")
end

-- Makes rows fit a terminal: shorter names first, then what is in the last column.
local function narrow(rows, columns)
  local widths = widths_of(rows)
  local total = 2 * (#widths - 1)
  for _, width in ipairs(widths) do total = total + width end
  if total <= columns then return widths end
  for _, row in ipairs(rows) do row[1] = row[1]:sub(1, SHORT) end
  local room = columns - (total - widths[1] - widths[#widths] + SHORT)
  for _, row in ipairs(rows) do row[#row] = text.fit(row[#row], math.max(room, 16)) end
  return widths_of(rows)
end

local function total_line(list)
  if #list == 0 then return "no prepared environments" end
  local size = 0
  for _, base in ipairs(list) do size = size + (base.size or 0) end
  return ("%d prepared environment%s, %s"):format(#list, #list == 1 and "" or "s",
    units.show_bytes(size))
end

local show = {} -- action -> function(list, options, out, err) -> exit status

function show.list(list, _, out)
  local rows = rows_of(list)
  local columns = core.terminal(out)
  local widths = columns and narrow(rows, columns) or widths_of(rows)
  for i = 1, #list > 0 and #rows or 0 do out:write(format_row(rows[i], widths), "\n") end
  out:write(total_line(list), "\n")
  return 0
end

-- ---- explain ----

local function moment(time, now)
  if not time then return "not yet" end
  return ("%s (%s ago)"):format(os.date("%Y-%m-%d %H:%M:%S", time), since(time, now))
end

local function inputs_of(base)
  local list, width = {}, 0
  for what, digest in (base.inputs or ""):gmatch "([^\t\n]*)\t([^\n]*)" do
    what = text.printable(what)
    list[#list + 1] = { what, digest }
    width = math.max(width, utf8.len(what) or #what)
  end
  return list, width
end

local function explain_one(base, out)
  local now = os.time()
  local function say(what, value) out:write(("  %-7s  %s\n"):format(what, value)) end
  out:write(base.instance, "\n")
  say("what", one_line(base.label))
  say("state", base.state)
  say("built", moment(base.built, now))
  say("why", one_line(base.reason))
  say("used", moment(base.used, now))
  say("size", base.size and units.show_bytes(base.size) or "-")
  local inputs, width = inputs_of(base)
  for _, input in ipairs(inputs) do
    say("input", text.pad(input[1], width) .. "  " .. text.printable(input[2]))
  end
end

-- Those whose name, or what comes behind "ct-base-" in it, begins like this.
local function chosen(list, name)
  local found = {}
  for _, base in ipairs(list) do
    local digits = base.instance:sub(#PREFIX + 1)
    if base.instance:sub(1, #name) == name or digits:sub(1, #name) == name then
      found[#found + 1] = base
    end
  end
  return found
end

function show.explain(list, given, out, err)
  local name = given.name
  if name then
    list = chosen(list, name)
    if #list == 0 then
      err:write(("cleantest: there is no prepared environment '%s'\n"):format(text.printable(name)))
      return 1
    end
  end
  for i, base in ipairs(list) do
    if i > 1 then out:write "\n" end
    explain_one(base, out)
  end
  if #list == 0 then out:write(total_line(list), "\n") end
  return 0
end

-- ---- the command ----

--- Lists, prunes or explains.
-- @tparam table given action: "list" (or nil), "prune" or "explain"; name: of explain; all: of
--   prune; and the settings, see the binding's lct_settings_read
-- @tparam file out where it says what there is, and what was deleted
-- @tparam file err where it says what failed
-- @treturn int exit status: 0; 1 when nothing has the name; 2 when LXD failed
function cache.run(given, out, err)
  if given.action == "prune" then
    local gone, message = core.bases_prune(given, given.all)
    return clean.tell(gone, message, out, err)
  end
  local list, message = core.bases(given)
  if not list then return failed(err, message) end
  table.sort(list, by_use)
  return show[given.action or "list"](list, given, out, err)
end

return cache
