-- SPDX-License-Identifier: MIT
--
-- The keys of prepared environments: each changes with everything that an instance is made
-- from, with nothing else, and is the same in every process. No instance is made here.

local core = require "cleantest.core"
local ct = require "cleantest"
local internals = require "cleantest_internals"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local function run(...)
  return { kind = "run", name = "run", run = { kind = "command", argv = { ... } } }
end

local function push(source, dest, directory)
  return { kind = "push", name = "upload", source = source, dest = dest, directory = directory }
end

local function push_text(text, dest)
  return { kind = "push", name = "upload", data = text, dest = dest or "/etc/text" }
end

local function hook(name, ...)
  return { name = name, steps = { ... } }
end

-- A job of all kinds of steps, each time a new one.
local function new_job(folder)
  return {
    name = "job", image = "busybox", timeout = 10, preserve = "never",
    instance = '{"config":{"limits.cpu":"2","a":"b"},"devices":{"eth0":{"type":"nic"}}}',
    testlet = { kind = "command", argv = { "true" } },
    env = { "A=1", "B=2" },
    start_hooks = {
      hook("files", push(folder:at "tree", "/srv/tree", true), push(folder:at "lone", "/srv/lone")),
      hook("work", run("echo", "a b", "c"), push_text "text", {
        name = "script", timeout = 5,
        run = { kind = "script", name = "x.sh", code = "exit 0", argv = { "1" } },
      }, {
        name = "call",
        run = { kind = "call", name = "f", code = core.pack "module", args = core.pack { n = 0 } },
      }),
    },
    stop_hooks = { hook("stop", run "date") },
  }
end

local function new_origin()
  return { fingerprint = "0123", guest = "4567", project = "tests" }
end

local function layers(job, origin, seconds)
  return assert(internals.layers(job, origin or new_origin(), seconds))
end

-- The keys of all layers of the job, in one string.
local function keys(job, origin)
  local list = {}
  for i, layer in ipairs(layers(job, origin)) do list[i] = layer.key end
  return table.concat(list, " ")
end

