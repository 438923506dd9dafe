-- SPDX-License-Identifier: MIT
--
-- A small cluster: a PostgreSQL server and two clients, made by an archon, and then tested.
local ct = require "cleantest"
local image = "debian-bookworm-amd64"

local cluster <close> = ct.archon()

cluster:add("server", image, { timeout = 600, ready = "network", provision = function()
  local apt = require "cleantest.utils.apt"
  apt.update()
  apt.install "postgresql"
end })

cluster:add({ "client-1", "client-2" }, image, {
  timeout = 600, ready = "network",
  provision = ct.script [[
    #!/bin/sh -e
    apt-get -qq update && apt-get -qqy install postgresql-client >/dev/null
  ]],
})

-- The server listens to its clients, and only to them.
local server = cluster:address "server"
local rules = {}
for i = 1, 2 do
  rules[i] = ("host all visitor %s/32 trust\n"):format(cluster:address("client-" .. i))
end
cluster:push("server", { text = table.concat(rules) }, "/root/clients", { overwrite = true })
cluster:execute("server", [[
  set -e
  cd /etc/postgresql/*/main
  cat /root/clients >> pg_hba.conf
  echo "listen_addresses = '*'" >> postgresql.conf
  systemctl restart postgresql
  su postgres -c "psql -c 'create role visitor login' -c 'create table visits (who text)'"
  su postgres -c "psql -c 'grant all on visits to visitor'"
]], { check = true })

-- Each client writes, in an instance that it shares with nobody; all of it arrives.
local visit = ct.lxd.target("client-1", "client-2", { archon = cluster, name = "visit" })(function()
  local run = require "cleantest.utils.run"
  run({ "psql", "-h", server, "-U", "visitor", "-c",
    "insert into visits values ('" .. run("hostname").stdout:match "%S+" .. "')", "postgres" },
    { check = true })
end)

for name, result in visit() do
  assert(result.status == "pass", name .. ": " .. tostring(result))
end

local seen = cluster:execute("server",
  [[su postgres -c "psql -Atc 'select count(*) from visits'"]], { check = true })
assert(seen.server.stdout == "2\n", seen.server.stdout)
print("the server has seen both clients")
