-- SPDX-License-Identifier: MIT
--
-- Reports, read by those they are for: JUnit's XML by two parsers and a schema, TAP by prove, JSON
-- by jq, the page by a browser. The events are of a run that never was; the last part interrupts
-- a real one.

local new_browser = require "spec.support.browser"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local recorded = require "spec.unit.support.recorded"
local events = require "cleantest.call.events"

local folder = new_folder()
lazy_teardown(function() folder:remove() end)

local kinds = { "junit", "tap", "tap13", "json", "html", "markdown", "chrome-trace" }

local function write(tell)
  local specs = {}
  for i, kind in ipairs(kinds) do
    specs[i] = kind .. ":" .. folder:at(kind == "html" and "html.html" or kind)
  end
  recorded.write(specs, tell)
end

local function write_all()
  write(function()
    recorded.jobs(30)
    events.emit("raised", "suites/raises.lua", "suites/raises.lua:3: attempt to <b> nil")
  end)
end

local function check_junit(at)
  process.output { "xmllint", "--noout", "--schema", "spec/support/junit.xsd", at }
  return process.output { "python3", "-c", [[
import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()[0]
count = lambda tag: len(suite.findall("testcase/" + tag))
for name, tag in ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"):
    assert int(suite.get(name)) == count(tag), name
assert int(suite.get("tests")) == len(suite)
print(len(suite), count("failure"), count("error"), count("skipped"))
print(*{e.get("type") for e in suite.findall("testcase/error")})]], at }
end

describe("JUnit's XML", function()
  it("is what its schema says; what the environment broke is an error, no failure", function()
    write_all()
    local counts, types = check_junit(folder:at "junit"):match "^([^\n]*)\n(.*)$"
    assert.equal("31 9 5 8", counts)
    assert.truthy(types == "environment suite" or types == "suite environment")
  end)
end)

describe("TAP", function()
  local function prove(kind)
    return process.run { "prove", "-e", "cat", folder:at(kind) }
  end

  it("is read by prove, which finds the same tests bad", function()
    write_all()
    local told = prove "tap13"
    assert.matches("Failed 14/31 subtests", told.stdout)
    assert.matches("Failed tests:  2%-3, 7, 9%-10, 14, 16%-17, 21, 23%-24, 28%s+30%-31\n",
      told.stdout)
    assert.is_nil(told.stdout:find "Parse errors")
    write(function() recorded.jobs(1) end)
    told = prove "tap13"
    assert.equal(0, told.status, told.stdout)
  end)

  it("of version 14 differs in its first line only, which an old prove complains of", function()
    write_all()
    local new, old = folder:read "tap", folder:read "tap13"
    assert.equal("TAP version 14\n", new:match "^[^\n]*\n")
    assert.equal(new:gsub("^[^\n]*", ""), (old:gsub("^[^\n]*", "")))
    assert.matches("Failed 14/31 subtests", prove("tap").stdout)
  end)
end)

describe("JSON", function()
  it("is read line by line by jq", function()
    write_all()
    local jq = function(filter)
      return process.output { "jq", "-r", filter, folder:at "json" }
    end
    assert.equal(("1\n"):rep(30), jq 'select(.event == "job") | .version' .. "\n")
    assert.equal("4\ton stdout", jq [=[
      select(.event == "result" and .number == 2) | [.exit_code, .stdout[:9]] | @tsv]=])
    assert.matches("^start\nsuite\njob\n.*\nraised\nsummary$", jq ".event")
    assert.equal("true", process.output { "jq", "-s", "all(.[]; .version == 1 and .time >= 0)",
      folder:at "json" })
  end)
end)

