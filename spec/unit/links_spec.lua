-- SPDX-License-Identifier: MIT
--
-- spec/links.lua, which `make lint` runs over this repository: here over one that is made up.

local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local SCRIPT <const> = process.output "pwd" .. "/spec/links.lua"

local function check(files)
  local folder <close> = new_folder(files)
  local options = { cwd = folder.path }
  process.output("git init --quiet . && git add .", options)
  folder:write("untracked.md", "")
  return process.run({ "lua5.4", SCRIPT }, options)
end

local RIGHT = [[
# The `first` title, and_more!

[a](docs/more.md) [b](docs/more.md#zwei-wörter) [c](#the-first-title-and_more) ![d](a%20b.png)
[folder](docs/) [outside](https://example.org/none#x) `[code](none.md)`
[again](#same-1) [rooted](/docs/more.md#a-link)

## Same
## Same

```sh
# no heading, [no link](none.md)
```

| what | shown by |
|---|---|
| it | [x_spec.lua](docs/x_spec.lua) "says so", "and `so`"; [y_spec.lua](docs/y_spec.lua) "says y" |
]]

local MORE = "# Zwei Wörter\n### [A link](../README.md)\n[up](../README.md#same)\n"

local function files(readme)
  return {
    ["README.md"] = readme, ["docs/more.md"] = MORE, ["a b.png"] = "",
    ["docs/x_spec.lua"] = 'it("says so")\nit("and `so`")\n', ["docs/y_spec.lua"] = 'it("says y")\n',
  }
end

describe("the check of links", function()
  it("finds nothing wrong with what is right", function()
    local result = check(files(RIGHT))
    assert.equal("", result.stdout .. result.stderr)
    assert.equal(0, result.status)
  end)

  it("says of each that is wrong where it is", function()
    local result = check(files(RIGHT .. [[

[a](none.md) and [b](docs/more.md#none) [c](untracked.md)
[d](#no-heading-no-linknonemd) [e](#same-2)
| it | [x_spec.lua](docs/x_spec.lua) "says so", "says y" |
No row: [x_spec.lua](docs/x_spec.lua) "says z"
]]))
    assert.equal(1, result.status)
    assert.equal([[
README.md:18: there is no file none.md
README.md:18: there is no heading #none in docs/more.md
README.md:18: there is no file untracked.md
README.md:19: there is no heading #no-heading-no-linknonemd in README.md
README.md:19: there is no heading #same-2 in README.md
README.md:20: docs/x_spec.lua has no "says y"
]], result.stdout)
  end)
end)
