/* SPDX-License-Identifier: MIT
 *
 * pack.c - core.pack: a Lua value as bytes that can travel. The encoding is
 * lua_value.h's; this file owns the bytes while Lua may throw, and nothing else.
 */
#include "binding.h"
#include "lua_value.h"

#define BUF_TYPE "cleantest.buf"

static int buf_close(lua_State *L) {
    ct_buf_fini(luaL_checkudata(L, 1, BUF_TYPE));
    return 0;
}

ct_buf *lct_new_buf(lua_State *L, size_t limit) {
    ct_buf *buf = lua_newuserdatauv(L, sizeof *buf, 0);
    ct_buf_init(buf, limit);
    if (luaL_newmetatable(L, BUF_TYPE)) {
        lua_pushcfunction(L, buf_close);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    return buf;
}

/***
Packs a value that is to travel into an instance: plain data, functions of plain data.
@function pack
@param value nil, a boolean, number, string, table of those, or a function
@tparam[opt] boolean stripped functions are equal bytes in whichever file they are: for
  telling them apart, since their errors could not say where they were
@treturn string the bytes; or nil, a message that names what can't travel, and a NAME
*/
int lct_pack(lua_State *L) {
    luaL_checkany(L, 1);
    bool stripped = lua_toboolean(L, 2);
    lua_settop(L, 1);
    ct_error error = {0};
    ct_buf *buf = lct_new_buf(L, CT_VALUE_SIZE_MAX);
    int code =
        ct_lua_pack(L, 1, buf, stripped ? CT_LUA_STRIPPED : CT_LUA_FUNCTIONS, &error);
    if (code < 0)
        return lct_failure(L, code, &error);
    lua_pushlstring(L, buf->data ? buf->data : "", buf->length);
    ct_buf_fini(buf);
    return 1;
}
