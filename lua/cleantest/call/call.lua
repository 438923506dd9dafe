-- SPDX-License-Identifier: MIT
--
-- call.lua - a batch as what a generic `for` wants: an iterator, its state, nothing, and
-- a value to close, so that leaving the loop early cancels the rest.

local function iterate(batch)
  local result = batch:next()
  if not result then return nil end
  return result.name, result
end

--- Makes the four values of a generic `for` over name, result.
-- @tparam batch batch
-- @return the iterator, the batch, nil, the batch
return function(batch)
  return iterate, batch, nil, batch
end
