-- SPDX-License-Identifier: MIT
--
-- How long things took in earlier runs, and what must be left of the machine: through the
-- test-only module. No LXD is in this.

local internals = require "cleantest_internals"
local new_folder = require "spec.support.folder"

local HEADER = "cleantest durations 1\n"

-- One process' life: records a list of { key, seconds }.
local function record(path, list)
  local history = assert(internals.history_open(path))
  for _, item in ipairs(list) do internals.history_record(history, item[1], item[2]) end
  internals.history_close(history)
end

-- Seconds and weight, as the next process sees them.
local function look_up(path, key)
  local history = assert(internals.history_open(path))
  local seconds, weight = internals.history_seconds(history, key)
  internals.history_close(history)
  return seconds, weight
end

describe("durations", function()
  it("are known to the next run, and the last counts for half", function()
    local folder <close> = new_folder()
    local path = folder:at "state/a b/durations"
    record(path, { { "test-jammy", 8 }, { "test-äöü", 0.25 } })
    assert.equal(8, (look_up(path, "test-jammy")))
    assert.equal(0.25, (look_up(path, "test-äöü")))
    record(path, { { "test-jammy", 4 } })
    assert.equal(6, (look_up(path, "test-jammy")))
    record(path, { { "test-jammy", 2 }, { "test-jammy", 4 } })
    assert.equal(4.5, (look_up(path, "test-jammy")))
    assert.equal(HEADER .. "250 test-äöü\n4500 test-jammy\n", folder:read "state/a b/durations")
    assert.equal("600", folder:mode "state/a b/durations")
  end)

  it("are known at once to the run that recorded them", function()
    local folder <close> = new_folder { durations = HEADER .. "8000 a\n" }
    local history = assert(internals.history_open(folder:at "durations"))
    internals.history_record(history, "a", 4)
    internals.history_record(history, "b", 3)
    assert.equal(6, (internals.history_seconds(history, "a")))
    assert.equal(3, (internals.history_seconds(history, "b")))
    internals.history_close(history)
  end)

  it("that are not known weigh more than any test is long", function()
    local folder <close> = new_folder()
    local seconds, weight = look_up(folder:at "durations", "new")
    assert.is_true(seconds < 0)
    assert.is_true(weight >= 3600)
  end)

  it("of runs at the same time are all kept", function()
    local folder <close> = new_folder { durations = HEADER .. "1000 old\n4000 both\n" }
    local path = folder:at "durations"
    local one, other = internals.history_open(path), internals.history_open(path)
    internals.history_record(one, "one", 1)
    internals.history_record(one, "both", 2)
    internals.history_record(other, "other", 2)
    internals.history_record(other, "both", 5)
    internals.history_close(one)
    internals.history_close(other)
    assert.equal(HEADER .. "1000 old\n1000 one\n2000 other\n4000 both\n", folder:read "durations")
  end)

  it("of a crowd are all kept", function()
    local folder <close> = new_folder()
    assert.equal(32, internals.history_crowd(folder:at "durations", 32))
    for i = 1, 32 do assert.equal(i, (look_up(folder:at "durations", "member " .. i))) end
    local pipe <close> = io.popen(("ls '%s'"):format(folder.path))
    assert.equal("durations\ndurations.lock\n", pipe:read "a")
  end)

  it("are forgotten, those recorded longest ago first, when there are too many", function()
    local folder <close> = new_folder()
    local path, list = folder:at "durations", {}
    for i = 1, internals.HISTORY_MAX + 10 do list[i] = { "key " .. i, i } end
    record(path, list)
    assert.is_true(look_up(path, "key 10") < 0)
    assert.equal(11, (look_up(path, "key 11")))
    record(path, { { "key 11", 11 }, { "one more", 1 } })
    assert.equal(11, (look_up(path, "key 11")))
    assert.is_true(look_up(path, "key 12") < 0)
    local _, lines = folder:read "durations":gsub("\n", "")
    assert.equal(internals.HISTORY_MAX + 1, lines)
  end)

  it("under keys that are no line of text, or make no sense, are not recorded", function()
    local folder <close> = new_folder()
    local path, long = folder:at "durations", ("x"):rep(internals.HISTORY_KEY)
    record(path, { { "", 1 }, { "a\nb", 1 }, { "a\r", 1 }, { long .. "x", 1 }, { "a", -1 },
      { "a", 0 / 0 }, { "a", math.huge } })
    assert.is_nil(folder:read "durations")
    record(path, { { long, 1 } })
    assert.equal(1, (look_up(path, long)))
  end)
end)

