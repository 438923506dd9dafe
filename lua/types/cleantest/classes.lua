-- SPDX-License-Identifier: MIT
---@meta

-- The objects that a suite holds, and its results, for the Lua language server.

---@alias cleantest.AnyTestlet function|cleantest.Testlet
---@alias cleantest.Time number|string seconds, or "5m"
---@alias cleantest.Size integer|string bytes, or "2GiB"
---@alias cleantest.Variables table<string, string|number|string[]>
---@alias cleantest.Decorator fun(testlet: cleantest.AnyTestlet): cleantest.Decorated

---@class cleantest.Testlet of ct.script, ct.file or ct.command
---@class cleantest.Hook of ct.hook
---@class cleantest.Artifact of ct.data
---@class cleantest.Package of ct.pkg

---A testlet that can be called.
---@class cleantest.Decorated
---@overload fun(...: any): cleantest.Call

---@class cleantest.Call
---@overload fun(): string?, cleantest.Result?
local Call = {}

---@return cleantest.Result[]
function Call:all() end

---@return cleantest.Result
function Call:only() end

---@return cleantest.Call
function Call:wait() end

function Call:cancel() end

---@class cleantest.Result
---@field id string
---@field name string
---@field testlet string
---@field image string
---@field instance string
---@field matrix table<string, string|number|boolean>
---@field tags string[]
---@field status "pass"|"skip"|"xfail"|"fail"|"error"
---@field reason? string
---@field error? string
---@field exit_code integer
---@field signal? integer
---@field timed_out boolean
---@field stdout string
---@field stderr string
---@field value any
---@field tests? { name: string, status: "pass"|"skip"|"fail", message: string?, seconds: number }[]
---@field duration number seconds
---@field phases table<string, number> seconds
---@field resources { cpu_user: number, cpu_system: number, max_rss: integer }
---@field attempts integer
---@field base? string
---@field base_built boolean

---@class cleantest.Config
---@field client cleantest.Client can be assigned, and not read
---@field image_servers table<string, string> can be assigned, and not read
---@field cache cleantest.Cache can be assigned, and not read
local Config = {}

---@param ... cleantest.Hook|cleantest.Hook[]
function Config:register_hook(...) end

---@param ... string|cleantest.Hook|(string|cleantest.Hook)[]
function Config:unregister_hook(...) end

---@param ... cleantest.Image|cleantest.Image[]
function Config:add_instance(...) end

---@param name string
---@return cleantest.Image
function Config:get_instance(name) end

---@param ... string|string[]
function Config:remove_instance(...) end

function Config:reset() end

---@class cleantest.Env
local Env = {}

---@param ... cleantest.Variables|cleantest.Variables[]
function Env:add(...) end

---@param key string
---@return string?
function Env:get(key) end

---@param ... string|string[]
function Env:remove(...) end

---@return table<string, string>
function Env:dump() end

function Env:reset() end

---@class cleantest.Archon
local Archon = {}

---@param names string|string[]
---@param from string|cleantest.Image
---@param options? cleantest.AddOptions
function Archon:add(names, from, options) end

---@param name string
---@return string
function Archon:instance(name) end

---@param name string
---@return boolean
function Archon:exists(name) end

---@param names? string|string[]
function Archon:destroy(names) end

---@param names string|string[]
---@param command string|string[]|cleantest.AnyTestlet
---@param options? cleantest.ExecuteOptions
---@return table<string, cleantest.Result>
function Archon:execute(names, command, options) end

---@param names string|string[]
---@param source string|{ text: string }|cleantest.Artifact|cleantest.Artifact[]
---@param dest? string
---@param options? cleantest.FileOptions
function Archon:push(names, source, dest, options) end

---@param names string|string[]
---@param source string|cleantest.Artifact|cleantest.Artifact[]
---@param dest? string
---@param options? cleantest.FileOptions
function Archon:pull(names, source, dest, options) end

---@param name string
---@param options? cleantest.AddressOptions
---@return string
function Archon:address(name, options) end

---Handlers of events, each called with the table as self.
---@class cleantest.Handlers
---@field start? fun(self: table, info: table)
---@field suite? fun(self: table, path: string, alone: boolean)
---@field pool? fun(self: table, paths: string[])
---@field jobs? fun(self: table, jobs: cleantest.Job[])
---@field phase? fun(self: table, job: cleantest.Job, event: table)
---@field result? fun(self: table, job: cleantest.Job, result: cleantest.Result)
---@field done? fun(self: table, job: cleantest.Job, event: table)
---@field note? fun(self: table, message: string)
---@field broken? fun(self: table, message: string)
---@field raised? fun(self: table, path: string, message: string)
---@field unloadable? fun(self: table, path: string, message: string)
---@field interrupted? fun(self: table, path: string, signal: string)
---@field summary? fun(self: table, tally: table)
---@field wait? fun(self: table)
---@field tick? fun(self: table)
---@field pause? fun(self: table)

---@class cleantest.Job
---@field number integer from 1
---@field id? string
---@field name string its result's
---@field testlet string
---@field image string
---@field suite? string
---@field tags string[]
---@field matrix table<string, string|number|boolean>
---@field directed? boolean
---@field cancelled? boolean
