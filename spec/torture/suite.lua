-- SPDX-License-Identifier: MIT
--
-- suite.lua - what is run under torture, in the round's folder: it writes each result to the
-- file "results", at once, as "right", "error" or "WRONG", and says "done" at the end.

local ct = require "cleantest"
local testlets = require "spec.torture.testlets"

local round = dofile "plan.lua"
local all = testlets.all(ct)
local results <close> = assert(io.open("results", "w"))

local function note(kind, name, text)
  results:write(kind, "\t", name, "\t", (tostring(text or ""):gsub("[\t\r\n]+", " ")), "\n")
  results:flush()
end

local function downloaded(name)
  local file <close> = io.open(("downloads/%s/report"):format(name), "rb")
  return file and file:read "a" == ("x"):rep(20000)
end

local function judge(name, result)
  if result.status == "error" then return note("error", name, result.error) end
  local wrong = testlets.wrong(all[name], result)
  if not wrong and round.hooks and not round.full_disk and not downloaded(name) then
    wrong = "its download is not what it was"
  end
  note(wrong and "WRONG" or "right", name, wrong and (wrong .. ": " .. tostring(result)))
end

local function configure()
  local endpoint, tls = os.getenv "TORTURE_ENDPOINT", round.tls
  local config = ct.configure("lxd", { client = {
    endpoint = endpoint, timeout = round.client_timeout,
    cert = tls and { crt = tls.crt, key = tls.key } or nil,
    verify = tls and tls.fingerprint or nil,
  } })
  if not round.hooks then return end
  config:register_hook(ct.hook.start_env {
    name = "hook-" .. round.hooks, upload = ct.data.dir(round.folder .. "/upload", "/torture"),
    run = ct.script("mkdir -p /out && head -c 20000 /dev/zero | tr '\\000' x >/out/report && test "
      .. round.hooks .. " = $(cat /torture/number)"),
  })
  config:register_hook(ct.hook.stop_env {
    name = "home", download = ct.data.dir("/out", round.folder .. "/downloads/{testlet}"),
  })
end

local function batch()
  local list = { num_threads = round.threads, order = "completed" }
  for name, each in pairs(all) do
    local options = { name = name, timeout = each.timeout or 60, ready_timeout = 60 }
    if not round.target then
      options.image, options.fresh, options.warm = round.image, round.fresh, round.warm
      options.isolation = round.isolation
    end
    local decorate = round.target and ct.lxd.target(round.target, options) or ct.lxd(options)
    list[name] = decorate(each[1])
  end
  for _, result in ct.run(list) do judge(result.testlet, result) end
end

local function archon()
  local director = ct.archon()
  director:add({ "one", "two" }, round.image, { timeout = 60 })
  for name, each in pairs(all) do
    local testlet = each[1]
    if type(testlet) == "table" or name == "prints" then
      for _, result in pairs(director:execute({ "one", "two" }, testlet,
        { timeout = each.timeout or 60 })) do
        judge(name, result)
      end
    end
  end
  director:destroy "one"
end

configure()
if round.archon then
  round.hooks = nil -- an archon runs none
  archon()
else
  batch()
end
note("done", "suite")
