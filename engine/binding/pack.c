/* SPDX-License-Identifier: MIT
 *
 * pack.c - core.pack: a Lua value as bytes that can travel. The encoding is
 * wire/'s; this file owns the bytes while Lua may throw, and nothing else.
 */
#include "binding/binding.h"

/* Reads a field of the table on top, and leaves it anchored in the table. */
static const char *part(lua_State *L, const char *key, size_t *length) {
    lua_getfield(L, -1, key);
    const char *string = lua_tolstring(L, -1, length);
    if (!string)
        luaL_error(L, "pack: a module's %s is no string", key);
    lua_pop(L, 1);
    return string;
}

/* Adds the modules of the list at index, as the token P, which a value follows. */
static int add_modules(lua_State *L, int index, ct_buf *buf) {
    static const char *const parts[] = {"name", "source", "chunk"};
    lua_Integer count = luaL_len(L, index);
    int code = ct_buf_add(buf, "P", 1);
    if (code == CT_OK)
        code = ct_value_integer(buf, count);
    for (lua_Integer i = 1; code == CT_OK && i <= count; i++) {
        lua_geti(L, index, i);
        for (size_t k = 0; code == CT_OK && k < CT_COUNT(parts); k++) {
            size_t length;
            const char *string = part(L, parts[k], &length);
            code = ct_value_bytes(buf, string, length);
        }
        lua_pop(L, 1);
    }
    return code;
}

/***
Packs a value that is to travel into an instance: plain data, functions of plain data.
What is a loaded module, or a function of a standard library, travels by its name.
@function pack
@param value nil, a boolean, number, string, table of those, or a function
@tparam[opt] boolean stripped functions are equal bytes in whichever file they are: for
  telling them apart, since their errors could not say where they were
@tparam[opt] table modules that travel along: a list of { name=, source=, chunk= (its
  chunk's name) }
@treturn string the bytes; or nil, a message that names what can't travel, and a NAME
@treturn table the names of modules that the value refers to, as keys
*/
int lct_pack(lua_State *L) {
    luaL_checkany(L, 1);
    bool stripped = lua_toboolean(L, 2);
    lua_settop(L, 3);
    lua_newtable(L);
    ct_error error = {0};
    ct_buf *buf = lct_new_buf(L, CT_VALUE_SIZE_MAX);
    int code = lua_istable(L, 3) && luaL_len(L, 3) > 0 ? add_modules(L, 3, buf) : CT_OK;
    if (code == CT_OK)
        code = ct_lua_pack_referring(
            L, 1, 4, buf, stripped ? CT_LUA_STRIPPED : CT_LUA_FUNCTIONS, &error);
    if (code < 0)
        return lct_failure(L, code, &error);
    lua_pushlstring(L, buf->data ? buf->data : "", buf->length);
    ct_buf_fini(buf);
    lua_pushvalue(L, 4);
    return 2;
}
