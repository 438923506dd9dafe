-- SPDX-License-Identifier: MIT

--- Patterns as users write them for ids and images: `*` is any text, `?` one character,
-- all else is itself. An id's "[db=pg]" needs no quoting that way.
-- @internal cleantest.select.glob

local ids = require "cleantest.call.ids"

local glob = {}

--- Has a word wildcards in it?
-- @tparam string word
-- @treturn boolean
function glob.is_pattern(word)
  return word:find "[*?]" ~= nil
end

--- Makes a pattern a function.
-- @tparam string pattern
-- @treturn function text -> boolean: it matches the whole of it
function glob.matcher(pattern)
  local lua = pattern:gsub("[^%w*?]", "%%%0"):gsub("%*", ".*"):gsub("%?", utf8.charpattern)
  lua = "^" .. lua .. "$"
  return function(text) return text:find(lua) ~= nil end
end

--- What a job may be called by in `PATH::GLOB`: its testlet's name, with or without the variant
-- and the image.
-- @tparam table job from jobs.describe, with its id
-- @treturn table a list of strings, the longest first
function glob.names_of(job)
  local whole = ids.lasting(job.id):match "^.-::(.+)$"
  return {
    whole, job.testlet_name .. job.variant .. "@" .. job.image, job.testlet_name .. job.variant,
    job.testlet_name .. "@" .. job.image, job.testlet_name,
  }
end

return glob
