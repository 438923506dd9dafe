-- SPDX-License-Identifier: MIT
--
-- Writes a C file that has other files in it, for basic.h:
--     lua5.4 embed.lua OUT.c SYMBOL NAME=FILE ...
-- defines const ct_embedded SYMBOL[], ended by an entry without a name. The assembler reads
-- the files, so that size costs nothing.
local out_path, symbol = arg[1], arg[2]

local function size_of(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:seek("end")
end

local assembly, externs, entries = {}, {}, {}
for i = 3, #arg do
  local name, path = arg[i]:match("^([^=]+)=(.+)$")
  local label = ("%s_%d"):format(symbol, i - 2)
  assembly[#assembly + 1] = ('    ".global %s\\n%s: .incbin \\"%s\\"\\n.byte 0\\n"'):format(
    label, label, path)
  externs[#externs + 1] = ('extern const unsigned char %s[]\n'
    .. '    __attribute__((visibility("hidden")));'):format(label)
  entries[#entries + 1] = ('    {"%s", %s, %d},'):format(name, label, size_of(path))
end

local out <close> = assert(io.open(out_path, "w"))
out:write('#include "basic/basic.h"\n\n__asm__(".section .rodata\\n"\n',
  table.concat(assembly, "\n"), '\n    ".previous\\n");\n\n',
  table.concat(externs, "\n"), "\n\nconst ct_embedded ", symbol, "[] = {\n",
  table.concat(entries, "\n"), "\n    {0},\n};\n")
