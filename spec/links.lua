-- SPDX-License-Identifier: MIT
--
-- Checks the links of all Markdown files in git: the file is in git, too, and has the heading;
-- and where a table's row names a spec and, behind it, quotes titles of its tests, it has those.
-- Prints what is wrong, each with its file and line, and then fails.

local there, documents, wrong = { [""] = true }, {}, 0 -- files and folders; *.md; how many

for path in assert(io.popen "git -c core.quotePath=false ls-files"):lines() do
  for at in (path .. "/"):gmatch "()/" do there[path:sub(1, at - 1)] = true end
  if path:find "%.md$" then documents[#documents + 1] = path end
end

-- Lines with their numbers; those of code blocks are empty.
local function prose(path)
  local lines, fenced = {}, false
  for line in io.lines(path) do
    local fence = line:find "^%s*```"
    if fence then fenced = not fenced end
    lines[#lines + 1] = (fenced or fence) and "" or line
  end
  return ipairs(lines)
end

-- The anchors that GitHub makes of headings, as keys. Letters beyond ASCII stay.
local function anchors(path)
  local found = {}
  for _, line in prose(path) do
    local text = (line:match "^#+%s+(.-)%s*#*$" or ""):gsub("%[(.-)%]%b()", "%1"):lower()
    local base = text:gsub("[^%w%s_\x80-\xff-]", ""):gsub("%s", "-")
    local name, count = base, 0
    while base ~= "" and found[name] do count, name = count + 1, base .. "-" .. count + 1 end
    found[name] = true
  end
  return found
end

-- A link's path from the top.
local function resolve(from, path)
  if path == "" then return from end
  path = path:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  local names = {}
  for name in (path:find "^/" and path or (from:match "^.*/" or "") .. path):gmatch "[^/]+" do
    if name == ".." then table.remove(names) elseif name ~= "." then names[#names + 1] = name end
  end
  return table.concat(names, "/")
end

-- What is wrong with a link, and with the titles in the rest of its row, as a list.
local function faults(path, anchor, rest)
  if not there[path] then return { "there is no file " .. path } end
  local list = {}
  if path:find "%.md$" and anchor ~= "" and not anchors(path)[anchor] then
    list[1] = ("there is no heading #%s in %s"):format(anchor, path)
  end
  local source = path:find "_spec%.lua$" and io.open(path):read "a"
  for title in (source and rest or ""):gmatch '"(.-)"' do
    if not source:find(title, 1, true) then
      list[#list + 1] = ('%s has no "%s"'):format(path, title)
    end
  end
  return list
end

for _, document in ipairs(documents) do
  for number, line in prose(document) do
    line = line:gsub("`%[.-%]%(.-%)`", "") -- code
    for target, at in line:gmatch "%]%(([^%s)]+)[^)]*%)()" do
      local path, anchor = target:match "^([^#]*)#?(.*)$"
      local rest = line:find "^%s*|" and (line:sub(at) .. "]("):match "^(.-)%]%(" or ""
      local here = not target:find "^%a[%w+.-]*:"
      for _, fault in ipairs(here and faults(resolve(document, path), anchor, rest) or {}) do
        print(("%s:%d: %s"):format(document, number, fault))
        wrong = wrong + 1
      end
    end
  end
end
os.exit(wrong == 0)
