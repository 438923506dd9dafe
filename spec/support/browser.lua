-- SPDX-License-Identifier: MIT
--
-- A browser without a screen, Debian's chromium, directed over its DevTools pipe: messages of JSON,
-- each with a NUL behind it.

local cjson = require "cjson"
local new_folder = require "spec.support.folder"

local Browser = {}
Browser.__index = Browser

local COMMAND <const> = "cd %s && exec timeout 100 chromium --headless --no-sandbox --disable-gpu "
  .. "--window-size=1100,900 --user-data-dir=profile --remote-debugging-pipe about:blank "
  .. "3<in 4>out 2>log"

function Browser:read()
  local bytes = {}
  for byte in function() return self.out:read(1) end do
    if byte == "\0" then return cjson.decode(table.concat(bytes)) end
    bytes[#bytes + 1] = byte
  end
  error("the browser has ended: " .. (self.folder:read "log" or ""))
end

--- Calls a method of the protocol, and waits for its answer.
-- @treturn table the result
function Browser:call(method, params)
  self.id = self.id + 1
  self.into:write(cjson.encode { id = self.id, method = method, sessionId = self.session,
    params = params or cjson.decode "{}" }, "\0")
  self.into:flush()
  while true do
    local message = self:read()
    if message.id == self.id then
      assert(not message.error, method .. ": " .. cjson.encode(message.error or 0))
      return message.result
    end
    self.events[#self.events + 1] = message
  end
end

--- Waits for an event.
-- @treturn table its parameters
function Browser:await(method)
  for i, event in ipairs(self.events) do
    if event.method == method then return table.remove(self.events, i).params end
  end
  while true do
    local message = self:read()
    if message.method == method then return message.params end
    self.events[#self.events + 1] = message
  end
end

--- Loads a page, to its end.
function Browser:open(url)
  self.events = {}
  self:call("Page.navigate", { url = url })
  repeat self:await "Page.loadEventFired" until self:eval "location.href" == url
end

--- The value of an expression on the page.
function Browser:eval(expression)
  local answer = self:call("Runtime.evaluate", { expression = expression, returnByValue = true })
  assert(not answer.exceptionDetails, cjson.encode(answer))
  return answer.result.value
end

local codes = { Tab = 9, Enter = 13, Escape = 27, ArrowRight = 39, ArrowDown = 40 }

--- Presses keys, one after the other.
function Browser:press(...)
  for _, key in ipairs { ... } do
    local text = #key == 1 and key or key == "Enter" and "\r" or nil
    self:call("Input.dispatchKeyEvent",
      { type = "keyDown", key = key, text = text, windowsVirtualKeyCode = codes[key] })
    self:call("Input.dispatchKeyEvent",
      { type = "keyUp", key = key, windowsVirtualKeyCode = codes[key] })
  end
end

--- What the page asked anybody for: a list of URLs.
function Browser:requests()
  local urls = {}
  for _, event in ipairs(self.events) do
    if event.method == "Network.requestWillBeSent" then
      urls[#urls + 1] = event.params.request.url
    end
  end
  return urls
end

function Browser:close()
  if not self.process then return end
  self.session = nil
  pcall(self.call, self, "Browser.close")
  self.into:close()
  self.process:close()
  self.out:close()
  self.process = nil
  self.folder:remove()
end

Browser.__close = Browser.close

--- Starts one, with an empty page.
-- @treturn browser
return function()
  local folder = new_folder()
  assert(os.execute(("cd %s && mkfifo in out"):format(folder.path)))
  local self = setmetatable({ folder = folder, id = 0, events = {} }, Browser)
  self.process = assert(io.popen(COMMAND:format(folder.path)))
  self.into = assert(io.open(folder:at "in", "w"))
  self.out = assert(io.open(folder:at "out", "r"))
  local page
  for _, target in ipairs(self:call("Target.getTargets").targetInfos) do
    if target.type == "page" then page = target.targetId end
  end
  self.session = self:call("Target.attachToTarget", { targetId = page, flatten = true }).sessionId
  self:call "Page.enable"
  self:call "Network.enable"
  return self
end
