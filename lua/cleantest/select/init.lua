-- SPDX-License-Identifier: MIT

--- Which jobs of the suites given are run or listed: those that all of PATH::GLOB, -k, -t,
-- --exclude-tag, --image, --lf and --shard let through.
-- @internal cleantest.select

local glob = require "cleantest.select.glob"
local ids = require "cleantest.call.ids"
local nearest = require "cleantest.nearest"
local shard = require "cleantest.select.shard"
local tables = require "cleantest.tables"
local words = require "cleantest.select.words"

local Selection = {}
Selection.__index = Selection

local selection = {}

-- "a,b" and repeated options -> a list of words.
local function split(given)
  local list = {}
  for _, text in ipairs(given or {}) do
    for word in text:gmatch "[^,]+" do list[#list + 1] = word end
  end
  return list
end

local function matchers(list)
  local made = {}
  for i, pattern in ipairs(list) do made[i] = glob.matcher(pattern) end
  return made
end

local function any(list, text)
  for _, matches in ipairs(list) do
    if matches(text) then return true end
  end
  return false
end

local function has_any(job, tags)
  for _, tag in ipairs(job.tags) do
    for _, wanted in ipairs(tags) do
      if tag == wanted then return true end
    end
  end
  return false
end

local function named_by(job, list)
  for _, name in ipairs(glob.names_of(job)) do
    if any(list, name) then return true end
  end
  return false
end

-- The filters that were asked for: functions of a job.
local function add_filters(self, given)
  local function add(filter) self.filters[#self.filters + 1] = filter end
  if next(self.globs) then
    add(function(job)
      local list = self.globs[job.suite]
      return not list or named_by(job, list)
    end)
  end
  if self.expression then add(self.expression) end
  if #self.tags > 0 then add(function(job) return has_any(job, self.tags) end) end
  if #self.excluded > 0 then add(function(job) return not has_any(job, self.excluded) end) end
  if #self.images > 0 then
    local list = matchers(self.images)
    add(function(job) return any(list, job.image) end)
  end
  if given.last_failed then add(function(job) return self.memory:is_due(job.id) end) end
end

--- What is selected.
-- @tparam table given keyword (an expression); tag, exclude_tag, image: lists of words with commas;
--   last_failed; shard
-- @tparam table entries from paths.find
-- @tparam memory memory of the project
-- @treturn selection; or nil, what is wrong
function selection.new(given, entries, memory)
  local self = setmetatable({
    filters = {}, globs = {}, entries = entries, memory = memory, shard = given.shard,
    tags = split(given.tag), excluded = split(given.exclude_tag), images = split(given.image),
  }, Selection)
  if given.keyword then
    local expression, wrong = words.parse(given.keyword)
    if not expression then return nil, wrong end
    self.expression = expression
  end
  for _, entry in ipairs(entries) do
    if entry.globs then self.globs[ids.path(entry.path)] = matchers(entry.globs) end
  end
  add_filters(self, given)
  return self
end

--- Is anything left out by it?
-- @treturn boolean false: all jobs are selected
function Selection:is_active()
  return #self.filters > 0 or self.shard ~= nil
end

--- Of what the other filters let through, the shard is a part.
-- @tparam table jobs all that there are
function Selection:divide(jobs)
  if not self.shard then return end
  self.filters[#self.filters + 1] = shard.filter(self.shard, self:of(jobs), function(id)
    return self.memory:seconds_of(id)
  end)
end

--- Is a job selected?
-- @tparam table job from jobs.describe, with its id
-- @treturn boolean
function Selection:has(job)
  for _, filter in ipairs(self.filters) do
    if not filter(job) then return false end
  end
  return true
end

--- The selected ones of a list.
-- @tparam table jobs from jobs.describe, with ids
-- @treturn table a list
function Selection:of(jobs)
  local list = {}
  for _, job in ipairs(jobs) do
    if self:has(job) then list[#list + 1] = job end
  end
  return list
end

-- What is wrong with words that nobody knows; nil: nothing. Patterns may match nothing.
local function unknown(what, list, known)
  for _, word in ipairs(list) do
    if not known[word] and not glob.is_pattern(word) then
      return ("%s '%s'%s"):format(what, word, nearest.hint(word, known))
    end
  end
end

local function known_words(jobs)
  local tags, images, names = {}, {}, {}
  for _, job in ipairs(jobs) do
    images[job.image] = true
    for _, tag in ipairs(job.tags) do tags[tag] = true end
    names[job.suite] = names[job.suite] or {}
    for _, name in ipairs(glob.names_of(job)) do names[job.suite][name] = true end
  end
  return tags, images, names
end

--- Looks for words that no job has.
-- @tparam table jobs all that there are
-- @treturn ?string what is wrong with the selection
function Selection:check(jobs)
  local tags, images, names = known_words(jobs)
  local wrong = unknown("-t: no testlet has the tag", self.tags, tags)
    or unknown("--exclude-tag: no testlet has the tag", self.excluded, tags)
    or unknown("--image: no testlet is for the image", self.images, images)
  for _, word in ipairs(self.entries.words) do
    local known = {}
    for _, file in ipairs(word.files) do tables.update(known, names[ids.path(file)]) end
    wrong = wrong or unknown(word.path .. ": there is no testlet", { word.glob }, known)
  end
  return wrong
end

return selection
