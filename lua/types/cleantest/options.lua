-- SPDX-License-Identifier: MIT
---@meta

-- The options of what a suite calls, for the Lua language server.

---@alias cleantest.Ready "exec"|"system"|"network"|"cloud-init"
---@alias cleantest.Hooks cleantest.Hook|cleantest.Hook[]
---@alias cleantest.Artifacts cleantest.Artifact|cleantest.Artifact[]
---@alias cleantest.Step cleantest.AnyTestlet|cleantest.Package|cleantest.Artifact

---@class cleantest.LxdOptions
---@field image string|cleantest.Image|(string|cleantest.Image)[]
---@field name? string default "test"
---@field matrix? table<string, any>
---@field tags? string|string[]
---@field hooks? cleantest.Hooks
---@field expect? "fail"|cleantest.Expected|fun(result: cleantest.Result): boolean, string?
---@field xfail? string|false
---@field skip? string|false|fun(job: table): string|boolean?
---@field env? cleantest.Variables
---@field timeout? cleantest.Time default 300
---@field ready? cleantest.Ready default "system"
---@field ready_timeout? cleantest.Time default 120
---@field output_limit? cleantest.Size default "16MiB"
---@field preserve? boolean|"on_failure" default false
---@field isolation? "testlet"|"image" default "testlet"
---@field parallel? boolean default true
---@field num_threads? integer
---@field reserve? cleantest.Reserve
---@field order? "declared"|"completed" default "declared"
---@field fresh? boolean default false
---@field warm? integer

---@class cleantest.TargetOptions
---@field archon? cleantest.Archon
---@field name? string default "test"
---@field matrix? table<string, any>
---@field tags? string|string[]
---@field hooks? cleantest.Hooks
---@field expect? "fail"|cleantest.Expected|fun(result: cleantest.Result): boolean, string?
---@field xfail? string|false
---@field skip? string|false|fun(job: table): string|boolean?
---@field env? cleantest.Variables
---@field timeout? cleantest.Time default 300
---@field ready? cleantest.Ready default "system"
---@field ready_timeout? cleantest.Time default 120
---@field output_limit? cleantest.Size default "16MiB"
---@field parallel? boolean default true
---@field num_threads? integer
---@field reserve? cleantest.Reserve
---@field order? "declared"|"completed" default "declared"

---@class cleantest.Expected
---@field exit_code? integer
---@field signal? integer
---@field timed_out? boolean
---@field stdout? string a Lua pattern
---@field stderr? string a Lua pattern
---@field value? any

---@class cleantest.Reserve
---@field memory? cleantest.Size
---@field cpu? number

---@class cleantest.Image
---@field name string
---@field image? string
---@field source? table
---@field config? table<string, string|number|boolean>
---@field devices? table<string, table<string, string|number|boolean>>
---@field profiles? string|string[]
---@field type? "container"|"virtual-machine"
---@field architecture? string
---@field description? string
---@field ephemeral? boolean
---@field instance_type? string

---@class cleantest.RunOptions
---@field num_threads? integer
---@field reserve? cleantest.Reserve
---@field parallel? boolean default true
---@field order? "declared"|"completed" default "declared"
---@field isolation? "testlet"|"image"
---@field args? any[]

---@class cleantest.Settings
---@field client? cleantest.Client
---@field image_servers? table<string, string>
---@field cache? cleantest.Cache

---@class cleantest.Client
---@field endpoint? string
---@field cert? { crt: string, key: string }|string[]
---@field verify? boolean|string default true
---@field timeout? cleantest.Time
---@field project? string

---@class cleantest.Cache
---@field age? string default "7d"
---@field count? integer default 50
---@field size? cleantest.Size default "20GiB"

---@class cleantest.StartHook
---@field name string
---@field packages? cleantest.Package|cleantest.Package[]
---@field upload? cleantest.Artifacts
---@field run? cleantest.AnyTestlet|cleantest.AnyTestlet[]
---@field steps? cleantest.Step|cleantest.Step[]
---@field timeout? cleantest.Time default 600
---@field volatile? boolean default false

---@class cleantest.StopHook
---@field name string
---@field run? cleantest.AnyTestlet|cleantest.AnyTestlet[]
---@field download? cleantest.Artifacts
---@field steps? cleantest.Step|cleantest.Step[]
---@field timeout? cleantest.Time default 600

---@class cleantest.DirOptions
---@field overwrite? boolean default false
---@field uid? integer
---@field user? string
---@field gid? integer
---@field group? string
---@field keep_owners? boolean default false
---@field limit? cleantest.Size default "4GiB"
---@field optional? boolean default false
---@field volatile? boolean default false

---@class cleantest.FileOptions
---@field overwrite? boolean default false
---@field uid? integer
---@field user? string
---@field gid? integer
---@field group? string
---@field keep_owners? boolean default false
---@field mode? string|integer "0644"
---@field limit? cleantest.Size default "4GiB"
---@field optional? boolean default false
---@field volatile? boolean default false

---@class cleantest.AddOptions
---@field provision? cleantest.AnyTestlet
---@field resources? cleantest.Artifacts
---@field num_threads? integer
---@field timeout? cleantest.Time default 300
---@field ready? cleantest.Ready default "system"
---@field ready_timeout? cleantest.Time default 120

---@class cleantest.ExecuteOptions
---@field check? boolean default false
---@field timeout? cleantest.Time default 300
---@field env? cleantest.Variables
---@field num_threads? integer

---@class cleantest.AddressOptions
---@field family? "inet"|"inet6" default "inet"
---@field timeout? cleantest.Time default 60

---@class cleantest.PackageOptions
---@field packages? string|string[]
---@field update? boolean default false
---@field volatile? boolean default false

---@class cleantest.AptOptions
---@field packages? string|string[]
---@field update? boolean default false
---@field recommends? boolean
---@field volatile? boolean default false

---@class cleantest.CharmlibOptions
---@field auth_token_path string
---@field charmlibs string|string[]
---@field volatile? boolean default false

---@class cleantest.NpmOptions
---@field packages? string|string[]
---@field registry? string
---@field volatile? boolean default false

---@class cleantest.PipOptions
---@field packages? string|string[]
---@field requirements? string|string[]
---@field constraints? string|string[]
---@field wheels? string|string[]
---@field index? string
---@field volatile? boolean default false

---@class cleantest.RockOptions
---@field packages? string|string[]
---@field server? string
---@field lua? "5.1"|"5.2"|"5.3"|"5.4" default "5.4"
---@field volatile? boolean default false

---@class cleantest.SnapOptions
---@field snaps? string|string[]
---@field local_snaps? string|string[]
---@field confinement? "strict"|"classic"|"devmode" default "strict"
---@field channel? string
---@field cohort? string
---@field dangerous? boolean default false
---@field connections? table
---@field aliases? table
---@field volatile? boolean default false

---@class cleantest.SystemOptions
---@field packages? string|string[]
---@field volatile? boolean default false
