-- SPDX-License-Identifier: MIT
--
-- What instances printed, as a person is shown it.

local text = require "cleantest.text"

describe("the last lines of an output", function()
  it("are without what ends a line elsewhere", function()
    assert.same({ "HTTP/1.1 200 OK", "", "body" }, text.tail("HTTP/1.1 200 OK\r\n\r\nbody\r\n", 9))
  end)

  it("show the last state of a line that was written over", function()
    assert.same({ "before", "(Reading database ... 100%)" },
      text.tail("before\n(Reading ... 5%\r(Reading ... 10%\r(Reading database ... 100%)\r\n", 9))
  end)

  it("steer no terminal", function()
    assert.same({ "?[2Jred? x?y" }, text.tail("\27[2Jred\7 x\xC2\x9By\n", 9))
  end)

  it("are cut between characters, not within one", function()
    assert.same({ ("é"):rep(398) .. ".." }, text.tail(("é"):rep(500), 1))
  end)
end)
