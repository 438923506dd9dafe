-- SPDX-License-Identifier: MIT
--
-- What doxygen reads in place of a header: its plain comments as doxygen's own, the chapters'
-- headings as such, and enumerations with their members, each with the word it stands for.
--
--   doxygen.lua HEADER

local file <close> = assert(io.open(arg[1]))
local text = file:read "a"

-- CT_PHASES -> a list of { name, word }
local lists = {}
for list, body in text:gmatch "#define (CT_[%u_]+)%(X%)%s*\\\n(.-[^\\])\n" do
  lists[list] = {}
  for name, word in body:gmatch 'X%(([%u%d_]+),%s*"(.-)"%)' do
    table.insert(lists[list], { name, word })
  end
end

-- The lines that `#define CT_X(name, word) FORM`, LIST(CT_X) stands for.
local function expand(form, list)
  local lines = {}
  for i, member in ipairs(lists[list]) do
    local line = form:gsub("##name", member[1])
    lines[i] = "    " .. line .. (line ~= form and (" /**< \"%s\" */"):format(member[2]) or "")
  end
  return table.concat(lines, "\n") .. "\n"
end

text = text:gsub("#define CT_X%b() ([^\n]+)\n%s*(CT_[%u_]+)%(CT_X%)\n#undef CT_X\n", expand)

local comment = false
for line in text:gmatch "([^\n]*)\n" do
  comment = comment or line:find "^%s*/%*" ~= nil
  if comment then
    line = line:gsub("^(%s*)/%* (SPDX.*)", "%1/** \\mainpage"):gsub("^(%s*)/%* ([^-])", "%1/** %2")
    line = line:gsub("^ %* (%u[%u ,]*)$", " * # %1")
    if line:find "^%s*/?%*%*? %S" then line = line:gsub("#(%l)", "\\#%1") end
    comment = not line:find("*/", 1, true)
  end
  print(line)
end
