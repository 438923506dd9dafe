-- SPDX-License-Identifier: MIT
--
-- The engine's insides, through a test-only module: what a hostile or broken instance could
-- send, limits, and threads. No LXD is in this.

local internals = require "cleantest_internals"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

describe("a buffer", function()
  it("holds up to its limit, and stays as it was when more comes", function()
    local function hold(...) return { table.unpack({ internals.buf(...) }, 1, 2) } end
    assert.same({ "abcdef", "OK" }, hold(6, "abc", "def"))
    assert.same({ "abc", "LIMIT" }, hold(5, "abc", "def", "x"))
    assert.same({ "", "LIMIT" }, hold(0, "x"))
    assert.same({ "a\0b", "OK" }, hold(3, "a\0b"))
  end)

  it("takes no memory beyond its limit, and a NUL", function()
    for _, limit in ipairs { 1, 64, 100, 1000, 4096 } do
      local _, code, capacity = internals.buf(limit, ("x"):rep(limit // 2), ("x"):rep(limit // 2))
      assert.equal("OK", code)
      assert.is_true(capacity <= limit + 1, ("%d for %d"):format(capacity, limit))
    end
  end)

  it("drops bytes at its start", function()
    assert.equal("cd", internals.consume("abcd", 2))
    assert.equal("", internals.consume("abcd", 4))
  end)
end)

describe("values as bytes", function()
  local function random_value(depth)
    local kind = math.random(depth > 4 and 5 or 7)
    if kind == 1 then return math.random(0) end
    if kind == 2 then return math.random() * 10 ^ math.random(-300, 300) end
    if kind == 3 then return math.random(2) == 1 end
    if kind <= 5 then
      local bytes = {}
      for i = 1, math.random(0, 40) do bytes[i] = string.char(math.random(0, 255)) end
      return table.concat(bytes)
    end
    local value = {}
    for _ = 1, math.random(0, 6) do
      local key = random_value(9)
      if key == key then value[key] = random_value(depth + 1) end
    end
    return value
  end

  it("come back as they were, whatever they are", function()
    math.randomseed(20)
    for _ = 1, 300 do
      local value = random_value(0)
      local bytes = assert(internals.pack(value))
      local back, taken = internals.unpack(bytes)
      assert.same(value, back)
      assert.equal(#bytes, taken)
      assert.equal(#bytes, internals.skip(bytes))
    end
  end)

  it("are refused when they are cut off, at any place", function()
    local bytes = internals.pack { "text", { 1, 2.5, true }, key = "value" }
    for length = 0, #bytes - 1 do
      local value, name = internals.unpack(bytes:sub(1, length))
      assert.is_nil(value)
      assert.equal("PROTOCOL", name)
      assert.is_nil(internals.skip(bytes:sub(1, length)))
    end
  end)

  it("never do harm when they are garbage", function()
    math.randomseed(21)
    local good = internals.pack { "text", { 1, 2.5, true }, key = { "value", n = -1 } }
    for _ = 1, 3000 do
      local at = math.random(#good)
      local bad = good:sub(1, at - 1) .. string.char(math.random(0, 255)) .. good:sub(at + 1)
      local value, name = internals.unpack(bad)
      if value == nil then assert.is_true(name == "PROTOCOL" or math.type(name) == "integer") end
    end
  end)

  it("promise no more than there is: a false count costs no memory", function()
    for _, bytes in ipairs {
      "T\255\255\255\255", "s\255\255\255\255x", "T\255\255\255\127nn", "s\0\0\0\128",
    } do
      assert.is_nil(internals.unpack(bytes))
      assert.is_nil(internals.skip(bytes))
    end
  end)

  it("are refused when they are too deep, on both sides", function()
    local deep, bytes = {}, "n"
    for _ = 1, 5000 do
      deep = { deep }
      bytes = "T\1\0\0\0t" .. bytes
    end
    assert.equal("ARGUMENT", select(2, internals.pack(deep)))
    assert.is_nil(internals.unpack(bytes))
    assert.is_nil(internals.skip(bytes))
  end)

  it("have no NaN and no nil as a key", function()
    local nan = "d" .. ("<d"):pack(0 / 0)
    assert.is_nil(internals.unpack("T\1\0\0\0" .. nan .. "t"))
    assert.is_nil(internals.unpack "T\1\0\0\0nt")
  end)

  it("that are functions are never loaded by the host", function()
    local bytes = assert(internals.pack(function() return "run" end, true))
    assert.equal("run", internals.unpack(bytes, true)())
    local value, name = internals.unpack(bytes)
    assert.is_nil(value)
    assert.equal("PROTOCOL", name)
    assert.is_nil(internals.unpack("T\1\0\0\0t" .. bytes))
    assert.equal("ARGUMENT", select(2, internals.pack(function() end)))
  end)

  it("are bounded in size", function()
    local value, name = internals.pack(("x"):rep(internals.VALUE_MAX + 1))
    assert.is_nil(value)
    assert.equal("LIMIT", name)
  end)

  it("can be looked into without reading all", function()
    local bytes = internals.pack { a = { b = 1 }, code = 7 }
    assert.equal(2, internals.field(bytes, "code"))
    assert.is_nil(internals.field(bytes, "b"))
    assert.is_nil(internals.field("garbage", "code"))
  end)
end)

describe("frames", function()
  it("come back as they were, and wait for what is not there yet", function()
    local bytes = internals.frame("o", "some\0bytes")
    for length = 0, #bytes - 1 do
      assert.equal(0, internals.parse(bytes:sub(1, length)))
    end
    assert.same({ #bytes, "o", "some\0bytes" }, { internals.parse(bytes .. "more") })
    assert.same({ 5, "z", "" }, { internals.parse(internals.frame("z", "")) })
  end)

  it("of a length that no frame has are refused before the bytes come", function()
    local value, name = internals.parse("o" .. ("<I4"):pack(internals.FRAME_MAX + 1))
    assert.is_nil(value)
    assert.equal("PROTOCOL", name)
    assert.is_nil(internals.parse "o\255\255\255\255")
  end)
end)

describe("JSON", function()
  local text = [[{ "metadata": [ { "name": "a", "config": { "user.cleantest.run": "r1" } },
    { "name": null } ], "code": 12.5, "operation": "/1.0/x", "empty": [] }]]

  it("is read by paths, with dots in keys and numbers for elements", function()
    assert.equal("r1", (internals.json(text, "/metadata/0/config/user.cleantest.run")))
    assert.equal("/1.0/x", (internals.json(text, "/operation")))
    assert.equal(12.5, select(2, internals.json(text, "/code")))
    assert.equal(2, select(3, internals.json(text, "/metadata")))
    assert.equal(0, select(3, internals.json(text, "/empty")))
  end)

  it("has nothing where there is nothing, or null, or another type", function()
    for _, path in ipairs { "/no", "/metadata/7/name", "/metadata/1/name", "/code/deep/er",
      "/metadata/x", "/operation/0" } do
      local string, number, count, has = internals.json(text, path)
      assert.same({ nil, -1, 0, false }, { string, number, count, has }, path)
    end
    assert.is_true(select(4, internals.json(text, "/metadata/0")))
    assert.is_nil((internals.json(text, "/code/x")))
  end)

  it("that is none is refused", function()
    for _, bad in ipairs { "", "{", "nonsense", '{"a":}', "[1,2", "\255\254" } do
      local value, name = internals.json(bad, "")
      assert.is_nil(value)
      assert.equal("PROTOCOL", name, bad)
    end
  end)

  it("is written with the objects on the way made", function()
    local written = internals.json_set("/config/user.a", "x\"y", "/source/type", "image",
      "/force", true, "/timeout", -1)
    assert.same({ config = { ["user.a"] = 'x"y' }, source = { type = "image" }, force = true,
      timeout = -1 }, require("cjson").decode(written))
  end)
end)

describe("a tree of files", function()
  local folder

  before_each(function()
    folder = new_folder { ["from/a/b.txt"] = "deep", ["from/top"] = ("x"):rep(200000),
      ["kept"] = "kept" }
  end)

  after_each(function() folder:remove() end)

  local function entry(path, kind, target, uid, nanoseconds)
    return internals.frame("f", internals.pack {
      path = path, name = path:match "[^/]*$" ~= "" and path:match "[^/]*$" or "root",
      type = kind, uid = uid or 0, gid = 0, mode = 0x1ff, mtime = 0,
      mtime_nanoseconds = nanoseconds or 0, target = target or "" })
  end

  local root = entry("", "directory")

  local function chunk(text) return internals.frame("c", text) end

  local done = internals.frame("z", "")

  local function write(bytes, options)
    options = options or { directory = true }
    return internals.write_tree(folder:at "to", bytes, options)
  end

  it("is read and written as it was", function()
    assert.is_true(write(assert(internals.read_tree(folder:at "from", true))))
    assert.equal("deep", folder:read "to/a/b.txt")
    assert.equal(200000, #folder:read "to/top")
    assert(internals.write_tree(folder:at "one", internals.read_tree(folder:at "kept"), {}))
    assert.equal("kept", folder:read "one")
  end)

  -- What is below `from/tree` when the first 64 KiB of its first file were read, as it arrives.
  local function change(command)
    for name, content in pairs {
      ["0-first"] = ("x"):rep(200000), ["1-file"] = "1", ["2-file"] = "2",
      ["a/b/deep"] = "deep", ["a/c"] = "c", ["d/e"] = "e", ["f/g"] = "g",
    } do
      folder:write("tree/" .. name, content)
    end
    folder:write("secret/e", "secret")
    folder:write("secret/c", "secret")
    local bytes = assert(internals.read_tree(folder:at "tree", true, function()
      assert(os.execute(("cd %s/tree && %s"):format(folder.path, command)))
    end))
    assert.is_true(write(bytes))
    return process.output("find . -mindepth 1 -printf '%p %y\\n' | sort", { cwd = folder:at "to" })
  end

  it("is read without what has gone since it was listed", function()
    assert.equal("./0-first f\n./2-file f\n./a d\n./a/b d\n./a/b/deep f\n./a/c f\n./f d",
      change "rm -r 1-file d f/g")
  end)

  it("is read without following a link that has taken something's place", function()
    assert.equal("./0-first f\n./1-file l\n./2-file f\n./a d\n./a/b d\n./a/b/deep f\n./a/c f\n"
      .. "./d l\n./f f", change
      "rm -r 1-file d f && ln -s ../secret/e 1-file && ln -s ../secret d && echo f >f")
  end)

  -- The first file lies two folders down, and the upper one is replaced: there is a way back to
  -- the link only.
  it("is read without following a link on the way back to a folder", function()
    folder:write("from/a/b/0-first", ("x"):rep(200000))
    folder:write("from/a/c", "c")
    folder:write("secret/c", "secret")
    local bytes = assert(internals.read_tree(folder:at "from", true, function()
      assert(os.execute(("cd %s && mv from/a moved && ln -s ../secret from/a"):format(folder.path)))
    end))
    assert.is_true(write(bytes))
    assert.equal(200000, #folder:read "to/a/b/0-first")
    assert.is_nil(folder:read "to/a/c")
    assert.equal(200000, #folder:read "to/top")
  end)

  it("is read as far as its files went when they were opened, or still do", function()
    change "head -c 100000 /dev/zero >>0-first && echo longer >>1-file && mv 2-file 0-first"
    assert.equal(200000, #folder:read "to/0-first")
    assert.equal("1longer\n", folder:read "to/1-file")
    change "truncate -s 150000 0-first"
    assert.equal(150000, #folder:read "to/0-first")
    -- what is made up as it is read has no size
    assert(internals.write_tree(folder:at "made-up",
      assert(internals.read_tree("/proc/self/status", false)), {}))
    assert.matches("Name:.*Threads:", folder:read "made-up")
  end)

  it("writes nothing outside of its place", function()
    for _, path in ipairs { "../kept", "a/../../kept", "/tmp/cleantest-escaped", "..", ".", "a//b",
      "a/./b", "" } do
      local ok, name = write(root .. entry(path, "file") .. chunk "bad" .. done)
      assert.is_nil(ok, path)
      assert.equal("PROTOCOL", name, path)
    end
    assert.equal("kept", folder:read "kept")
    assert.is_nil(io.open "/tmp/cleantest-escaped")
  end)

  it("writes through no link, neither one that came nor one that was there", function()
    local ok = write(root .. entry("out", "link", "..") .. entry("out/kept", "file") .. chunk "bad"
      .. done)
    assert.is_nil(ok)
    os.execute(("ln -s ../kept %s"):format(folder:at "to/there"))
    assert.is_true(write(root .. entry("there", "file") .. chunk "new" .. done))
    assert.equal("new", folder:read "to/there")
    assert.equal("kept", folder:read "kept")
  end)

  it("leaves what was there when what replaces it breaks off, and nothing half", function()
    folder:write("to/there", "old")
    local half = root .. entry("there", "file") .. chunk "ne"
    assert.is_false(write(half)) -- more is expected
    assert.equal("old", folder:read "to/there")
    assert.is_nil(write(half .. chunk(("x"):rep(100)) .. done, { directory = true, limit = 100 }))
    assert.equal("old", folder:read "to/there")
    assert.is_false(write(root .. entry("new", "file") .. chunk "ne"))
    assert.equal("there", process.output({ "ls", "-A", folder:at "to" }))
    -- a link takes the place of a file, and a file that of a link, but neither of a folder
    folder:write("to/folder/kept", "kept")
    assert.is_true(write(root .. entry("there", "link", "new") .. done))
    assert.equal("new", folder:link "to/there")
    assert.is_true(write(half .. done))
    assert.equal("ne", folder:read "to/there")
    for _, kind in ipairs { "file", "link" } do
      local ok, _, message = write(root .. entry("folder", kind, "x") .. done)
      assert.is_nil(ok)
      assert.matches("to/folder: Is a directory", message)
    end
    assert.equal("folder\nthere", process.output({ "ls", "-A", folder:at "to" }))
  end)

  it("takes no hidden name that is taken", function()
    local stat <close> = assert(io.open "/proc/self/stat")
    local hidden = (".cleantest-%d-0"):format(stat:read "n")
    folder:write("to/" .. hidden, "kept")
    assert.is_true(write(root .. entry("a", "file") .. chunk "a" .. done))
    assert.equal("kept", folder:read("to/" .. hidden))
    assert.equal("a", folder:read "to/a")
  end)

  it("takes no frames that make no sense", function()
    for name, bytes in pairs {
      chunk_first = chunk "x", chunk_of_directory = root .. chunk "x", end_first = done,
      device = root .. entry("null", "device"), output = root .. internals.frame("o", "x"),
      garbage = internals.frame("f", "garbage"), file_for_directory = entry("", "file"),
      nobody = entry("", "directory", "", 0xffffffff), negative = entry("", "directory", "", -1),
      second = entry("", "directory", "", 0, 1000000000),
      before = entry("", "directory", "", 0, -1), now = entry("", "directory", "", 0, 1073741823),
      no_time = entry("", "directory", "", 0, "0"),
    } do
      local ok, code = write(bytes)
      assert.is_nil(ok, name)
      assert.equal("PROTOCOL", code, name)
    end
    assert.is_false(write(root)) -- more is expected
  end)

  it("stops at its limit, and does not replace what is to be kept", function()
    local ok, name = write(root .. entry("big", "file") .. chunk(("x"):rep(101)) .. done,
      { directory = true, limit = 100 })
    assert.is_nil(ok)
    assert.equal("LIMIT", name)
    ok, name = internals.write_tree(folder:at "kept", entry("", "file") .. chunk "new" .. done,
      { no_overwrite = true })
    assert.is_nil(ok)
    assert.equal("CONFLICT", name)
    assert.equal("kept", folder:read "kept")
  end)

  it("says what is wrong with what can't be read", function()
    local _, name, message = internals.read_tree(folder:at "nothing")
    assert.equal("SYSTEM", name)
    assert.matches("nothing", message)
    assert.is_nil((internals.read_tree(folder:at "from", false)))
    assert.is_nil((internals.read_tree(folder:at "kept", true)))
    assert.is_nil((internals.read_tree("/dev/null", false)))
  end)
end)

describe("a lease", function()
  it("is alive with its process, and with no other of the same id", function()
    assert.is_false(internals.lease_dead {})
    assert.is_true(internals.lease_dead { pid = 4194305 }) -- above the highest id
    assert.is_true(internals.lease_dead { started = 1 })
    assert.is_true(internals.lease_dead { pid = 1 })
  end)

  it("does not die of age where its process can be seen", function()
    assert.is_false(internals.lease_dead { expiry = -1000 })
  end)

  it("of another machine is dead when it has expired", function()
    assert.is_false(internals.lease_dead { host = "elsewhere", pid = 4194305 })
    assert.is_true(internals.lease_dead { host = "elsewhere", expiry = -1000 })
  end)

  it("of what is preserved never dies", function()
    assert.is_false(internals.lease_dead { preserved = true, pid = 4194305 })
    assert.is_false(internals.lease_dead {
      preserved = true, host = "elsewhere", expiry = -1000,
    })
  end)
end)

describe("the scheduler and its queue", function()
  it("do every item once, with as many threads as were asked for at most", function()
    for _, case in ipairs { { 1, 1 }, { 2000, 8 }, { 3, 16 }, { 500, 1 } } do
      local whole, begun, ended, most = internals.work(case[1], case[2], true)
      assert.equal(case[1], whole)
      assert.equal(math.min(case[1], case[2]), begun)
      assert.equal(begun, ended)
      assert.is_true(most <= case[2])
    end
  end)

  it("free the events that nobody takes", function()
    assert.equal(0, (internals.work(100, 4, false)))
  end)

  it("have nothing to do for no items", function()
    assert.equal(0, (internals.work(0, 4, true)))
  end)

  it("end a wait at its deadline, or when it is cancelled", function()
    assert.equal("OK", internals.wait(60, false))
    assert.equal("TIMEOUT", internals.wait(-1, false))
    assert.equal("CANCELLED", internals.wait(60, true))
  end)
end)
