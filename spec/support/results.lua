-- SPDX-License-Identifier: MIT
--
-- Results for specs: many testlets run in one pool on the smallest image, so that a spec pays
-- for its instances once and looks at each from a test of its own.

local ct = require "cleantest"

local results = {}

--- The image for whatever needs no distribution.
results.image = "busybox-amd64"

--- Takes what a generic `for` takes.
-- @treturn table results by name, and in the order they came by number
function results.collect(...)
  local all = {}
  for name, result in ... do
    all[#all + 1] = result
    all[name] = result
  end
  return all
end

--- The only result of a call.
function results.only(...)
  local all = results.collect(...)
  assert(#all == 1, "one result was expected")
  return all[1]
end

--- Decorates a testlet for the smallest image.
-- @param testlet
-- @tparam[opt] table options as for ct.lxd
function results.decorate(testlet, options)
  local all = { image = results.image }
  for key, value in pairs(options or {}) do all[key] = value end
  return ct.lxd(all)(testlet)
end

--- Runs testlets on the smallest image, four at a time.
-- @tparam table testlets name -> testlet, or { testlet, options of ct.lxd ... }
-- @treturn table results by the testlets' names
function results.run(testlets)
  local given = { num_threads = 4 }
  for name, testlet in pairs(testlets) do
    local plain = type(testlet) == "function" or getmetatable(testlet)
    local options = {}
    for key, value in pairs(plain and {} or testlet) do
      if key ~= 1 then options[key] = value end
    end
    given[name] = results.decorate(plain and testlet or testlet[1], options)
  end
  local by_testlet = {}
  for _, result in ct.run(given) do by_testlet[result.testlet] = result end
  return by_testlet
end

return results
