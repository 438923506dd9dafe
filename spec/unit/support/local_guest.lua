-- SPDX-License-Identifier: MIT
--
-- An engine for unit specs: jobs are handed to the real guest, as a process on this machine, with
-- no instance around it and no daemon. What a suite declares, calls and gets back can be seen with
-- it, by anybody, in milliseconds. It shows nothing of instances, hooks, images, timing or
-- concurrency: one job runs at a time. Testlets of specs that use it are run HERE, so they must do
-- no harm; where the guest's folder is, it is a temporary one.

local core = require "cleantest.core"
local internals = require "cleantest_internals"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

-- jobs: those that were started, the last ones last; batches: how many calls they were; cancelled:
-- how many calls were
local local_guest = { jobs = {}, batches = 0, cancelled = 0 }

local EXIT_SKIP <const> = 77

local function unpack_packed(bytes)
  return bytes and (assert(internals.unpack(bytes, true)))
end

local function request_of(job)
  local testlet, env = job.testlet, {}
  for _, pairs_of in ipairs { job.env or {}, job.testlet_env or {} } do
    for _, pair in ipairs(pairs_of) do
      local name, value = pair:match "^([^=]*)=(.*)$"
      env[name] = value
    end
  end
  local request = {
    op = "run", ready = "exec", kind = testlet.kind, argv = testlet.argv, name = testlet.name,
    code = testlet.code,
    args = unpack_packed(testlet.args), env = env, timeout = job.timeout or 60,
    output_limit = 1 << 20,
  }
  -- A script is written into the guest's directory, which lies in "/": here, sh reads it.
  if testlet.kind == "script" then
    request.kind, request.argv = "command", { "sh", "-c", testlet.code }
  end
  return internals.frame("R", assert(internals.pack(request, true)))
end

-- What the guest answered: stdout, stderr, value, and how the testlet ended.
local function answer_of(bytes)
  local answer = { o = "", e = "" }
  while #bytes > 0 do
    local taken, kind, data = internals.parse(bytes)
    assert(taken > 0, "half a frame")
    if kind == "o" or kind == "e" then answer[kind] = answer[kind] .. data end
    if kind == "v" or kind == "x" then answer[kind] = internals.unpack(data, false) end
    if kind == "!" then error(data) end
    bytes = bytes:sub(taken + 1)
  end
  return answer
end

-- Its stdin must stay open for as long as it runs: the end of that means that the host is gone.
local function run_guest(job)
  local folder <close> = new_folder { request = request_of(job) }
  process.output { "cp", os.getenv "BUILD" .. "/guest", folder:at "guest" }
  process.output { "mkfifo", folder:at "stdin" }
  local script = [[exec 3<>stdin; { cat request >&3; } & ./guest <&3 >answer]]
  local ended = process.run(script, { cwd = folder.path, deadline = 60 })
  return answer_of(folder:read "answer"), ended
end

local function status_of(ended)
  if ended.exit_code == EXIT_SKIP then return "skip" end
  return ended.exit_code == 0 and "pass" or "fail"
end

local function perform(job)
  local answer = run_guest(job)
  local ended = answer.x
  return {
    name = job.label, instance = "here", image = job.image, testlet = job.name,
    status = status_of(ended),
    exit_code = math.tointeger(ended.exit_code) or -1, signal = ended.signal,
    timed_out = ended.timed_out or false, stdout = answer.o, stderr = answer.e, value = answer.v,
    error = ended.timed_out and "timed out" or nil, duration = 0, phases = {}, base_built = false,
    resources = { cpu_user = 0, cpu_system = 0, max_rss = 0 },
  }
end

local Batch = {}
Batch.__index = Batch

function Batch:add(job)
  self.jobs[#self.jobs + 1] = job
  table.insert(local_guest.jobs, job)
  return #self.jobs
end

function Batch:start() -- luacheck: no self
  return true
end

-- One event a call: a job's result, then that it is over.
function Batch:wait()
  if #self.events > 0 then return table.remove(self.events, 1) end
  if self.cancelled or self.done == #self.jobs then return false end
  self.done = self.done + 1
  self.events[1] = { type = "done", job = self.done, seconds = 0 }
  return { type = "result", job = self.done, result = perform(self.jobs[self.done]) }
end

function Batch:cancel()
  if not self.cancelled then local_guest.cancelled = local_guest.cancelled + 1 end
  self.cancelled = true
end

function Batch:close() -- luacheck: no self
  return true
end

local Run = {}
Run.__index = Run

function Run:server() -- luacheck: no self
  return "a guest on this machine"
end

function Run:close() end -- luacheck: no self

--- Puts it in the engine's place, for this process. Jobs that were seen are forgotten.
function local_guest.use()
  local_guest.jobs, local_guest.batches, local_guest.cancelled = {}, 0, 0
  core.run_open = function() return setmetatable({}, Run) end
  core.batch_new = function(_, max_live)
    local_guest.max_live = max_live
    local_guest.batches = local_guest.batches + 1
    return setmetatable({ jobs = {}, events = {}, done = 0 }, Batch)
  end
end

return local_guest