describe("a file of durations", function()
  it("that is damaged is as good as empty", function()
    for _, damage in ipairs { "12", "x a\n", "1000\n", "1000 \n", "-5 a\n", "1000 a\0b\n", "\n",
      "99999999999999999999999 a\n", "1000 a\r\n", ("1000 %s\n"):format(("x"):rep(300)) } do
      local folder <close> = new_folder { durations = HEADER .. "1000 good\n" .. damage }
      assert.is_true(look_up(folder:at "durations", "good") < 0, damage)
      record(folder:at "durations", { { "new", 2 } })
      assert.equal(HEADER .. "2000 new\n", folder:read "durations")
    end
  end)

  it("may be empty", function()
    local folder <close> = new_folder { durations = "" }
    record(folder:at "durations", { { "new", 2 } })
    assert.equal(HEADER .. "2000 new\n", folder:read "durations")
  end)

  it("that is none of ours is left alone", function()
    local endless = HEADER .. ("x"):rep(5 * 1024 * 1024)
    for _, text in ipairs { "precious\n", HEADER:sub(1, -3), endless } do
      local folder <close> = new_folder { durations = text }
      assert.is_true(look_up(folder:at "durations", "a") < 0)
      record(folder:at "durations", { { "a", 2 } })
      assert.equal(text, folder:read "durations")
    end
  end)

  it("that can't be read or written is no error", function()
    local folder <close> = new_folder { file = "", ["folder/x"] = "" }
    record(folder:at "file/durations", { { "a", 1 } })
    record(folder:at "folder", { { "a", 1 } })
    record("/proc/durations", { { "a", 1 } })
    assert.is_nil(folder:read "folder/durations")
  end)

  it("is none when there is to be none", function()
    assert.is_nil(internals.history_open "")
    internals.history_record(nil, "a", 1)
    assert.is_true(internals.history_seconds(nil, "a") < 0)
    internals.history_close(nil)
  end)

  -- Where a process with these variables keeps it: the file it makes below the folder.
  local function place(folder, variables)
    local pipe <close> = io.popen(([[cd '%s' &&
      env -u CLEANTEST_STATE -u XDG_STATE_HOME -u HOME %s lua5.4 -e '
      local i = require "cleantest_internals"
      local h = i.history_open()
      i.history_record(h, "a", 1)
      i.history_close(h)' && find . -name '*durations*' ! -name '*.lock']]):format(folder.path,
      variables:gsub("@", folder.path)))
    return pipe:read "a"
  end

  it("is where the environment says", function()
    for variables, where in pairs {
      ["CLEANTEST_STATE=@/my-durations XDG_STATE_HOME=@/x HOME=@/h"] = "./my-durations\n",
      ["CLEANTEST_STATE= XDG_STATE_HOME=@/x HOME=@/h"] = "",
      ["XDG_STATE_HOME=@/x HOME=@/h"] = "./x/cleantest/durations\n",
      ["XDG_STATE_HOME=relative HOME=@/h"] = "./h/.local/state/cleantest/durations\n",
      ["XDG_STATE_HOME= HOME=@/h"] = "./h/.local/state/cleantest/durations\n",
      ["HOME="] = "",
      ["A=b"] = "",
    } do
      local folder <close> = new_folder()
      assert.equal(where, (place(folder, variables)), variables)
    end
  end)
end)

describe("a reserve", function()
  local GIB = 1024 * 1024 * 1024

  local function allows(reserve, changes)
    local folder <close> = new_folder {
      meminfo = "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable:    4194304 kB\nCached: 5 kB\n",
      loadavg = "2.50 0.10 9.99 3/400 1234\n",
    }
    for name, text in pairs(changes or {}) do folder:write(name, text) end
    return internals.reserve_left(reserve,
      { meminfo = folder:at "meminfo", loadavg = folder:at "loadavg", cpus = 4 })
  end

  it("of memory is held against what is available", function()
    assert.is_true(allows { memory = 4 * GIB })
    assert.is_false(allows { memory = 4 * GIB + 1 })
  end)

  it("of CPUs is held against what is idle", function()
    assert.is_true(allows { cpu = 1.5 })
    assert.is_false(allows { cpu = 1.51 })
    assert.is_false(allows({ cpu = 0.01 }, { loadavg = "12.00 1 1 1/2 3\n" }))
  end)

  it("needs both, where both are said, and neither where none is", function()
    assert.is_true(allows { memory = GIB, cpu = 1 })
    assert.is_false(allows { memory = GIB, cpu = 3 })
    assert.is_false(allows { memory = 8 * GIB, cpu = 1 })
    assert.is_true(allows({}, { loadavg = "99.00 1 1 1/2 3\n", meminfo = "MemAvailable: 0 kB\n" }))
  end)

  it("holds nothing back where the kernel does not tell", function()
    for _, text in ipairs { "", "nonsense\n", "MemTotal: 1 kB\n" } do
      assert.is_true(allows({ memory = GIB, cpu = 1 }, { meminfo = text, loadavg = text }))
    end
    assert.is_true(internals.reserve_left({ memory = GIB, cpu = 1 },
      { meminfo = "/nowhere", loadavg = "/nowhere", cpus = 4 }))
  end)

  it("is asked of this machine", function()
    assert.is_true(internals.reserve_left { memory = 1 })
    assert.is_false(internals.reserve_left { memory = 1 << 60 })
    assert.is_false(internals.reserve_left { cpu = 1000000 })
  end)
end)