local function last_key(...)
  local all = layers(...)
  return all[#all].key
end

local function key_of_steps(...)
  return last_key { image = "i", testlet = run "x".run, start_hooks = { hook("h", ...) } }
end

local function key_of_call(callee, args)
  return key_of_steps { run = {
    kind = "call", code = assert(core.pack(callee)), args = core.pack(args or { n = 0 }),
  } }
end

describe("a base's key", function()
  local folder <const> = new_folder()
  local plain

  before_each(function()
    process.output("rm -rf -- *", { cwd = folder.path })
    folder:write("tree/a", "content of a")
    folder:write("tree/sub/b", "content of b", "755")
    process.output({ "ln", "-s", "a", "link" }, { cwd = folder:at "tree" })
    folder:write("lone", "alone")
    plain = last_key(new_job(folder))
  end)

  teardown(function() folder:remove() end)

  it("is a SHA-256", function()
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      internals.digest("a", "bc"))
    assert.truthy(plain:find "^%x+$" and #plain == 64)
    assert.equal(plain, last_key(new_job(folder)))
  end)

  -- Each changes one thing that an instance is made from.
  local changes = {
    ["the image"] = function(_, origin) origin.fingerprint = "0124" end,
    ["the guest"] = function(_, origin) origin.guest = "4568" end,
    ["the project"] = function(_, origin) origin.project = "other" end,
    ["the instance's configuration"] = function(job)
      job.instance = job.instance:gsub('"2"', '"3"')
    end,
    ["a type in it"] = function(job) job.instance = job.instance:gsub('"2"', "2") end,
    ["its devices"] = function(job) job.instance = job.instance:gsub("nic", "none") end,
    ["no description of it"] = function(job) job.instance = nil end,
    ["a variable's value"] = function(job) job.env[1] = "A=2" end,
    ["a variable more"] = function(job) job.env[3] = "C=" end,
    ["no variables"] = function(job) job.env = nil end,
    ["where variables begin"] = function(job) job.env = { "A=1B=2" } end,
    ["what profiles say"] = function(_, origin) origin.profiles = "89ab" end,
    ["waiting for cloud-init"] = function(job) job.ready = "cloud-init" end,
    ["waiting for nothing"] = function(job) job.ready = "exec" end,
    ["the order of steps"] = function(job)
      local steps = job.start_hooks[2].steps
      steps[1], steps[2] = steps[2], steps[1]
    end,
    ["the order of hooks"] = function(job)
      local hooks = job.start_hooks
      hooks[1], hooks[2] = hooks[2], hooks[1]
    end,
    ["a step less"] = function(job) table.remove(job.start_hooks[2].steps) end,
    ["a command"] = function(job) job.start_hooks[2].steps[1].run.argv[1] = "printf" end,
    ["where arguments begin"] = function(job)
      job.start_hooks[2].steps[1].run.argv = { "echo", "a", "b c" }
    end,
    ["an argument that is empty"] = function(job)
      job.start_hooks[2].steps[1].run.argv[4] = ""
    end,
    ["an upload's text"] = function(job) job.start_hooks[2].steps[2].data = "texT" end,
    ["no text"] = function(job) job.start_hooks[2].steps[2].data = "" end,
    ["a dest"] = function(job) job.start_hooks[2].steps[2].dest = "/etc/texT" end,
    ["whether dest may exist"] = function(job)
      job.start_hooks[2].steps[2].no_overwrite = true
    end,
    ["a script"] = function(job) job.start_hooks[2].steps[3].run.code = "exit 1" end,
    ["a script's file name"] = function(job) job.start_hooks[2].steps[3].run.name = "x.py" end,
    ["a script's arguments"] = function(job) job.start_hooks[2].steps[3].run.argv = {} end,
    ["a testlet's kind"] = function(job) job.start_hooks[2].steps[3].run.kind = "lua" end,
    ["a call's code"] = function(job) job.start_hooks[2].steps[4].run.code = core.pack "n" end,
    ["a call's arguments"] = function(job)
      job.start_hooks[2].steps[4].run.args = core.pack { "a", n = 1 }
    end,
    ["a file's content"] = function() folder:write("tree/sub/b", "content of B") end,
    ["a file's mode"] = function() folder:write("tree/sub/b", "content of b", "700") end,
    ["a folder's mode"] = function() process.output { "chmod", "700", folder:at "tree/sub" } end,
    ["a file's name"] = function() os.rename(folder:at "tree/a", folder:at "tree/c") end,
    ["a file's place"] = function() os.rename(folder:at "tree/a", folder:at "tree/sub/a") end,
    ["a file more"] = function() folder:write("tree/c", "") end,
    ["a file less"] = function() os.remove(folder:at "tree/a") end,
    ["a folder more"] = function() process.output { "mkdir", folder:at "tree/empty" } end,
    ["a link's target"] = function()
      process.output { "ln", "-sfn", "b", folder:at "tree/link" }
    end,
    ["a file instead of a link"] = function()
      os.remove(folder:at "tree/link")
      folder:write("tree/link", "content of a")
    end,
    ["where contents end"] = function()
      folder:write("tree/a", "content of aS")
      folder:write("tree/sub/b", "content of ")
    end,
    ["a lone file's content"] = function() folder:write("lone", "alone.") end,
    ["a lone file's name"] = function(job)
      os.rename(folder:at "lone", folder:at "only")
      job.start_hooks[1].steps[2].source = folder:at "only"
    end,
    ["a lone file's mode"] = function() process.output { "chmod", "600", folder:at "lone" } end,
  }
  for what, change in pairs(changes) do
    it("changes with " .. what, function()
      local job, origin = new_job(folder), new_origin()
      change(job, origin)
      assert.not_equal(plain, last_key(job, origin))
    end)
  end

  -- Each changes something that leaves the instance the same.
  local trifles = {
    ["the order of keys in JSON"] = function(job)
      job.instance = '{ "devices": {"eth0":{"type":"nic"}}, "config":{"a":"b","limits.cpu":"2"}}'
    end,
    ["the order of variables"] = function(job) job.env = { "B=2", "A=1" } end,
    ["a file's time"] = function()
      process.output { "touch", "-d", "2001-02-03", folder:at "tree/a", folder:at "tree" }
    end,
    ["the order on disk"] = function()
      process.output { "mv", folder:at "tree/a", folder:at "tree/z" }
      folder:write("tree/0", "")
      process.output { "mv", folder:at "tree/z", folder:at "tree/a" }
      process.output { "rm", folder:at "tree/0" }
    end,
    ["where the folder lies"] = function(job)
      os.rename(folder:at "tree", folder:at "elsewhere")
      job.start_hooks[1].steps[1].source = folder:at "elsewhere" .. "/"
    end,
    ["a step's name"] = function(job) job.start_hooks[2].steps[1].name = "other" end,
    ["a step's timeout"] = function(job) job.start_hooks[2].steps[1].timeout = 7 end,
    ["a hook's name"] = function(job) job.start_hooks[2].name = "a\tb\nc" end,
    ["how steps are spread over hooks"] = function(job)
      local steps = job.start_hooks[1].steps
      table.insert(job.start_hooks, 2, hook("more", table.remove(steps)))
    end,
    ["a hook without steps"] = function(job) job.start_hooks[3] = hook "empty" end,
    ["a chunk's name"] = function(job) job.start_hooks[2].steps[4].run.name = "g" end,
    ["the job's name"] = function(job) job.name = "other" end,
    ["the image's alias"] = function(job) job.image = "other" end,
    ["the job's timeouts"] = function(job) job.timeout, job.ready_timeout = 20, 30 end,
    ["the job's limit"] = function(job) job.output_limit = 9 end,
    ["preserve"] = function(job) job.preserve = "always" end,
    ["the testlet"] = function(job) job.testlet.argv = { "false" } end,
    ["the testlet's own variables"] = function(job) job.testlet_env = { "A=2", "D=" } end,
    ["stop hooks"] = function(job) job.stop_hooks = nil end,
  }
  for what, change in pairs(trifles) do
    it("does not change with " .. what, function()
      local job, origin = new_job(folder), new_origin()
      change(job, origin)
      assert.equal(plain, last_key(job, origin))
    end)
  end

  it("does not depend on how a long content is cut into frames", function()
    folder:write("long", ("0123456789"):rep(30000))
    local long = key_of_steps(push(folder:at "long", "/long"))
    folder:write("long", ("0123456789"):rep(30000))
    assert.equal(long, key_of_steps(push(folder:at "long", "/long")))
    folder:write("long", ("0123456789"):rep(29999) .. "012345678X")
    assert.not_equal(long, key_of_steps(push(folder:at "long", "/long")))
  end)

  it("takes no description of the instance for an empty one", function()
    local job = { image = "i", testlet = run "x".run }
    local without = last_key(job)
    job.instance = " { } "
    assert.equal(without, last_key(job))
    job.instance = '{"config":{}}'
    assert.not_equal(without, last_key(job))
  end)

  it("is the default project's when none is named", function()
    local job, origin = { image = "i", testlet = run "x".run }, new_origin()
    origin.project = nil
    local unnamed = last_key(job, origin)
    origin.project = "default"
    assert.equal(unnamed, last_key(job, origin))
  end)

  it("keeps the order of variables of one name, for the last of them wins", function()
    local job = { image = "i", testlet = run "x".run, start_hooks = { hook("h", run "x") } }
    job.env = { "A=1", "A=2", "B=" }
    local key = last_key(job)
    job.env = { "B=", "A=1", "A=2" }
    assert.equal(key, last_key(job))
    job.env = { "A=2", "A=1", "B=" }
    assert.not_equal(key, last_key(job))
  end)

  it("changes with a function's code and upvalues, tables in them and arguments", function()
    local value = 1
    local function callee() return value end
    local key = key_of_call(callee)
    assert.equal(key, key_of_call(callee))
    value = 2
    assert.not_equal(key, key_of_call(callee))
    value = { a = 1, b = { 2, 3 } }
    key = key_of_call(callee)
    value = { b = { 2, 3 }, a = 1 }
    assert.equal(key, key_of_call(callee))
    value.b[2] = 4
    assert.not_equal(key, key_of_call(callee))
    assert.not_equal(key_of_call(function() return 1 end), key_of_call(function() return 2 end))
    assert.not_equal(key_of_call("m", { "a", n = 1 }), key_of_call("m", { "b", n = 1 }))
    assert.not_equal(key_of_call("m", { 1, n = 1 }), key_of_call("m", { 1.0, n = 1 }))
  end)
end)

describe("a base's layers", function()
  local function job(...)
    return { image = "i", testlet = run "x".run, start_hooks = { ... }, env = { "A=1" } }
  end

  local function steps(list)
    local counts = {}
    for i, layer in ipairs(list) do counts[i] = layer.steps end
    return counts
  end

  local function always(step)
    step.always = true
    return step
  end

  it("begin with the image alone, and have one for each hook", function()
    assert.same({ 0 }, steps(layers(job())))
    assert.same({ 0, 2, 3 }, steps(layers(job(hook("a", run "1", run "2"), hook("b", run "3")))))
    assert.same({ 0, 1, 2 },
      steps(layers(job(hook("a", run "1"), hook "none", hook("b", run "2")))))
  end)

  it("are shared as far as hooks are the same", function()
    local a, b, c = hook("a", run "1"), hook("b", run "2"), hook("c", run "3")
    local with_b, with_c = layers(job(a, b)), layers(job(a, c))
    for i = 1, 2 do assert.same(with_b[i], with_c[i]) end
    assert.not_equal(with_b[3].key, with_c[3].key)
    assert.equal(layers(job(a))[2].key, with_b[2].key)
    assert.equal(1, with_b[3].inputs:find(with_b[2].inputs, 1, true))
  end)

  it("end before the first step that is always done", function()
    local list = layers(job(hook("a", run "1"), hook("b", run "2", always(run "3"), run "4"),
      hook("c", run "5")))
    assert.same({ 0, 1, 2 }, steps(list))
    assert.equal(layers(job(hook("a", run "1"), hook("b", run "2")))[3].key, list[3].key)
    assert.same({ 0, 1 }, steps(layers(job(hook("a", run "1"), hook("b", always(run "2"))))))
    assert.same({ 0 }, steps(layers(job(hook("a", always(run "1")), hook("b", run "2")))))
  end)

  it("end before an upload to where a boot leaves nothing", function()
    for _, dest in ipairs {
      "/tmp", "/tmp/x", "//tmp//x", "/./tmp/x", "/run/x", "/var/run/x", "/var/./run/x",
      "/dev/shm/x", "/etc/../tmp/x",
    } do
      assert.same({ 0 }, steps(layers(job(hook("a", push_text("x", dest))))), dest)
    end
    for _, dest in ipairs {
      "/tmpx", "/var/tmp/x", "/srv/tmp/x", "/root/..x", "/running", "/var",
    } do
      assert.same({ 0, 1 }, steps(layers(job(hook("a", push_text("x", dest))))), dest)
    end
  end)

  it("end before a download, which does its work here", function()
    local pull = { kind = "pull", source = "/etc/x", dest = "/nowhere" }
    assert.same({ 0, 1 }, steps(layers(job(hook("a", run "1", pull, run "2")))))
  end)

  it("know of variables only when something has been run", function()
    local function both(...)
      local other = job(...)
      other.env = { "A=2" }
      return keys(job(...)), keys(other)
    end
    local first, second = both(hook("a", push_text "x"), hook("b", always(run "1")))
    assert.equal(first, second)
    first, second = both(hook("a", push_text "x"), hook("b", run "1"))
    assert.equal(first:sub(1, 129), second:sub(1, 129))
    assert.not_equal(first, second)
  end)

  it("know of cloud-init only when something has been done", function()
    local waiting = job(hook("a", push_text "x"))
    waiting.ready = "cloud-init"
    local first, second = layers(waiting), layers(job(hook("a", push_text "x")))
    assert.equal(first[1].key, second[1].key)
    assert.not_equal(first[2].key, second[2].key)
  end)

  it("know of what was waited for only where it does not follow from the steps", function()
    local plain = layers(job(hook("a", push_text "x")))
    local waiting = job(hook("a", push_text "x"))
    waiting.ready = "system"
    assert.same(plain, layers(waiting))
    waiting.ready = "network"
    assert.matches("\nready\t", layers(waiting)[2].inputs)
    assert.not_equal(plain[2].key, layers(waiting)[2].key)
  end)

  it("list their inputs, which say what two have not in common", function()
    local a, b = hook("a", push_text "x", run "1"), hook("b\n\t1", run "2")
    local list = layers(job(a, b))
    local labels = {}
    for label, digest in list[3].inputs:gmatch "([^\t\n]*)\t(%x+)\n" do
      assert.equal(16, #digest)
      labels[#labels + 1] = label
    end
    assert.same({
      "image", "instance", "guest", "project", "hook a, step 1 (upload)", "environment",
      "hook a, step 2 (run)", "hook b??1, step 1 (run)",
    }, labels)
    local missing = internals.inputs_missing
    assert.is_nil(missing(list[2].inputs, list[3].inputs))
    assert.equal("hook b??1, step 1 (run)", missing(list[3].inputs, list[2].inputs))
    local other = job(hook("a", push_text "x", run "other"))
    assert.equal("hook a, step 2 (run)", missing(list[2].inputs, layers(other)[2].inputs))
    other.env = { "A=2" }
    assert.equal("environment", missing(list[2].inputs, layers(other)[2].inputs))
    local c = hook("c", run "3")
    assert.equal("hook c, step 1 (run)",
      missing(layers(job(b, c))[3].inputs, layers(job(c, b))[3].inputs))
    assert.equal("image", missing(list[1].inputs, ""))
    assert.is_nil(missing("", list[1].inputs))
  end)

  it("can't be told when a file is missing, JSON is none, or time is up", function()
    local nowhere = job(hook("a", push("/nowhere/x", "/x")))
    local none, name, message = internals.layers(nowhere, new_origin())
    assert.is_nil(none)
    assert.equal("SYSTEM", name)
    assert.truthy(message:find("hook a: upload: reading /nowhere/x: ", 1, true), message)
    local bad = job()
    bad.instance = "{"
    assert.equal("ARGUMENT", select(2, internals.layers(bad, new_origin())))
    local late = job(hook("a", push_text "x"))
    assert.equal("TIMEOUT", select(2, internals.layers(late, new_origin(), 0)))
  end)
end)

describe("sorted JSON", function()
  it("has the keys of all objects in order, and lists as they are", function()
    for text, sorted in pairs {
      ['{"b":[2,{"y":null,"x":true}],"a":{},"B":"\\u0000"}']
        = '{"B":"\\u0000","a":{},"b":[2,{"x":true,"y":null}]}',
      ['{"1":1,"10":2,"2":3}'] = '{"1":1,"10":2,"2":3}',
      ['[3,1,null]'] = "[3,1,null]",
      ['"text"'] = '"text"',
    } do
      assert.equal(sorted, internals.json_sorted(text))
    end
    local deep = ('{"a":'):rep(500) .. "1" .. ("}"):rep(500)
    assert.equal(deep, internals.json_sorted(deep))
  end)
end)

-- What a suite says, as its keys, printed.
local SUITE = [[
local ct = require "cleantest"
local words = {}
for i = 1, 40 do words["word" .. i] = { i, [-i] = true, [i + 0.5] = "x", [true] = {} } end
local config = ct.configure "lxd"
for _, made in ipairs { %s } do made() end
config:register_hook(ct.hook.start_env {
  name = "all",
  packages = {
    ct.pkg.pip { packages = { "a", "b" }, wheels = "x.whl", index = "https://nowhere/" },
    ct.pkg.snap { snaps = "s", aliases = { snap = "s", app = "p", alias = "q" }, channel = "c" },
    ct.pkg.system { "curl" },
  },
  upload = ct.data.file({ text = "text" }, "/etc/x"),
  run = { function() return words end, ct.command { "ls" } },
})
ct.env:add { A = 1, B = 2, C = 3, D = { "/a", "/b" } }
local list = assert(require("cleantest_internals").layers({
  image = "i", testlet = { kind = "command", argv = { "x" } },
  start_hooks = require("cleantest.call.hooks").convert(
    require("cleantest.config").hooks(config)).start,
  env = require("cleantest.env").pairs_with(),
}, {}))
print(#list, list[#list].key)
]]

describe("a suite's keys", function()
  it("are the same in every process, whatever order its tables are walked in", function()
    local folder <close> = new_folder { ["suite.lua"] = SUITE:format "", ["x.whl"] = "wheel" }
    local first = process.output({ "lua5.4", "suite.lua" }, { cwd = folder.path })
    assert.truthy(first:find "^2\t%x+$", first)
    for _ = 1, 3 do
      assert.equal(first, process.output({ "lua5.4", "suite.lua" }, { cwd = folder.path }))
    end
  end)

  it("do not depend on where the suite lies", function()
    local folder <close> = new_folder {
      ["a/suite.lua"] = SUITE:format "", ["b/c/other.lua"] = SUITE:format "",
      ["a/x.whl"] = "wheel", ["b/c/x.whl"] = "wheel",
    }
    local first = process.output({ "lua5.4", "a/suite.lua" }, { cwd = folder.path })
    assert.equal(first, process.output({ "lua5.4", "b/c/other.lua" }, { cwd = folder.path }))
    folder:write("a/suite.lua", (SUITE:format "":gsub("return words end", "return words, 1 end")))
    assert.not_equal(first, process.output({ "lua5.4", "a/suite.lua" }, { cwd = folder.path }))
  end)

  it("do not depend on packages that are made for others", function()
    local more = 'function() return ct.pkg.pip { wheels = "x.whl" } end'
    local folder <close> = new_folder { ["x.whl"] = "wheel" }
    folder:write("suite.lua", SUITE:format "")
    local first = process.output({ "lua5.4", "suite.lua" }, { cwd = folder.path })
    folder:write("suite.lua", SUITE:format(more))
    assert.equal(first, process.output({ "lua5.4", "suite.lua" }, { cwd = folder.path }))
  end)

  local function always(options)
    options.name = "h"
    local list = {}
    for i, step in ipairs(require("cleantest.hook").convert(ct.hook.start_env(options)).steps) do
      list[i] = step.always or false
    end
    return list
  end

  it("leave out what is volatile: a hook, a package, an upload", function()
    local function options(volatile)
      return {
        packages = ct.pkg.apt { packages = { "curl", "x.deb" } },
        upload = ct.data.file({ text = "x" }, "/etc/x"),
        run = ct.command { "ls" }, volatile = volatile,
      }
    end
    assert.same({ false, false, false, false }, always(options()))
    assert.same({ false, false, false, false }, always(options(false)))
    assert.same({ true, true, true, true }, always(options(true)))
    assert.same({ true, false }, always {
      upload = { ct.data.file("a", "/a", { volatile = true }), ct.data.dir("b", "/b") },
    })
  end)

  it("leave out each kind of package that is volatile", function()
    local token <close> = new_folder { token = "secret" }
    for kind, package in pairs {
      charmlib = ct.pkg.charmlib {
        auth_token_path = token:at "token", charmlibs = "charms.a.v0.b", volatile = true,
      },
      dnf = ct.pkg.dnf { packages = "x", volatile = true },
      npm = ct.pkg.npm { packages = "x", volatile = true },
      pip = ct.pkg.pip { packages = "x", volatile = true },
      rock = ct.pkg.rock { packages = "x", volatile = true },
      snap = ct.pkg.snap { snaps = "x", volatile = true },
      system = ct.pkg.system({ "x" }, { volatile = true }),
    } do
      assert.same({ true }, always { packages = package }, kind)
      assert.is_nil(package.spec.volatile, kind)
    end
  end)

  it("have nothing volatile that is not true or false", function()
    for _, mistake in ipairs {
      function() ct.hook.start_env { name = "h", volatile = 1 } end,
      function() ct.pkg.apt { packages = "x", volatile = "yes" } end,
      function() ct.pkg.system("x", { volatile = {} }) end,
      function() ct.data.file("a", "/a", { volatile = 0 }) end,
    } do
      local ok, message = pcall(mistake)
      assert.is_false(ok)
      assert.truthy(message:find "base_key_spec.lua:%d+: .*volatile must be true or false", message)
    end
  end)
end)
