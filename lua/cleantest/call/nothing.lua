-- SPDX-License-Identifier: MIT

--- A call that no results come of: one that is only listed, or of which nothing is
-- selected. Loops over it end at once; what needs its result can't go on.
-- @internal cleantest.call.nothing

local Nothing = { __name = "cleantest.call" }
Nothing.__index = Nothing

local kept = setmetatable({}, { __mode = "k" }) -- call -> { label=, refuse= }

function Nothing.__call() return nil end
function Nothing.__close() end
function Nothing:__tostring() return kept[self].label end
function Nothing.all() return {} end
function Nothing.cancel() end
function Nothing:wait() return self end
function Nothing:only() return kept[self].refuse() end

--- Makes such a call.
-- @tparam string label what tostring() says of it
-- @tparam function refuse throws, where the only result is asked for
-- @return what a generic `for` wants
return function(label, refuse)
  local self = setmetatable({}, Nothing)
  kept[self] = { label = label, refuse = refuse }
  return self, nil, nil, self
end
