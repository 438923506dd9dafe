-- SPDX-License-Identifier: MIT
--
-- Other programs, as a user would start them: run to their end, or started, watched line by
-- line and signalled. Every one has a deadline, and dies at it.

local new_folder = require "spec.support.folder"

local process = {
  started = {}, -- the ids of all that was started, as keys
}

local DEADLINE = 120 -- seconds

--- One word, or a list of them, for the shell.
function process.quote(words)
  if type(words) ~= "table" then words = { words } end
  local quoted = {}
  for i, word in ipairs(words) do
    quoted[i] = "'" .. tostring(word):gsub("'", [['\'']]) .. "'"
  end
  return table.concat(quoted, " ")
end

local function environment(env)
  local unset, set = {}, {}
  for name, value in pairs(env or {}) do
    if value then
      set[#set + 1] = process.quote(name .. "=" .. value)
    else
      unset[#unset + 1] = "-u " .. process.quote(name)
    end
  end
  return ("env %s %s"):format(table.concat(unset, " "), table.concat(set, " "))
end

-- The shell line for a command (a list of words, or a line of shell), which writes its id to a
-- file first.
local function line(command, options, id_file)
  if type(command) == "table" then command = "exec " .. process.quote(command) end
  command = ("echo $$ >%s; %s"):format(process.quote(id_file), command)
  if options.pty then
    command = "stty rows 30 cols 100; " .. command
    command = "exec " .. process.quote { "script", "-qec", command, "/dev/null" }
  end
  return ("cd %s && exec timeout -k 5 %d %s sh -c %s"):format(
    process.quote(options.cwd or "."), options.deadline or DEADLINE, environment(options.env),
    process.quote(command))
end

local function note_id(folder)
  local id = math.tointeger(tonumber(folder:read "pid"))
  if id then process.started[id] = true end
  return id
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

--- Runs a command to its end.
-- @param command a list of words, or a line of shell
-- @tparam[opt] table options cwd; env: name -> value, false to unset it; stdin: its content;
--   pty: give it a terminal; deadline: seconds
-- @treturn table status (or signal), stdout, stderr
function process.run(command, options)
  options = options or {}
  local folder <close> = new_folder { stdin = options.stdin or "" }
  local out, err = folder:at "stdout", folder:at "stderr"
  local redirected = ("{ %s; } <%s >%s 2>%s"):format(
    line(command, options, folder:at "pid"), folder:at "stdin", out, err)
  local _, how, code = os.execute(redirected)
  note_id(folder)
  local result = { stdout = read(out), stderr = read(err) }
  result[how == "signal" and "signal" or "status"] = code
  if code == 124 then
    error(("did not end in time: %s\n%s\n%s"):format(redirected, result.stdout, result.stderr), 2)
  end
  return result
end

--- What a command prints, without the last line's end; it must succeed.
function process.output(command, options)
  local result = process.run(command, options)
  if result.status ~= 0 then
    error(("%s: status %s\n%s%s"):format(process.quote(command), result.status, result.stdout,
      result.stderr), 2)
  end
  return (result.stdout:gsub("\n$", ""))
end

local Process = {}
Process.__index = Process

--- Starts a command. Its stdin is empty.
-- @param command, options as for process.run
-- @treturn table pid, and the methods below
function process.start(command, options)
  options = options or {}
  local folder = new_folder()
  if type(command) == "table" then command = "exec " .. process.quote(command) end
  local pipe = assert(io.popen(("%s </dev/null 2>%s"):format(
    line("echo; " .. command, options, folder:at "pid"), folder:at "stderr")))
  assert(pipe:read "l", "the command did not start")
  return setmetatable({
    pipe = pipe, folder = folder, lines = {}, pid = note_id(folder),
  }, Process)
end

--- Reads its output up to the line that has this in it.
-- @tparam string pattern
-- @treturn string the line
function Process:await(pattern)
  for text in self.pipe:lines() do
    self.lines[#self.lines + 1] = text
    if text:find(pattern) then return text end
  end
  error(("ended before it printed '%s':\n%s\n%s"):format(pattern, table.concat(self.lines, "\n"),
    self.folder:read "stderr"), 2)
end

--- Sends a signal.
-- @tparam string name as for kill -s
-- @tparam[opt] boolean group to its whole process group, as a terminal would
function Process:kill(name, group)
  local target = self.pid
  if group then
    local stat = read(("/proc/%d/stat"):format(self.pid))
    target = -math.tointeger(stat:match "^.*%) %S %d+ (%d+)")
  end
  assert(os.execute(("kill -s %s -- %d"):format(name, target)))
end

--- Waits for its end.
-- @treturn table as from process.run
function Process:close()
  if not self.pipe then return self.result end
  for text in self.pipe:lines() do self.lines[#self.lines + 1] = text end
  local _, how, code = self.pipe:close()
  self.pipe = nil
  local stdout = table.concat(self.lines, "\n") .. "\n"
  self.result = { stdout = stdout, stderr = self.folder:read "stderr" }
  self.result[how == "signal" and "signal" or "status"] = code
  self.folder:remove()
  if code == 124 then error(("did not end in time:\n%s"):format(stdout), 2) end
  return self.result
end

Process.__close = Process.close

--- Asks again and again until it is so; for what no event tells of.
-- @tparam number seconds the most it may take
-- @tparam function is_so returns something true when it is
-- @return what is_so returned last
function process.within(seconds, is_so)
  local system = require "system"
  local deadline = system.monotime() + seconds
  local answer = is_so()
  while not answer and system.monotime() < deadline do
    system.sleep(0.1)
    answer = is_so()
  end
  return answer
end

--- The id of a host's reaper.
-- @tparam string mark what the host has in its variable SPEC_MARK, which its reaper has from it
-- @treturn ?string nil when there is none
function process.reaper_of(mark)
  local command = "grep -lz '^SPEC_MARK=%s$' /proc/[0-9]*/environ 2>/dev/null"
  for path in process.run(command:format(mark)).stdout:gmatch "/proc/%d+" do
    local program = process.run({ "readlink", path .. "/exe" }).stdout
    if program:find "cleantest%-reaper" then return path:match "%d+" end
  end
end

return process
