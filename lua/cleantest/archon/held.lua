-- SPDX-License-Identifier: MIT

--- What archons hold, apart from the objects themselves: a suite sees their methods
-- only.
--
-- archon -> { config=, instances= (the archon's name -> the provider's name of it), at_once=
-- (the archon's name -> true where nobody waits for its start-up), run= (the binding's; nil before
-- the first instance) }
-- @internal cleantest.archon.held
return setmetatable({}, { __mode = "k" })