describe("the page", function()
  local browser
  lazy_setup(function()
    write_all()
    browser = new_browser()
    browser:open("file://" .. folder:at "html.html")
  end)
  lazy_teardown(function() browser:close() end)

  local function shown()
    return browser:eval 'document.querySelectorAll(".job:not([hidden])").length'
  end

  it("asks nobody for anything", function()
    assert.same({ "file://" .. folder:at "html.html" }, browser:requests())
  end)

  it("shows every result, filters them, and opens one, by keyboard", function()
    assert.equal(30, shown())
    browser:press("/", "f", "e", "d", "o", "r", "a")
    assert.equal(10, shown())
    browser:press "Escape"
    assert.equal(30, shown())
    browser:eval 'document.querySelector(".job button").focus()'
    browser:press("ArrowDown", "Enter")
    local opened = browser:eval 'document.querySelector(".more").textContent'
    assert.matches("what happenedhook tools: apt: exit code 100\nE: no network", opened)
    assert.matches("phasescreate 0%.25 s, start", opened)
    browser:press "Enter"
    assert.equal(0, browser:eval 'document.querySelectorAll(".more").length')
  end)

  it("sorts by each column, and hides a status", function()
    local first = 'document.querySelector(".job .row").textContent'
    assert.matches("^error", browser:eval(first))
    browser:eval [[document.querySelector('[data-key="id"]').click()]]
    assert.matches("t10@debian%-13", browser:eval(first))
    browser:eval 'document.querySelector("#tools .pass").click()'
    assert.equal(21, shown())
    browser:eval 'document.querySelector("#tools .pass").click()'
  end)

  it("has output as text, whatever it looks like", function()
    browser:eval [[jobs.find(row => row.number === 2).button.click()]]
    assert.matches("]]> </script> &", browser:eval 'document.querySelector(".more").textContent', 1,
      true)
  end)

  it("has a timeline: slots as rows, phases as blocks, a job under the keys", function()
    assert.equal(4, browser:eval "slots")
    browser:eval '$("timeline").focus()'
    browser:press("ArrowRight", "ArrowRight", "ArrowDown")
    assert.matches("^suites/web%.lua::t6@debian%-12: pass%. create 0%.25 s, .*teardown 0%.1",
      browser:eval '$("pointed").textContent')
    browser:press "Enter"
    assert.equal("suites/web.lua::t6@debian-12", browser:eval "document.activeElement.textContent")
    local color = "[...pen.getImageData(canvas.width * .02, 8, 1, 1).data].join()"
    assert.equal("126,166,216,255", browser:eval(color)) -- create
  end)

  it("is light or dark as the reader wants it", function()
    local back = "getComputedStyle(document.body).backgroundColor"
    local seen = {}
    for i, scheme in ipairs { "light", "dark" } do
      browser:call("Emulation.setEmulatedMedia",
        { features = { { name = "prefers-color-scheme", value = scheme } } })
      seen[i] = browser:eval(back)
    end
    assert.same({ "rgb(255, 255, 255)", "rgb(20, 24, 29)" }, seen)
  end)

  it("shows 5,000 jobs", function()
    recorded.write({ "html:" .. folder:at "many.html" }, function() recorded.jobs(5000) end)
    browser:open("file://" .. folder:at "many.html")
    assert.equal(5000, shown())
  end)
end)

describe("a real run's reports", function()
  local HEAD <const> = [[
    local ct = require "cleantest"
    local function on(name, testlet)
      return ct.lxd { name = name, image = "busybox-amd64" } (testlet)
    end
    local quick = on("quick", function() end)
    local slow = on("slow", ct.script "echo begun; exec sleep 600")
    local loud = on("loud", ct.script "seq 1500000; exit 1")
  ]]
  local suite = folder:at "suite.lua"

  local function command(text)
    folder:write("suite.lua", HEAD .. text)
    local words = { "cleantest", suite }
    for _, kind in ipairs { "junit", "tap", "json", "chrome-trace" } do
      table.insert(words, "--report=" .. kind .. ":" .. folder:at(kind))
    end
    return words
  end

  local function check_all(counts, last_event)
    assert.equal(counts, check_junit(folder:at "junit"):match "^[^\n]*")
    assert.matches("\n1%.%.%d\n", folder:read "tap")
    process.output { "jq", "-e", ".traceEvents | length > 3", folder:at "chrome-trace" }
    assert.matches(last_event, process.output { "jq", "-r", ".event", folder:at "json" })
  end

  it("are whole after Ctrl-C: what had begun and what had not is there", function()
    local one = process.start(command [[
      for _ in ct.run { quick, slow, on("later", function() end), num_threads = 1,
          order = "completed" } do print "ready" io.stdout:flush() end]])
    one:await "ready"
    one:kill "INT"
    local ended = one:close()
    assert.equal(130, ended.status, ended.stdout)
    assert.matches("ended  later%-busybox%-amd64  cancelled\n", ended.stdout)
    assert.matches("interrupted: 1 passed, 0 failed, 0 errors, 0 skipped, 2 cancelled",
      ended.stdout)
    check_all("4 0 1 2", "interrupted\nsummary$")
    assert.matches("Bail out! interrupted by SIGINT\n$", folder:read "tap")
  end)

  it("are whole after a suite that raised an error", function()
    local ended = process.run(command [[
      for _ in ct.run { quick, loud, num_threads = 1 } do error "no more" end]])
    assert.equal(1, ended.status, ended.stdout)
    check_all("3 0 1 1", "raised\nsummary$")
  end)

  it("are as before where the disk is full, which is told; the others are whole", function()
    folder:write("json", "before\n")
    local words = process.quote(command "ct.run { loud, num_threads = 1 }:all()")
    local ended = process.run("trap '' XFSZ; ulimit -f 16000; exec " .. words)
    assert.equal(2, ended.status, ended.stdout)
    assert.matches("the report json:%S+ can't be written: File too large", ended.stderr)
    assert.equal("before\n", folder:read "json")
    assert.is_nil(folder:read "json.part")
    process.output { "jq", "-e", ".traceEvents | length > 3", folder:at "chrome-trace" }
  end)
end)
