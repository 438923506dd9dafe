-- SPDX-License-Identifier: MIT
---@meta cleantest

-- What `require "cleantest"` gives a suite, for the Lua language server. What each option means is
-- in the reference (make doc); the classes that are named here are in cleantest/classes.lua.

---@class cleantest
---@field version string
---@field lxd cleantest.Provider
---@field env cleantest.Env
local ct = {}

---@type string
ct.version = ""

---@class cleantest.Provider
---@overload fun(options: cleantest.LxdOptions): cleantest.Decorator
ct.lxd = {}

---The last of them may be a cleantest.TargetOptions.
---@param ... string|string[]|cleantest.TargetOptions
---@return cleantest.Decorator
function ct.lxd.target(...) end

---@type cleantest.Env
ct.env = {}

---@param provider "lxd"
---@param given? cleantest.Settings
---@return cleantest.Config
function ct.configure(provider, given) end

---@param given table<integer|string, cleantest.Decorated>
---@param options? cleantest.RunOptions
---@return cleantest.Call
function ct.run(given, options) end

---@return cleantest.Archon
function ct.archon() end

---@param code string
---@return cleantest.Testlet
function ct.script(code) end

---@param path string
---@return cleantest.Testlet
function ct.file(path) end

---@param argv string|string[]
---@return cleantest.Testlet
function ct.command(argv) end

---@param handlers cleantest.Handlers
---@return cleantest.Handlers
function ct.report(handlers) end

function ct.finish() end

---@class cleantest.hooks
ct.hook = {}

---@param options cleantest.StartHook
---@return cleantest.Hook
function ct.hook.start_env(options) end

---@param options cleantest.StopHook
---@return cleantest.Hook
function ct.hook.stop_env(options) end

---@class cleantest.data
ct.data = {}

---@param source string|{ text: string }
---@param dest string
---@param options? cleantest.FileOptions
---@return cleantest.Artifact
function ct.data.file(source, dest, options) end

---@param source string
---@param dest string
---@param options? cleantest.DirOptions
---@return cleantest.Artifact
function ct.data.dir(source, dest, options) end

---@class cleantest.packages
ct.pkg = {}

---@param options string|string[]|cleantest.PackageOptions
---@return cleantest.Package
function ct.pkg.apk(options) end

---@param options string|string[]|cleantest.AptOptions
---@return cleantest.Package
function ct.pkg.apt(options) end

---@param options cleantest.CharmlibOptions
---@return cleantest.Package
function ct.pkg.charmlib(options) end

---@param options string|string[]|cleantest.PackageOptions
---@return cleantest.Package
function ct.pkg.dnf(options) end

---@param options string|string[]|cleantest.NpmOptions
---@return cleantest.Package
function ct.pkg.npm(options) end

---@param options string|string[]|cleantest.PackageOptions
---@return cleantest.Package
function ct.pkg.pacman(options) end

---@param options string|string[]|cleantest.PipOptions
---@return cleantest.Package
function ct.pkg.pip(options) end

---@param options string|string[]|cleantest.RockOptions
---@return cleantest.Package
function ct.pkg.rock(options) end

---@param options string|string[]|cleantest.SnapOptions
---@return cleantest.Package
function ct.pkg.snap(options) end

---@param options string|string[]|cleantest.SystemOptions
---@param more? { volatile: boolean }
---@return cleantest.Package
function ct.pkg.system(options, more) end

---@param options string|string[]|cleantest.PackageOptions
---@return cleantest.Package
function ct.pkg.zypper(options) end

return ct
