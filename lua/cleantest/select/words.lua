-- SPDX-License-Identifier: MIT

--- The expression of `-k 'install and not slow'`: words with and, or, not and
-- parentheses. A word is found in a job's id, whatever the case, or is one of its tags.
-- @internal cleantest.select.words

local words = {}

local Parser = {}
Parser.__index = Parser

local operators = { ["and"] = true, ["or"] = true, ["not"] = true, ["("] = true, [")"] = true }

local function tokens_of(text)
  local list = {}
  for token in text:gsub("[()]", " %0 "):gmatch "%S+" do list[#list + 1] = token end
  return list
end

function Parser:take(token)
  if self.tokens[self.at] ~= token then return false end
  self.at = self.at + 1
  return true
end

-- Throws what is wrong; words.parse returns it.
function Parser:refuse(wanted)
  local found = self.tokens[self.at]
  error({ message = ("%s is wanted %s"):format(wanted,
    found and ("before '%s'"):format(found) or "at its end") }, 0)
end

local function has_tag(job, word)
  for _, tag in ipairs(job.tags or {}) do
    if tag == word then return true end
  end
  return false
end

local function word_of(word)
  local lower = word:lower()
  return function(job)
    return job.id:lower():find(lower, 1, true) ~= nil or has_tag(job, word)
  end
end

function Parser:factor()
  if self:take "not" then
    local inner = self:factor()
    return function(job) return not inner(job) end
  end
  if self:take "(" then
    local inner = self:either()
    if not self:take ")" then self:refuse "a ')'" end
    return inner
  end
  local word = self.tokens[self.at]
  if not word or operators[word] then self:refuse "a word" end
  self.at = self.at + 1
  return word_of(word)
end

function Parser:both()
  local left = self:factor()
  while self:take "and" do
    local first, second = left, self:factor()
    left = function(job) return first(job) and second(job) end
  end
  return left
end

function Parser:either()
  local left = self:both()
  while self:take "or" do
    local first, second = left, self:both()
    left = function(job) return first(job) or second(job) end
  end
  return left
end

--- Reads an expression.
-- @tparam string text
-- @treturn function job -> boolean; or nil, what is wrong
function words.parse(text)
  local self = setmetatable({ tokens = tokens_of(text), at = 1 }, Parser)
  local ok, made = pcall(function()
    local whole = self:either()
    if self.tokens[self.at] then self:refuse "'and' or 'or'" end
    return whole
  end)
  if ok then return made end
  if type(made) ~= "table" then error(made, 0) end
  return nil, ("-k '%s': %s"):format(text, made.message)
end

return words
