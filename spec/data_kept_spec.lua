-- SPDX-License-Identifier: MIT
--
-- What files and folders keep on their way, to the last digit, and what folders that were there
-- or a umask must not change about them.

local ct = require "cleantest"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"
local transfer = require "spec.support.transfer"

local dir = ct.data.dir

describe("times", function()
  -- Before 1970, at its first second, of nanoseconds, and of a second that a double can't hold.
  local make <const> = [[mkdir -p tree/sub tree/epoch && echo a >tree/zero && echo b >tree/exact &&
    echo c >tree/before && echo d >tree/sub/late && ln -s zero tree/link && ln -s no tree/sub/dead &&
    touch -d @0 tree/zero tree/epoch && touch -d @1700000000.123456789 tree/exact tree/sub &&
    touch -d @-5 tree/before && touch -d @9000000000.999999999 tree/sub/late &&
    touch -h -d @-1.000000001 tree/link && touch -h -d @1700000001.000000001 tree/sub/dead &&
    touch -d @-7.5 tree]]
  local list <const> = "find tree | sort | xargs stat -c '%n %.9Y'"

  it("go up and come down exactly: of files, folders and links", function()
    local folder <close> = new_folder()
    process.output(make, { cwd = folder.path })
    local all = transfer.run { tree = {
      upload = { dir(folder:at "tree", "/srv/tree"), ct.data.file({ text = "x" }, "/srv/text") },
      download = dir("/srv/tree", folder:at "back/tree"),
      testlet = function()
        local run = require "cleantest.utils.run"
        return { seconds = run("cd /srv/tree && stat -c %Y zero exact before link").stdout,
          age = os.time() - tonumber(run("stat -c %Y /srv/text").stdout) }
      end,
    } }
    assert.equal("pass", all.tree.status, tostring(all.tree))
    assert.equal("0\n1700000000\n-5\n-2\n", all.tree.value.seconds)
    assert.is_true(all.tree.value.age < 3600) -- a text has no time of its own
    local wanted = process.output(list, { cwd = folder.path })
    assert.matches("tree/before %-5.000000000\ntree/epoch 0.0", wanted)
    assert.equal(wanted, process.output(list, { cwd = folder:at "back" }))
  end)
end)
