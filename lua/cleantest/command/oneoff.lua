-- SPDX-License-Identifier: MIT

--- A program in clean machines, without a suite:
-- `cleantest run --image debian-12,debian-13 check.sh` and
-- `cleantest run --image debian-12 -- COMMAND...`. It becomes what a suite would declare, so that
-- all else is as with suites.
-- @internal cleantest.command.oneoff

local core = require "cleantest.core"
local data = require "cleantest.data"
local glob = require "cleantest.select.glob"
local hook = require "cleantest.hook"
local config = require "cleantest.config"
local lxd = require "cleantest.lxd"
local packages = require "cleantest.pkg"
local stock = require "cleantest.stock"
local testlet = require "cleantest.testlet"
local where = require "cleantest.where"

local oneoff = {}

local decorate = lxd.facade("cleantest run", config.lxd)

-- ---- What a file is

local function head_of(path, size)
  local file <close> = io.open(path, "rb")
  return file and file:read(size) or ""
end

--- Is a file a suite? It is when it is Lua that requires cleantest.
-- @tparam string path
-- @treturn boolean
function oneoff.is_suite(path)
  if not path:find "%.lua$" then return false end
  local code = head_of(path, 1 << 20)
  return code:find "[\"'%[]cleantest[\"'%]]" ~= nil or code:find "[\"']cleantest%.busted" ~= nil
end

--- Says what to do with a file that is no Lua, and was given as a suite.
-- @tparam string path
-- @treturn ?string a message; nil: it is Lua, or can't be read
function oneoff.hint(path)
  if path:find "%.lua$" or core.entries(path) then return nil end
  local head = head_of(path, 4)
  if head == "" or loadfile(path, "t") and head:sub(1, 2) ~= "#!" then return nil end
  return ("%s is no Lua, and a suite is a Lua script. To run it in a clean machine: "
    .. "cleantest run --image debian-12 %s"):format(path, path)
end

-- ---- Options

local function split(given)
  local list = {}
  for _, text in ipairs(given or {}) do
    for word in text:gmatch "[^,]+" do list[#list + 1] = word end
  end
  return list
end

local function architecture()
  local pipe <close> = io.popen "uname -m"
  local machine = pipe and pipe:read "l"
  return ({ x86_64 = "amd64", aarch64 = "arm64" })[machine] or machine or ""
end

-- A stock name may be without its architecture.
local function images_of(given)
  local list = split(given.image)
  for i, name in ipairs(list) do
    local whole = stock.has(name) and name or name .. "-" .. architecture()
    list[i] = stock.has(whole) and whole or name
  end
  return list
end

local function upload(text)
  local source, dest = text:match "^(.-):(/.*)$"
  source = source or text
  dest = dest or "/root/" .. (core.absolute(source) or source):match "[^/]*$"
  source = core.absolute(source) or source
  local new = core.entries(source) and data.dir or data.file
  return new(source, dest, { overwrite = true })
end

-- The start hook, and whether there is one.
local function hooks_of(given, uploads)
  for _, text in ipairs(given.upload or {}) do uploads[#uploads + 1] = upload(text) end
  local wanted = split(given.package)
  if #uploads == 0 and #wanted == 0 then return {} end
  return { hook.start_env {
    name = "run", upload = uploads, packages = #wanted > 0 and packages.system(wanted) or nil,
  } }
end

-- ---- Testlets

-- A program that was compiled is uploaded; all else is a testlet as it is.
local function of_file(path, uploads)
  local absolute, name = core.absolute(path) or path, path:match "[^/]*$"
  if head_of(path, 4) ~= "\127ELF" then return testlet.file(absolute) end
  local dest = "/usr/local/bin/" .. name
  uploads[#uploads + 1] = data.file(absolute, dest, { mode = "0755", overwrite = true })
  return testlet.command { dest }
end

local function declare(given, name, make)
  local uploads = {}
  local what = make(uploads)
  return decorate {
    name = name, image = images_of(given), hooks = hooks_of(given, uploads), ready = given.ready,
  } (what)
end

local function entry_of(path, given, name, make)
  return {
    path = path,
    chunk = function()
      return where.on_behalf(path, function() return { declare(given, name, make) } end)
    end,
  }
end

-- What is wrong with the options; nil: nothing.
local function wrong_with(given)
  for _, name in ipairs(split(given.image)) do
    if glob.is_pattern(name) then
      return ("--image %s: a program runs on images that are named, one by one"):format(name)
    end
  end
  for _, text in ipairs(given.upload or {}) do
    local source = text:match "^(.-):/" or text
    local file <close>, message = io.open(source)
    if not file then return "--upload: " .. message end
  end
end

--- Finds out whether it is a program that is to be run, and not suites.
-- @tparam table given what the options say: suites, words (behind a "--"), image, upload, package,
--   ready
-- @treturn boolean
function oneoff.is_meant(given)
  if #(given.image or {}) == 0 then return false end
  if given.words then return true end
  for _, path in ipairs(given.suites) do
    if core.entries(path) or path:find("::", 1, true) or oneoff.is_suite(path) then return false end
  end
  return #given.suites > 0
end

--- What is to be run, in the place of suites.
-- @tparam table given as for is_meant
-- @treturn table entries, like those from paths.find, each with a function in its file's place; or
--   nil, what is wrong
function oneoff.entries(given)
  local wrong = wrong_with(given)
  if wrong then return nil, wrong end
  if given.words then
    local name = given.words[1]:match "[^/]+$" or given.words[1]
    return { words = {}, entry_of("-", given, name, function()
      return testlet.command(given.words)
    end) }
  end
  local list = { words = {} }
  for _, path in ipairs(given.suites) do
    local file <close>, message = io.open(path)
    if not file then return nil, message end
    list[#list + 1] = entry_of(path, given, path:match "[^/]*$", function(uploads)
      return of_file(path, uploads)
    end)
  end
  return list
end

return oneoff
