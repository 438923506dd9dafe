-- SPDX-License-Identifier: MIT
--
-- An image server on loopback, as the public ones are: a simplestreams tree over https. Its
-- images are all the smallest one, each with a file of its own that says which it is.

local cjson = require "cjson"
local lxd = require "spec.support.lxd"
local new_folder = require "spec.support.folder"
local process = require "spec.support.process"

local ImageServer = {}
ImageServer.__index = ImageServer

local VERSION = "20261101_0000" -- simplestreams wants a date in front

local function sha256(path)
  return process.output("cat " .. path .. " | sha256sum"):match "^%x+"
end

local function size(path)
  return math.tointeger(tonumber(process.output { "stat", "-c", "%s", path }))
end

local function item(self, kind, path, more)
  local entry = {
    ftype = kind, path = path, sha256 = sha256(self.folder:at(path)),
    size = size(self.folder:at(path)),
  }
  for key, value in pairs(more or {}) do entry[key] = value end
  return entry
end

-- Its metadata has one template more, whose file says which image it is.
local function write_metadata(self, origin, path)
  local made = self.folder:at "made"
  process.output(("rm -rf %s && mkdir -p %s && tar -C %s -xJf %s"):format(made, made, made,
    self.folder:at "base/meta.tar.xz"))
  self.folder:write("made/templates/origin.tpl", origin)
  local metadata = self.folder:read "made/metadata.yaml"
  local line = "  /etc/origin: {when: [create], template: origin.tpl}\n"
  self.folder:write("made/metadata.yaml", (metadata:gsub("templates:\n", "%0" .. line)))
  self.folder:write(path, "")
  process.output { "tar", "-C", made, "-cJf", self.folder:at(path), "." }
end

local function product(self, number, image)
  local metadata, root = ("images/%d.tar.xz"):format(number), "base/root.squashfs"
  write_metadata(self, image.origin, metadata)
  local both = sha256(self.folder:at(metadata) .. " " .. self.folder:at(root))
  return {
    aliases = image.aliases, arch = image.arch, os = "busybox", release = "1",
    release_title = "1", versions = { [VERSION] = { items = {
      ["lxd.tar.xz"] = item(self, "lxd.tar.xz", metadata, { combined_squashfs_sha256 = both }),
      ["root.squashfs"] = item(self, "squashfs", root),
    } } },
  }
end

local function write_tree(self, images)
  local products, names = {}, {}
  for number, image in ipairs(images) do
    names[number] = ("busybox:%d:%s"):format(number, image.arch)
    products[names[number]] = product(self, number, image)
  end
  local path = "streams/v1/images.json"
  self.folder:write(path, cjson.encode {
    content_id = "images", datatype = "image-downloads", format = "products:1.0",
    products = products,
  })
  self.folder:write("streams/v1/index.json", cjson.encode { format = "index:1.0", index = {
    images = { datatype = "image-downloads", format = "products:1.0", path = path,
      products = names },
  } })
end

local function export(self, name)
  lxd.client("image", "export", name, self.folder:at "base/")
  process.output(("cd %s && mv *.squashfs root.squashfs && mv meta-* meta.tar.xz"):format(
    self.folder:at "base"))
end

local function make_certificate(self)
  self.certificate = self.folder:at "server.crt"
  process.output { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
    "-subj", "/CN=images", "-addext", "subjectAltName=IP:127.0.0.1",
    "-keyout", self.folder:at "server.key", "-out", self.certificate }
end

local function serve(self)
  self.process = process.start({ "openssl", "s_server", "-accept", "127.0.0.1:0", "-WWW",
    "-cert", self.certificate, "-key", self.folder:at "server.key" },
    { cwd = self.folder.path, deadline = 400 })
  self.url = "https://127.0.0.1:" .. self.process:await("^ACCEPT"):match "%d+$"
end

--- Ends it, and removes its tree.
function ImageServer:remove()
  self.process:kill "TERM"
  self.process:close()
  self.folder:remove()
end

--- A new one, running: url is its address, and certificate the file of what to trust.
-- @tparam string base the image in the LXD in use that all are made from
-- @tparam table images a list of { aliases = "a,b", arch = "amd64", origin = what /etc/origin
--   says in its instances }
function ImageServer.new(base, images)
  local folder = new_folder { ["base/.keep"] = "" }
  local self = setmetatable({ folder = folder }, ImageServer)
  export(self, base)
  write_tree(self, images)
  make_certificate(self)
  serve(self)
  return self
end

return ImageServer
