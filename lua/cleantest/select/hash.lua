-- SPDX-License-Identifier: MIT

--- A number for a text, the same on every machine: what shards and shuffling go by.
-- @internal cleantest.select.hash

local MASK <const> = 0xffffffff

--- Hashes a text: FNV-1a, its bits mixed once more, so that the low ones are as good as others.
-- @tparam string text
-- @treturn int 0 to 2^32 - 1
return function(text)
  local hash = 2166136261
  for i = 1, #text do hash = (hash ~ text:byte(i)) * 16777619 & MASK end
  hash = (hash ~ hash >> 16) * 0x45d9f3b & MASK
  return hash ~ hash >> 16
end
